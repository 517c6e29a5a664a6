"""The phases of a sweep, each run by the executor it is handed: search, confirm, ablate."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from clairo.ablation.build import AFTER_SWEEP, plan_arms
from clairo.ablation.plan import Present
from clairo.core.errors import SweepError
from clairo.core.fingerprint import hash_json
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.trial import (
    TrialOutcome,
    TrialSpec,
)
from clairo.sweep.objective import Objective
from clairo.sweep.search import Search, SearchPlan
from clairo.sweep.source import Executor
from clairo.sweep.study import StudyDatabase
from clairo.tracking.records import Candidate, SweepSummary
from clairo.workflows.ablation_phase import ArmRuns, describe_experiment, run_arms
from clairo.workflows.locations import study_url
from clairo.workflows.phase_runner import PhaseRunner, fresh_seeds
from clairo.workflows.preparation import PreparedData
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
class SweepPhases(PhaseRunner):
    """One sweep from its first suggestion to its last arm.

    Attributes:
        prepared: The data.
        space: What is searched.
        database: The study, locked by this process.
        winner: What the confirmation chose.
    """

    prepared: PreparedData = field(kw_only=True)
    space: PreparedSpace = field(kw_only=True)
    database: StudyDatabase = field(kw_only=True)
    winner: PipelineConfig | None = None

    def search(self, executor: Executor) -> Found:
        """Runs the study; gives the best configurations.

        Raises:
            SweepError: No trial was complete.
        """
        search = self._open_search()
        self.progress.phase("search", self.summary.requested_trials)
        self.execute(executor, search, self.space.configs())
        self.numbers = len(search.trials)
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
                self.spec("confirm", self.number(), config, seed, describe_config(config)),
                splits=("valid", "test"),
            )
            for config, _ in found
            for seed in seeds
        ]
        outcomes = self.run_all(executor, "confirm", specs)
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
        base = f"best of sweep {self.summary.sweep_id}"
        self.keep(
            ablation_seeds=seeds,
            skipped_arms=tuple((skip.title, skip.why) for skip in plan.skipped),
            experiment=describe_experiment(AFTER_SWEEP, plan, name="after_sweep", base=base),
        )
        run_arms(self, executor, ArmRuns(plan, seeds))
        self.keep()

    def _open_search(self) -> Search:
        plan = SearchPlan(
            self.summary.requested_trials, self.options.num_workers, self.options.seed
        )
        budget = self.options.time_budget

        def make(number: int, config: PipelineConfig) -> TrialSpec:
            spec = self.spec("search", number, config, self.options.seed, describe_config(config))
            return replace(spec, gates=self.space.space.gates)

        def over() -> str:
            spent = time.monotonic() - self.started
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


def mean_value(outcomes: dict[str, TrialOutcome], keys: Sequence[str]) -> float | None:
    """Mean objective over the runs that ended well, ``None`` where none did."""
    values = [value for key in keys if (value := outcomes[key].value) is not None]
    return sum(values) / len(values) if values else None
