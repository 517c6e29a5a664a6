"""The sides of a comparison: runs of one configuration on one state of data and code."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clairo.core.fingerprint import hash_json
from clairo.reporting.labels import plural, sentence_list
from clairo.reporting.selection import Spread, metric, why_missing
from clairo.tracking.records import SweepSummary, TrialRecord
from clairo.tracking.run_reader import TrackedRun

_NAMED = 3
"""Trials that a title numbers; of more it gives the count."""


@dataclass(frozen=True)
class Side:
    """One side.

    Attributes:
        letter: ``A`` for the reference, then ``B`` and so on.
        runs: Runs of one configuration, a seed each.
    """

    letter: str
    runs: tuple[TrackedRun, ...]

    @property
    def trials(self) -> tuple[TrialRecord, ...]:
        """What each run is and did."""
        return tuple(run.trial for run in self.runs)

    @property
    def summary(self) -> SweepSummary:
        """The sweep of its first run; data and code are the same in all."""
        return self.runs[0].summary

    @property
    def group(self) -> str:
        """The group of its sweep whose data it was trained on, ``""`` where there is one."""
        return self.runs[0].group

    @property
    def finished(self) -> Mapping[int, TrialRecord]:
        """Runs that ended well, by seed."""
        return {trial.seed: trial for trial in self.trials if trial.state == "complete"}

    @property
    def example(self) -> TrialRecord:
        """One run for facts that do not depend on the seed: a finished one if there is one."""
        return next(iter(self.finished.values()), self.trials[0])

    @property
    def sweeps(self) -> tuple[str, ...]:
        """Ids of the sweeps of its runs."""
        return tuple(dict.fromkeys(run.summary.sweep_id for run in self.runs))

    @property
    def title(self) -> str:
        """Which trials of which sweep."""
        if len(self.sweeps) > 1:
            return f"{plural(len(self.runs), 'run')} of {sentence_list(self.sweeps)}"
        numbers = [str(trial.number) for trial in self.trials]
        if len(numbers) > _NAMED:
            return f"{plural(len(numbers), 'trial')} of {self.sweeps[0]}, from {numbers[0]}"
        noun = "trial" if len(numbers) == 1 else "trials"
        return f"{noun} {sentence_list(numbers)} of {self.sweeps[0]}"

    @property
    def missing(self) -> tuple[str, ...]:
        """Sentences on runs that did not end well."""
        ended = (trial for trial in self.trials if trial.state != "complete")
        return tuple(why_missing(trial, "", trial.key) for trial in ended)


def compute_sides(runs: Sequence[TrackedRun]) -> tuple[Side, ...]:
    """Groups runs of one configuration, on the same data and code, that differ in their seed.

    A configuration that was run twice with one seed makes two sides: what changed between the
    two is the question then.

    Args:
        runs: At most 12 configurations; the first run is of the reference.
    """
    groups: list[tuple[str, list[TrackedRun]]] = []
    for run in runs:
        key = _side_key(run)
        for known, group in groups:
            if known == key and run.trial.seed not in {other.trial.seed for other in group}:
                group.append(run)
                break
        else:
            groups.append((key, [run]))
    letters = string.ascii_uppercase
    return tuple(Side(letters[place], tuple(group)) for place, (_, group) in enumerate(groups))


def _side_key(run: TrackedRun) -> str:
    environment = run.summary.environment
    code = [environment.get(name) for name in ("commit", "dirty", "packages")]
    return hash_json([run.trial.config_key, run.summary.dataset_digest, code])


def side_spread(side: Side, key: str) -> Spread:
    """A metric over the finished runs of a side, and why runs gave none."""
    values, seeds, missing = [], [], []
    for trial in side.trials:
        value = metric(trial, key) if trial.state == "complete" else None
        if value is None:
            missing.append(why_missing(trial, key, trial.key))
        else:
            values.append(value)
            seeds.append(trial.seed)
    return Spread(tuple(values), tuple(seeds), tuple(missing))
