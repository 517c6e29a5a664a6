"""What every phase of a sweep or an ablation runs on: executor, tracker, display, summary."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from clairo.core.seeding import stage_seed
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import reach_of
from clairo.pipeline.profiles import Profile
from clairo.pipeline.trial import (
    TrialEnvironment,
    TrialOutcome,
    TrialSpec,
    close_lost,
    run_trial,
)
from clairo.sweep.source import Assignment, Executor, FixedPlan, TrialSource
from clairo.tracking.protocol import Run
from clairo.tracking.records import SweepSummary, TrialRole
from clairo.tracking.summary_json import write_summary
from clairo.workflows.options import SweepOptions
from clairo.workflows.progress import Progress


@dataclass
class PhaseRunner:
    """Runs trials of one sweep or ablation and keeps what it says of itself.

    The summary is stored with the parent run after every phase, so a report can be made of
    what there is.

    Attributes:
        options: What was asked for.
        profile: Its sizes.
        out: The output folder.
        environment: Where trials run.
        progress: The display.
        parent: The parent run.
        summary: What the sweep says of itself so far.
        outcomes: How each trial of this process ended, by trial key.
    """

    options: SweepOptions
    profile: Profile
    out: Path
    environment: TrialEnvironment
    progress: Progress
    parent: Run
    summary: SweepSummary
    outcomes: dict[str, TrialOutcome] = field(default_factory=dict)
    numbers: int = 0
    started: float = field(default_factory=time.monotonic)

    def keep(self, **changes: Any) -> None:
        """Changes the summary and stores it."""
        seconds = time.monotonic() - self.started
        self.summary = replace(self.summary, wall_seconds=seconds, **changes)
        write_summary(self.parent, self.summary)

    def spec(
        self, role: TrialRole, number: int, config: PipelineConfig, seed: int, name: str
    ) -> TrialSpec:
        """A trial of this sweep."""
        rungs = self.profile.rungs  # also where nothing is pruned: a crash costs one rung
        return TrialSpec(self.summary.sweep_id, number, role, config, seed, rungs=rungs, name=name)

    def number(self) -> int:
        """The next number of a trial."""
        self.numbers += 1
        return self.numbers - 1

    def run_all(
        self, executor: Executor, title: str, specs: Sequence[TrialSpec]
    ) -> dict[str, TrialOutcome]:
        """Runs a list of trials; gives how each ended, by key."""
        self.progress.phase(title, len(specs))
        plan = FixedPlan(specs)
        self.execute(executor, plan, (spec.config for spec in specs))
        return plan.outcomes

    def execute(
        self, executor: Executor, source: TrialSource, may_run: Iterable[PipelineConfig]
    ) -> None:
        """Runs the trials of a phase; results that reach less far are cut from longer ones.

        How far a result may reach is asked of this phase alone: later ones have seeds, and so
        codes, of their own.
        """
        watched = _Watched(source, self)
        environment = replace(self.environment, reach=reach_of(may_run))
        run = partial(run_in_environment, environment=environment)
        executor.execute(watched, run, self.progress.on_event)


class _Watched:
    """A source that names its trials to the display, keeps outcomes and closes lost runs."""

    def __init__(self, source: TrialSource, runner: PhaseRunner) -> None:
        self._source, self._runner = source, runner

    def next_batch(self) -> Sequence[Assignment]:
        batch = self._source.next_batch()
        for assignment in batch:
            self._runner.progress.describe(assignment.spec.key, assignment.spec.name)
        return batch

    def finished(self, spec: TrialSpec, outcome: TrialOutcome) -> None:
        self._runner.outcomes[spec.key] = outcome
        if outcome.state == "failed" and not outcome.seconds:
            close_lost(spec, outcome, self._runner.environment)
        self._source.finished(spec, outcome)


def run_in_environment(
    spec: TrialSpec, keep_going: Callable[[int, float], bool], *, environment: TrialEnvironment
) -> TrialOutcome:
    """:func:`~clairo.pipeline.trial.run_trial` in the shape that executors call."""
    return run_trial(spec, environment, keep_going)


def fresh_seeds(root_seed: int, count: int, use: str = "confirm") -> tuple[int, ...]:
    """Seeds that no trial of the search has seen; more of them begin with the same."""
    return tuple(stage_seed(root_seed, f"{use}/{index}") for index in range(count))
