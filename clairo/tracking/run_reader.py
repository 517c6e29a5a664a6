"""Reads single runs back: what a reference means, and everything that was tracked of it."""

from __future__ import annotations

import difflib
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from clairo.core.errors import SweepError
from clairo.evaluation.segments import SegmentIndex
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.reader import read_summary, read_trial
from clairo.tracking.records import Candidate, SweepSummary, TrialRecord
from clairo.tracking.segment_files import read_segments

if TYPE_CHECKING:
    from mlflow.entities import Run

    from clairo.tracking.mlflow_runs import MlflowTracker

_SHOWN = 5
"""Names that a message lists at most."""


@dataclass(frozen=True)
class TrackedRun:
    """A trial with the sweep that it is of.

    Attributes:
        trial: What it is and did, with its ranks where it has any.
        summary: What its parent run says: data, environment, profile.
        segments: What its parent run says, by group, of which users belong to which segment;
            empty where it was not logged.
    """

    trial: TrialRecord
    summary: SweepSummary
    segments: Mapping[str, SegmentIndex] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """Name of the group of arms that it is of, ``""`` where its sweep has one data set."""
        arms = self.summary.arms
        return next((arm.group for arm in arms if self.trial.key in arm.trial_keys), "")

    @property
    def segment_index(self) -> SegmentIndex | None:
        """What tells the segments of its own data, ``None`` where that was not logged."""
        return self.segments.get(self.group)


def read_runs(config: TrackingConfig, references: Sequence[str]) -> tuple[TrackedRun, ...]:
    """The runs that references mean, in their order, each once.

    A reference is the id of a sweep or of its parent run (its best confirmed configuration with
    all fresh seeds; the trial of a single run), ``SWEEP_ID:NUMBER`` (a trial by number), a trial
    key, a run id, or the beginning of a run id that no other run shares.

    Args:
        config: Where.
        references: Names of runs.

    Raises:
        SweepError: A reference names nothing, or several runs, or a sweep without a confirmed
            configuration; or what is tracked is not what a sweep writes.
        ArtifactError: Ranks or segments are there and cannot be read.
    """
    tracker = config.connect()
    found: dict[str, Run] = {}
    with tempfile.TemporaryDirectory() as scratch:
        runs = _Runs(tracker, Path(scratch))
        for reference in references:
            found |= {run.info.run_id: run for run in runs.resolve(reference)}
        return tuple(
            TrackedRun(
                read_trial(tracker, run, Path(scratch)),
                runs.summary(run.data.tags["sweep.id"]),
                runs.segments(run.data.tags["sweep.id"]),
            )
            for run in found.values()
        )


@dataclass(frozen=True)
class _Runs:
    """The runs of an experiment, looked up as far as references need.

    Attributes:
        tracker: Where they are.
        scratch: Where downloads go.
    """

    tracker: MlflowTracker
    scratch: Path

    @cached_property
    def parents(self) -> dict[str, Run]:
        """Parent runs by sweep id."""
        return {run.data.tags["sweep.id"]: run for run in self.tracker.sweeps()}

    @cached_property
    def trials(self) -> list[Run]:
        """Nested runs of all sweeps."""
        return self.tracker.all_trials()

    @cached_property
    def _indices(self) -> dict[str, dict[str, SegmentIndex]]:
        return {}

    def segments(self, sweep_id: str) -> Mapping[str, SegmentIndex]:
        """What a sweep's parent run holds of segments, by group; read once."""
        from clairo.tracking.run_files import open_files

        if sweep_id not in self._indices:
            parent = self.parents[sweep_id]
            files = open_files(self.tracker.connection, parent, self.scratch)
            self._indices[sweep_id] = read_segments(files)
        return self._indices[sweep_id]

    @cached_property
    def _summaries(self) -> dict[str, SweepSummary]:
        return {}

    def summary(self, sweep_id: str) -> SweepSummary:
        """What a sweep says about itself; read once."""
        from clairo.tracking.run_files import open_files

        if sweep_id not in self.parents:
            raise SweepError(
                f"A trial is read with its sweep's parent run, there is none of {sweep_id!r}; "
                "restore it in MLflow."
            )
        if sweep_id not in self._summaries:
            parent = self.parents[sweep_id]
            files = open_files(self.tracker.connection, parent, self.scratch)
            self._summaries[sweep_id] = read_summary(files, parent.info.run_id)
        return self._summaries[sweep_id]

    def resolve(self, reference: str) -> list[Run]:
        """The trials that a reference means."""
        if reference in self.parents:
            return self._best(reference)
        sweep_id, _, number = reference.rpartition(":")
        if sweep_id in self.parents:
            return [self._numbered(sweep_id, number)]
        run = self._matching(reference)
        if run.data.tags.get("trial.key") is None:
            return self._best(run.data.tags["sweep.id"])
        return [run]

    def _best(self, sweep_id: str) -> list[Run]:
        """All fresh seeds of the confirmed configuration with the best mean objective."""
        trials, summary = self.tracker.trials(sweep_id), self.summary(sweep_id)
        if not summary.candidates and len(trials) == 1:
            return trials
        by_key = {run.data.tags["trial.key"]: run for run in trials}
        means = [(_mean(c, summary.objective, by_key), c) for c in summary.candidates]
        known = [(mean, candidate) for mean, candidate in means if mean is not None]
        if not known:
            raise SweepError(
                f"A sweep is compared by its best confirmed configuration, {sweep_id} has none "
                f"yet; name one of its {len(trials)} trials, such as {sweep_id}:0."
            )
        _, best = max(known, key=lambda pair: pair[0])
        return [by_key[key] for key in best.trial_keys if key in by_key]

    def _numbered(self, sweep_id: str, number: str) -> Run:
        trials = self.tracker.trials(sweep_id)
        same = [run for run in trials if run.data.tags.get("trial.number") == number]
        if len(same) == 1:
            return same[0]
        if same:
            raise SweepError(_say_several(f"{sweep_id}:{number}", same))
        known = sorted(int(run.data.tags["trial.number"]) for run in trials)
        shown = f"{known[0]} to {known[-1]}" if known else "none"
        raise SweepError(
            f"SWEEP_ID:NUMBER names a trial by its number, {sweep_id} has no trial {number!r}; "
            f"its trials: {shown}."
        )

    def _matching(self, reference: str) -> Run:
        """The one run with this id, the beginning of it, or this trial key."""
        every = [*self.parents.values(), *self.trials]
        exact = [run for run in every if run.info.run_id == reference]
        found = exact or [
            run
            for run in every
            if (reference and run.info.run_id.startswith(reference))
            or run.data.tags.get("trial.key") == reference
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise SweepError(_say_several(reference, found))
        raise SweepError(
            f"A run is named by run id, trial key, SWEEP_ID or SWEEP_ID:NUMBER, nothing here is "
            f"called {reference!r}; {self._near(reference)}."
        )

    def _near(self, reference: str) -> str:
        names = [*self.parents, *(run.data.tags["trial.key"] for run in self.trials)]
        names += [run.info.run_id for run in (*self.parents.values(), *self.trials)]
        near = difflib.get_close_matches(reference, names, n=_SHOWN, cutoff=0.6)
        if near:
            return f"near: {', '.join(near)}"
        known = list(self.parents)[-_SHOWN:]
        return f"sweeps known here: {', '.join(known) or 'none'}"


def _mean(candidate: Candidate, objective: str, by_key: dict[str, Run]) -> float | None:
    """Mean objective of a configuration over its seeds that have one."""
    found = [
        by_key[key].data.metrics.get(objective) for key in candidate.trial_keys if key in by_key
    ]
    values = [value for value in found if value is not None and math.isfinite(value)]
    return sum(values) / len(values) if values else None


def _say_several(reference: str, runs: Sequence[Run]) -> str:
    names = [f"{run.info.run_id} ({_place(run)})" for run in runs[:_SHOWN]]
    more = f" and {len(runs) - _SHOWN} more" if len(runs) > _SHOWN else ""
    return (
        f"A reference must name one run, {reference!r} names {len(runs)}: "
        f"{', '.join(names)}{more}; give the whole run id."
    )


def _place(run: Run) -> str:
    tags = run.data.tags
    number = tags.get("trial.number")
    return f"trial {number} of {tags['sweep.id']}" if number is not None else tags["sweep.id"]
