"""The arms of an ablation, run on shared seeds; the same at the end of a sweep and by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from clairo.ablation.definition import AblationDefinition
from clairo.ablation.plan import REFERENCE, AblationPlan, PlannedArm
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import Split
from clairo.pipeline.trial import TrialSpec
from clairo.sweep.source import Executor
from clairo.tracking.records import Arm, ArmGroup, Experiment
from clairo.workflows.phase_runner import PhaseRunner


@dataclass(frozen=True)
class ArmRuns:
    """Every arm of a plan with every seed, on one data set.

    Attributes:
        plan: The arms.
        seeds: Shared by all of them.
        splits: What is read at the end of each run.
        group: The data set, where there are several.
        title: Said of the group, ``""`` where there is one.
        describe: Whether the unchanged arm logs what its codes and merges mean; the winner of a
            sweep did so when it was confirmed.
        lost: Planned arms that cannot run, with the reason. They are recorded without runs: they
            were meant to be tested, so they count in the correction.
    """

    plan: AblationPlan
    seeds: Sequence[int]
    splits: tuple[Split, ...] = ("valid",)
    group: str = ""
    title: str = ""
    describe: bool = False
    lost: Sequence[tuple[PlannedArm, str]] = ()

    @property
    def configs(self) -> dict[str, PipelineConfig]:
        """Configuration of every arm, by name."""
        return {arm.name: arm.config for arm in self.plan.arms}

    def asked_of_trained(self) -> frozenset[str]:
        """Names of arms that train nothing: they ask the models of their reference."""
        kinds = {family.name: family.kind for family in self.plan.families}
        return frozenset(a.name for a in self.plan.arms if kinds.get(a.family) == "inference")


def run_arms(
    runner: PhaseRunner, executor: Executor, runs: ArmRuns, tuned: Mapping[str, int] | None = None
) -> tuple[Arm, ...]:
    """Runs all arms; gives their records, also of those that failed.

    Arms that ask trained models run after all others, so that none waits for a model that
    another trial is training.

    Args:
        runner: Where trials run and are kept.
        executor: Runs them.
        runs: What is run.
        tuned: Trials that each arm's tuning took, by name.
    """
    specs: dict[str, list[TrialSpec]] = {}
    known: dict[str, TrialSpec] = {}
    for arm in runs.plan.arms:
        # Arms of two tables may be one configuration: that is one run, named by the first of them.
        specs[arm.name] = [known.setdefault(s.key, s) for s in _specs(runner, runs, arm)]
    arms = _records(runs, specs, tuned or {})
    # Stored before the first run: a report of what was interrupted can say what is missing.
    runner.keep(
        arms=(*_others(runner, runs.group), *arms),
        skipped_arms=(*runner.summary.skipped_arms, *_reasons(runs)),
    )
    later = runs.asked_of_trained()
    where = f" on {runs.title}" if runs.title else ""
    for title, is_later in ((f"ablation{where}", False), (f"masked at inference{where}", True)):
        names = [name for name in specs if (name in later) == is_later]
        chosen = {spec.key: spec for name in names for spec in specs[name]}
        if chosen:
            runner.run_all(executor, title, list(chosen.values()))
    return arms


def _specs(runner: PhaseRunner, runs: ArmRuns, arm: PlannedArm) -> list[TrialSpec]:
    title = f"{runs.title}: {arm.title}" if runs.title else arm.title
    return [
        replace(
            runner.spec("ablation", runner.number(), arm.config, seed, title),
            splits=runs.splits,
            describe=runs.describe and arm.name == REFERENCE and place == 0,
        )
        for place, seed in enumerate(runs.seeds)
    ]


def _records(
    runs: ArmRuns, specs: Mapping[str, Sequence[TrialSpec]], tuned: Mapping[str, int]
) -> tuple[Arm, ...]:
    return tuple(
        Arm(
            name=arm.name,
            family=arm.family,
            title=arm.title,
            changes=arm.changes,
            trial_keys=tuple(spec.key for spec in specs.get(arm.name, ())),
            reference=arm.reference,
            level=arm.level,
            parts=arm.parts,
            tuning_trials=tuned.get(arm.name, 0),
            group=runs.group,
        )
        for arm in (*runs.plan.arms, *(arm for arm, _ in runs.lost))
    )


def _reasons(runs: ArmRuns) -> list[tuple[str, str]]:
    where = f"{runs.title}: " if runs.title else ""
    return [(f"{where}{arm.title}", why) for arm, why in runs.lost]


def _others(runner: PhaseRunner, group: str) -> tuple[Arm, ...]:
    """Arms of other data sets that are there already."""
    return tuple(arm for arm in runner.summary.arms if arm.group != group)


def describe_experiment(
    definition: AblationDefinition,
    plan: AblationPlan,
    *,
    name: str,
    base: str,
    groups: tuple[ArmGroup, ...] = (),
) -> Experiment:
    """What an ablation declares before its first run, as it is stored.

    Args:
        definition: What was declared.
        plan: Its arms, on one data set.
        name: Name of the definition.
        base: What the unchanged arm is, for people.
        groups: The data sets, where there are several.
    """
    margin, tuning = definition.minimum_relevant_effect, definition.tuning
    return Experiment(
        name=name,
        question=definition.question,
        base=base,
        metric=definition.metric,
        split=definition.split,
        margin=margin.value,
        margin_share=margin.share,
        correction=definition.correction,
        tuning=f"re-tuned: {tuning.trials}" if tuning else "frozen",
        families=plan.families,
        groups=groups,
        covariate=definition.covariate,
        definition=definition.to_yaml(),
    )
