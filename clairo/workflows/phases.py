"""The phases of a sweep, each run by the executor it is handed: search, confirm, ablate."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from clairo.ablation.build import AFTER_SWEEP, plan_arms
from clairo.ablation.plan import AblationPlan, Present
from clairo.core.errors import SweepError
from clairo.core.fingerprint import hash_json
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
from clairo.sweep.objective import Objective
from clairo.sweep.search import Search, SearchPlan
from clairo.sweep.source import Assignment, Executor, FixedPlan, TrialSource
from clairo.sweep.study import StudyDatabase
from clairo.tracking.protocol import Run
from clairo.tracking.records import Arm, Candidate, SweepSummary, TrialRole
from clairo.tracking.summary_json import write_summary
from clairo.workflows.locations import study_url
from clairo.workflows.options import SweepOptions
from clairo.workflows.preparation import PreparedData
from clairo.workflows.progress import Progress
from clairo.workflows.space import (
    PreparedSpace,
    describe_config,
    modalities_there,
    spec_builder,
)

_CONFIRMED = 3
"""The winner and two runners-up."""

Found = Sequence[tuple[PipelineConfig, float]]
"""Configurations with their objective in the search, best first."""


@dataclass
class SweepPhases:
    """One sweep from its first suggestion to its last arm.

    The summary is stored with the parent run after every phase, so a report can be made of
    what there is.

    Attributes:
        options: What was asked for.
        profile: Its sizes.
        out: The output folder.
        database: The study, locked by this process.
        prepared: The data.
        space: What is searched.
        environment: Where trials run.
        progress: The display.
        parent: The parent run.
        summary: What the sweep says of itself so far.
        outcomes: How each trial of this process ended, by trial key.
        winner: What the confirmation chose.
    """

    options: SweepOptions
    profile: Profile
    out: Path
    prepared: PreparedData
    space: PreparedSpace
    environment: TrialEnvironment
    progress: Progress
    parent: Run
    database: StudyDatabase
    summary: SweepSummary
    winner: PipelineConfig | None = None
    outcomes: dict[str, TrialOutcome] = field(default_factory=dict)
    _numbers: int = 0
    _started: float = field(default_factory=time.monotonic)

    def keep(self, **changes: Any) -> None:
        """Changes the summary and stores it."""
        seconds = time.monotonic() - self._started
        self.summary = replace(self.summary, wall_seconds=seconds, **changes)
        write_summary(self.parent, self.summary)

    def search(self, executor: Executor) -> Found:
        """Runs the study; gives the best configurations.

        Raises:
            SweepError: No trial was complete.
        """
        search = self._open_search()
        self.progress.phase("search", self.summary.requested_trials)
        self._execute(executor, search, self.space.configs())
        self._numbers = len(search.trials)
        self.keep(duplicates=search.duplicates)
        return self._best(search)

    def confirm(self, executor: Executor, found: Found) -> PipelineConfig:
        """Runs the best again on fresh seeds; gives the one that is best there.

        Raises:
            SweepError: Every run failed.
        """
        seeds = fresh_seeds(self.options.seed, self.profile.confirm_seeds)
        specs = [
            replace(
                self._spec("confirm", self._number(), config, seed, describe_config(config)),
                splits=("valid", "test"),
            )
            for config, _ in found
            for seed in seeds
        ]
        outcomes = self._run_all(executor, "confirm", specs)
        ranked = []
        for config, value in found:
            keys = tuple(spec.key for spec in specs if spec.config.key == config.key)
            mean = mean_value(outcomes, keys)
            if mean is not None:
                whole = sum(outcomes[key].value is not None for key in keys)
                ranked.append(((whole, mean), Candidate(config.key, value, keys), config))
        if not ranked:
            first = outcomes[specs[0].key].error
            raise SweepError(
                f"A winner must run on fresh seeds, all {len(specs)} runs failed; the first "
                f"says: {first}"
            )
        # A configuration that lost a seed never wins over one that has them all.
        ranked.sort(key=lambda entry: entry[0], reverse=True)
        candidates = tuple(candidate for _, candidate, _ in ranked)
        self.keep(candidates=candidates)
        self.winner = ranked[0][2]
        return self.winner

    def ablate(self, executor: Executor, config: PipelineConfig) -> None:
        """Retrains the winner and every arm on seeds that played no part in choosing it."""
        there = modalities_there(self.prepared.dataset, config)
        items = len(self.prepared.dataset.catalog)
        present = Present("text" in there, "image" in there, items)
        plan = plan_arms(AFTER_SWEEP, config, present)
        seeds = fresh_seeds(self.options.seed, self.profile.ablation_seeds, "ablation")
        specs = {
            arm.name: [
                self._spec("ablation", self._number(), arm.config, seed, arm.title)
                for seed in seeds
            ]
            for arm in plan.arms
        }
        self._run_all(executor, "ablation", [spec for arm in specs.values() for spec in arm])
        keys = {name: tuple(spec.key for spec in arm) for name, arm in specs.items()}
        skipped = tuple((arm.title, arm.why) for arm in plan.skipped)
        self.keep(arms=_arms(plan, keys), ablation_seeds=seeds, skipped_arms=skipped)

    def _open_search(self) -> Search:
        plan = SearchPlan(
            self.summary.requested_trials, self.options.num_workers, self.options.seed
        )
        budget = self.options.time_budget

        def make(number: int, config: PipelineConfig) -> TrialSpec:
            spec = self._spec("search", number, config, self.options.seed, describe_config(config))
            return replace(spec, gates=self.space.space.gates)

        def over() -> str:
            spent = time.monotonic() - self._started
            return "time budget" if budget is not None and spent > budget else ""

        build = spec_builder(self.space, make)
        return Search(self.database, self.space.space, plan, build, stop=over)

    def _best(self, search: Search) -> Found:
        best = search.best(_CONFIRMED)
        if not best:
            errors = [trial.error for trial in search.trials if trial.error]
            raise SweepError(
                f"A sweep needs one complete trial, got none of {len(search.trials)}; the first "
                f"says: {errors[0] if errors else search.ended}"
            )
        return [
            (self.space.config(search.settings_of(trial)), float(trial.value or 0.0))
            for trial in best
        ]

    def _run_all(
        self, executor: Executor, title: str, specs: Sequence[TrialSpec]
    ) -> dict[str, TrialOutcome]:
        self.progress.phase(title, len(specs))
        plan = FixedPlan(specs)
        self._execute(executor, plan, (spec.config for spec in specs))
        return plan.outcomes

    def _execute(
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

    def _spec(
        self, role: TrialRole, number: int, config: PipelineConfig, seed: int, name: str
    ) -> TrialSpec:
        rungs = self.profile.rungs  # also where nothing is pruned: a crash costs one rung
        return TrialSpec(self.summary.sweep_id, number, role, config, seed, rungs=rungs, name=name)

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers - 1


def open_study(out: Path, summary: SweepSummary, space: PreparedSpace) -> StudyDatabase:
    """The study of a sweep, locked for this process.

    Raises:
        SweepError: Another process drives it, or it was begun with other settings.
    """
    identity = {
        "space": space.space.digest,
        "settings": hash_json(space.config({}).identity())[:16],
        "seed": str(summary.seed),
    }
    return StudyDatabase(study_url(out), summary.sweep_id, identity, Objective())


class _Watched:
    """A source that names its trials to the display, keeps outcomes and closes lost runs."""

    def __init__(self, source: TrialSource, sweep: SweepPhases) -> None:
        self._source, self._sweep = source, sweep

    def next_batch(self) -> Sequence[Assignment]:
        batch = self._source.next_batch()
        for assignment in batch:
            self._sweep.progress.describe(assignment.spec.key, assignment.spec.name)
        return batch

    def finished(self, spec: TrialSpec, outcome: TrialOutcome) -> None:
        self._sweep.outcomes[spec.key] = outcome
        if outcome.state == "failed" and not outcome.seconds:
            close_lost(spec, outcome, self._sweep.environment)
        self._source.finished(spec, outcome)


def run_in_environment(
    spec: TrialSpec, keep_going: Callable[[int, float], bool], *, environment: TrialEnvironment
) -> TrialOutcome:
    """:func:`~clairo.pipeline.trial.run_trial` in the shape that executors call."""
    return run_trial(spec, environment, keep_going)


def fresh_seeds(root_seed: int, count: int, use: str = "confirm") -> tuple[int, ...]:
    """Seeds that no trial of the search has seen; more of them begin with the same."""
    return tuple(stage_seed(root_seed, f"{use}/{index}") for index in range(count))


def mean_value(outcomes: dict[str, TrialOutcome], keys: Sequence[str]) -> float | None:
    """Mean objective over the runs that ended well, ``None`` where none did."""
    values = [value for key in keys if (value := outcomes[key].value) is not None]
    return sum(values) / len(values) if values else None


def _arms(plan: AblationPlan, keys: dict[str, tuple[str, ...]]) -> tuple[Arm, ...]:
    return tuple(
        Arm(arm.name, arm.family, arm.title, arm.changes, keys[arm.name]) for arm in plan.arms
    )
