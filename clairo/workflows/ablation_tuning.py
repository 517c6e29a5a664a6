"""Arms that are tuned anew: each gets trials of its own before it is compared.

A frozen arm keeps settings that were chosen for the base, which flatters the base. Here every
arm, the base included, searches the same space with the same number of trials, on validation and
on a seed that no comparison uses; the best of each is what runs on the paired seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clairo.ablation.definition import Tuning
from clairo.ablation.plan import REFERENCE, AblationPlan, PlannedArm, changed
from clairo.core.config import parse_config
from clairo.core.errors import SweepError
from clairo.core.fingerprint import hash_json
from clairo.core.seeding import stage_seed
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.profiles import Profile
from clairo.pipeline.trial import TrialSpec
from clairo.sweep.objective import Objective
from clairo.sweep.search import Search, SearchPlan
from clairo.sweep.search_space import SearchSpace, merge_settings
from clairo.sweep.source import Executor
from clairo.sweep.study import StudyDatabase
from clairo.workflows.ablation_data import ReadyGroup
from clairo.workflows.locations import study_url
from clairo.workflows.phase_runner import PhaseRunner
from clairo.workflows.space import describe_config, prepare_space


@dataclass(frozen=True)
class ArmTuning:
    """How arms are tuned.

    Attributes:
        asked: Trials an arm, and the space.
        out: Where the studies are.
        profile: Sizes.
    """

    asked: Tuning
    out: Path
    profile: Profile

    @classmethod
    def of(cls, asked: Tuning | None, out: Path, profile: Profile) -> ArmTuning | None:
        """The tuning of a definition, ``None`` where its arms are frozen."""
        return cls(asked, out, profile) if asked is not None else None


@dataclass(frozen=True)
class TunedArms:
    """What came of tuning.

    Attributes:
        plan: The arms with their own best settings.
        trials: Trials that each arm's search took, by name.
        lost: Arms none of whose trials came to an end, with the reason.
    """

    plan: AblationPlan
    trials: dict[str, int]
    lost: tuple[tuple[PlannedArm, str], ...]


def tune_arms(
    runner: PhaseRunner, executor: Executor, ready: ReadyGroup, tuning: ArmTuning
) -> TunedArms:
    """Every arm with the best settings of its own search, and the trials that took.

    Arms of two tables that change the same are one search.

    Args:
        runner: Where trials run and are kept.
        executor: Runs them.
        ready: The data and the arms.
        tuning: How.

    Raises:
        SweepError: The base itself could not be tuned.
    """
    space = prepare_space(tuning.asked.space, tuning.profile, ready.prepared).space
    kinds = {family.name: family.kind for family in ready.plan.families}
    tuned: dict[str, PlannedArm] = {}
    trials: dict[str, int] = {}
    lost: list[tuple[PlannedArm, str]] = []
    known: dict[str, tuple[PipelineConfig | None, int, str]] = {}
    for arm in ready.plan.arms:
        if kinds.get(arm.family) == "inference":
            reference = tuned.get(arm.reference)
            if reference is None:
                lost.append((arm, f"its reference {arm.reference} could not be tuned"))
                continue
            config = changed(reference.config, arm.changes, f"arm {arm.name}")
            tuned[arm.name] = replace(arm, config=config)
            continue
        changes = hash_json(dict(arm.changes))
        if changes not in known:
            known[changes] = _ArmSearch(runner, ready, arm, space, tuning).run(executor)
        best, trials[arm.name], why = known[changes]
        if best is not None:
            tuned[arm.name] = replace(arm, config=best)
        elif arm.name == REFERENCE:
            raise SweepError(
                f"The base must be tuned like its arms, none of {trials[arm.name]} trials came to "
                f"an end; the first says: {why}"
            )
        else:
            lost.append((arm, f"tuning failed: {why}"))
    return TunedArms(replace(ready.plan, arms=tuple(tuned.values())), trials, tuple(lost))


@dataclass(frozen=True)
class _ArmSearch:
    runner: PhaseRunner
    ready: ReadyGroup
    arm: PlannedArm
    space: SearchSpace
    tuning: ArmTuning

    def run(self, executor: Executor) -> tuple[PipelineConfig | None, int, str]:
        """The best configuration, the trials it took, and why there is none."""
        runner, first = self.runner, self.runner.numbers
        seed = stage_seed(runner.options.seed, f"tuning/{self.arm.name}")
        plan = SearchPlan(self.tuning.asked.trials, runner.options.num_workers, seed)
        database = self._open_study(seed)
        try:
            search = Search(database, self.space, plan, self._build(first))
            title = f"tuning {self.ready.group.title} {self.arm.title}".replace("  ", " ")
            runner.progress.phase(title, plan.budget)
            runner.execute(executor, search, [self.arm.config])
            runner.numbers = first + len(search.trials)
            best = search.best(1)
            errors = [trial.error for trial in search.trials if trial.error]
            config = self._config(search.settings_of(best[0])) if best else None
            return config, len(search.trials), errors[0] if errors else search.ended
        finally:
            database.close()

    def _open_study(self, seed: int) -> StudyDatabase:
        name = f"{self.runner.summary.sweep_id}--{self.ready.group.name}-{self.arm.name}"
        identity = {
            "space": self.space.digest,
            "settings": hash_json(self.arm.config.identity())[:16],
            "seed": str(seed),
        }
        return StudyDatabase(study_url(self.tuning.out), name, identity, Objective())

    def _config(self, settings: dict[str, Any]) -> PipelineConfig:
        """A point of the space over the base, with what makes the arm on top.

        Raises:
            ConfigError: They do not fit together; the search then refuses the point.
        """
        where = f"arm {self.arm.name} in {self.space.source}"
        values = merge_settings(self.ready.base.model_dump(), settings)
        return changed(parse_config(PipelineConfig, values, where), self.arm.changes, where)

    def _build(self, first: int) -> Callable[[int, dict[str, Any]], TrialSpec]:
        def build(number: int, settings: dict[str, Any]) -> TrialSpec:
            config = self._config(settings)
            name = f"{self.arm.title}: {describe_config(config)}"
            spec = self.runner.spec("search", first + number, config, self._seed(), name)
            return replace(spec, gates=self.space.gates)

        return build

    def _seed(self) -> int:
        """One for all arms and trials, so that they share what comes before their changes."""
        return stage_seed(self.runner.options.seed, "tuning")
