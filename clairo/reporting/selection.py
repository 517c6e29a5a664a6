"""Which trials of a sweep answer which question, and the simple numbers taken from them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clairo.evaluation.significance import standard_error
from clairo.tracking.records import Candidate, SweepRecord, TrialRecord

EXPLORATORY_SEEDS = 5
"""With fewer paired seeds than this a comparison is labelled exploratory."""


@dataclass(frozen=True)
class Spread:
    """A metric over several runs of one configuration.

    Attributes:
        values: One value a run, in the order of the runs.
        seeds: Root seeds of these runs.
        missing: Sentences on runs that gave no value.
    """

    values: tuple[float, ...]
    seeds: tuple[int, ...]
    missing: tuple[str, ...] = ()

    @property
    def mean(self) -> float | None:
        """Mean over runs, ``None`` without any."""
        return float(np.mean(self.values)) if self.values else None

    @property
    def error(self) -> float | None:
        """Standard error of the mean, ``None`` below two runs."""
        return standard_error(self.values)


def metric(trial: TrialRecord, key: str) -> float | None:
    """A finite metric of a trial, ``None`` where it was never logged or is not finite."""
    value = trial.metrics.get(key)
    return float(value) if value is not None and math.isfinite(value) else None


def fact(trial: TrialRecord, key: str) -> Any:
    """The first fact of that name among a trial's stages, ``None`` where no stage states it."""
    for stage in trial.stages:
        if key in stage.facts:
            return stage.facts[key]
    return None


def number_fact(trial: TrialRecord, key: str) -> float | None:
    """A finite numeric fact, ``None`` where there is none."""
    value = fact(trial, key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def search_trials(record: SweepRecord) -> tuple[TrialRecord, ...]:
    """Trials that the sampler suggested, by number."""
    found = (trial for trial in record.trials if trial.role == "search")
    return tuple(sorted(found, key=lambda trial: (trial.number, trial.key)))


def scored_trials(record: SweepRecord) -> tuple[TrialRecord, ...]:
    """Search trials that ran to their end and have a finite objective."""
    return tuple(
        trial
        for trial in search_trials(record)
        if trial.state == "complete" and metric(trial, record.summary.objective) is not None
    )


def spread(record: SweepRecord, keys: Iterable[str], metric_key: str) -> Spread:
    """A metric over the runs with these trial keys; says which runs gave none, and why."""
    trials, values, seeds, missing = record.by_key(), [], [], []
    for key in keys:
        trial = trials.get(key)
        value = metric(trial, metric_key) if trial else None
        if value is None or trial is None:
            missing.append(why_missing(trial, metric_key, key))
        else:
            values.append(value)
            seeds.append(trial.seed)
    return Spread(tuple(values), tuple(seeds), tuple(missing))


def why_missing(trial: TrialRecord | None, metric_key: str, key: str) -> str:
    """One sentence that says why a run gave no value."""
    if trial is None:
        return f"run {key} is not in the tracker"
    if trial.state == "complete":
        return f"seed {trial.seed} logged no finite {metric_key}"
    reason = f": {trial.error}" if trial.error else ""
    return f"seed {trial.seed} ended {trial.state}{reason}"


def best_first(record: SweepRecord) -> tuple[tuple[Candidate, Spread], ...]:
    """Confirmed configurations by their mean objective on fresh seeds, best first."""
    objective = record.summary.objective
    pairs = [(c, spread(record, c.trial_keys, objective)) for c in record.summary.candidates]
    known = [pair for pair in pairs if pair[1].mean is not None]
    return tuple(sorted(known, key=lambda pair: -(pair[1].mean or 0.0)))


def example_of(record: SweepRecord, config_key: str) -> TrialRecord | None:
    """A run of a configuration: a confirming one if there is one, so that its facts match."""
    runs = [trial for trial in record.trials if trial.config_key == config_key]
    order = {"confirm": 0, "search": 1, "ablation": 2}
    return min(
        runs, key=lambda t: (t.state != "complete", order[t.role], t.number, t.key), default=None
    )


def best_trial(record: SweepRecord) -> TrialRecord | None:
    """A run of the best configuration: the confirmed winner, else the best search trial.

    An ablation by itself searches nothing: there it is the first finished run of the arm that the
    others are compared with.
    """
    if record.summary.is_ablation:
        return _reference_run(record)
    for candidate, _ in best_first(record):
        found = example_of(record, candidate.config_key)
        if found is not None:
            return found
    scored = scored_trials(record)
    objective = record.summary.objective
    return max(
        scored, key=lambda trial: (metric(trial, objective) or 0.0, -trial.number), default=None
    )


def _reference_run(record: SweepRecord) -> TrialRecord | None:
    """The first finished run of the first reference that has one."""
    trials, arms = record.by_key(), record.summary.arms
    wanted = {(arm.group, arm.reference) for arm in arms}
    keys = [key for arm in arms if (arm.group, arm.name) in wanted for key in arm.trial_keys]
    runs = (trials[key] for key in keys if key in trials)
    return next((run for run in runs if run.state == "complete"), None)


def shown_number(record: SweepRecord, trial: TrialRecord) -> int:
    """Number of the search trial that suggested a run's configuration: its one name on a page.

    A run on a fresh seed has a number of its own, which no table of the search lists.
    """
    same = (t.number for t in search_trials(record) if t.config_key == trial.config_key)
    return next(same, trial.number)


def count_test_reads(record: SweepRecord) -> dict[str, int]:
    """How many runs of each role were read on the test split."""
    roles = [t.role for t in record.trials if any(key.startswith("test/") for key in t.metrics)]
    return {role: roles.count(role) for role in sorted(set(roles))}


def reference_value(record: SweepRecord, kind: str, metric_key: str) -> float | None:
    """A level from the dataset's facts: ``ceiling`` or ``popularity`` of a split's metric."""
    value = record.summary.dataset_facts.get(f"{kind}_{metric_key.replace('/', '_')}")
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def varying_axes(record: SweepRecord) -> tuple[str, ...]:
    """Searched settings that took at least two values in the search."""
    trials = search_trials(record)
    return tuple(axis for axis in record.summary.axes if len(axis_values(trials, axis)) > 1)


def axis_values(trials: Sequence[TrialRecord], axis: str) -> tuple[Any, ...]:
    """Distinct values of a setting: numbers ascending, then words, then ``None`` for inactive."""
    values = {trial.params.get(axis) for trial in trials}

    def order(value: Any) -> tuple[int, float, str]:
        if value is None:
            return 2, 0.0, ""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return 0, float(value), ""
        return 1, 0.0, str(value)

    return tuple(sorted(values, key=order))
