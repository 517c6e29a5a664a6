"""``clairo ablate --dry-run``: the arms, the stages they share, what is cached, the cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from clairo.ablation.plan import REFERENCE, PlannedArm
from clairo.core.fingerprint import Fingerprint
from clairo.pipeline.plan import Plan, make_plan
from clairo.pipeline.profiles import get_profile
from clairo.reporting.labels import duration, plural, setting_value
from clairo.stages import PIPELINE
from clairo.store import FilesystemStore
from clairo.workflows.ablate import Asked, prepare_ablation
from clairo.workflows.ablation_options import AblateOptions
from clairo.workflows.data_notes import data_lines
from clairo.workflows.dry_run import fetching_nothing
from clairo.workflows.estimate import StageCost, estimate_stages
from clairo.workflows.locations import store_root

_DONE = ("interactions", "dataset")
"""Stages that a dry run has done itself."""


@dataclass(frozen=True)
class SharedStage:
    """How often a stage is needed, and how often it must be computed.

    Attributes:
        name: Stage name.
        needed: Runs that need a result of it.
        distinct: Different results among them.
        cached: Of these, already in the store.
        seconds: Median seconds of earlier computations, ``None`` if there was none.
        entries: Store entries of one result: a training has one a rung.
    """

    name: str
    needed: int
    distinct: int
    cached: int
    seconds: float | None
    entries: int

    @property
    def work(self) -> float | None:
        """Seconds that are left, ``None`` where nothing was measured."""
        return None if self.seconds is None else self.seconds * self.entries * self.missing

    @property
    def missing(self) -> int:
        """Results that are computed."""
        return self.distinct - self.cached


def dry_run_ablation(options: AblateOptions) -> None:
    """Prints what an ablation would do; makes nothing in the output folder, fetches nothing.

    Raises:
        ClairoError: The definition, the base or the data cannot be used.
    """
    console = Console(soft_wrap=True)
    profile = get_profile(options.profile)
    root = store_root(options.out.expanduser().resolve())
    with TemporaryDirectory() as temporary:
        with fetching_nothing(options.category):
            unfetched = replace(options, fetch=False)
            asked = prepare_ablation(unfetched, profile, Path(temporary), console.print)
        plans = list(_plans(asked))
        store = FilesystemStore(root)
        costs = {cost.name: cost for plan in plans for cost in estimate_stages(plan, store)}
        shared = count_shared(plans, store, costs, len(profile.rungs) + 1)
    _print_asked(console, asked)
    for ready in asked.ready:
        for line in data_lines(ready.prepared):
            console.print(line, highlight=False)
    _print_arms(console, asked)
    _print_shared(console, shared)
    for line in cost_lines(shared, len(plans), options, asked):
        console.print(line, highlight=False)


def _plans(asked: Asked) -> Iterator[Plan]:
    """The plan of every run; arms of two tables that are one configuration are one run."""
    splits = ("valid", "test") if asked.definition.split == "test" else ("valid",)
    goals = tuple(f"{split}_evaluation" for split in splits)
    for ready in asked.ready:
        for arm in {arm.config.key: arm for arm in ready.plan.arms}.values():
            for seed in asked.seeds:
                yield make_plan(arm.config, seed, ready.prepared.sources, goals)


def count_shared(
    plans: Sequence[Plan],
    store: FilesystemStore,
    costs: Mapping[str, StageCost],
    rungs: int,
) -> tuple[SharedStage, ...]:
    """For every stage, how many runs need it and how many results that is.

    Args:
        plans: One a run.
        store: Where results may lie already.
        costs: What each stage cost before, by name.
        rungs: Store entries of one training.
    """
    needed: dict[str, list[Fingerprint]] = {}
    for plan in plans:
        for step in plan.steps:
            needed.setdefault(step.stage.name, []).append(step.fingerprint)
    counted = []
    for stage in PIPELINE:
        found = needed.get(stage.name, [])
        distinct = {fingerprint.digest: fingerprint for fingerprint in found}
        if found:
            counted.append(
                SharedStage(
                    name=stage.name,
                    needed=len(found),
                    distinct=len(distinct),
                    cached=sum(store.has(fingerprint) for fingerprint in distinct.values()),
                    seconds=costs[stage.name].seconds if stage.name in costs else None,
                    entries=rungs if stage.name == "training" else 1,
                )
            )
    return tuple(counted)


def cost_lines(
    shared: Sequence[SharedStage], num_runs: int, options: AblateOptions, asked: Asked
) -> tuple[str, ...]:
    """Runs, what sharing spares, and hours from what was measured in the same folder."""
    needed, distinct = (sum(getattr(s, name) for s in shared) for name in ("needed", "distinct"))
    arms = sum(len(ready.plan.arms) for ready in asked.ready)
    lines = [
        f"{plural(arms, 'arm')} on {plural(len(asked.seeds), 'seed')}: {plural(num_runs, 'run')}, "
        f"{options.num_workers} at a time; {needed:,} stage results needed, {distinct:,} different "
        f"ones computed."
    ]
    if asked.definition.tuning is not None:
        trials = asked.definition.tuning.trials * arms
        lines.append(f"Tuning comes before: up to {trials:,} trials, not in the cost below.")
    unknown = [s.name for s in shared if s.work is None and s.missing and s.name not in _DONE]
    if unknown:
        lines.append(
            f"No estimate of the time: nothing was measured yet in {options.out} for "
            f"{', '.join(unknown)}; it appears after the first run."
        )
        return tuple(lines)
    seconds = sum(s.work or 0.0 for s in shared) / options.num_workers
    lines.append(
        f"About {duration(seconds)} by the medians above, the base's sizes taken for all arms; "
        "start-up comes on top."
    )
    return tuple(lines)


def _print_asked(console: Console, asked: Asked) -> None:
    definition, margin = asked.definition, asked.definition.minimum_relevant_effect
    size = f"{margin.value:g}" if margin.value else f"{100 * (margin.share or 0):g} % of its mean"
    console.print(f"{asked.name}: {definition.question}", highlight=False, markup=False)
    tuning = definition.tuning
    tuned = f"re-tuned with {tuning.trials} trials each" if tuning else "frozen"
    console.print(
        f"Base: {asked.base.label}. Primary metric {definition.metric} on {definition.split}, "
        f"minimum relevant effect {size}, Holm over "
        f"{'each table' if definition.correction == 'table' else 'all arms'}, arms {tuned}.",
        highlight=False,
        markup=False,
    )
    for group in asked.missing:
        console.print(f"Not run: {group.title}: {group.missing}", highlight=False, markup=False)


def _print_arms(console: Console, asked: Asked) -> None:
    plan = asked.ready[0].plan
    width = max(len(arm.name) for arm in plan.arms)
    for family in plan.families:
        lines = [_arm_line(arm, width) for arm in plan.arms if arm.family == family.name]
        for line in (f"{family.title}: {family.about}", *lines):
            console.print(line, highlight=False, markup=False)
    for skip in plan.skipped:
        console.print(f"Left out: {skip.title}: {skip.why}.", highlight=False, markup=False)


def _arm_line(arm: PlannedArm, width: int) -> str:
    changes = ", ".join(f"{name} = {_short(value)}" for name, value in arm.changes.items())
    against = "" if arm.reference == REFERENCE else f"; against {arm.reference}"
    return f"  {arm.name:<{width}}  {arm.title}: {changes or 'nothing changed'}{against}"


def _short(value: object) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name} {setting_value(child)}" for name, child in value.items())
    return setting_value(value)


def _print_shared(console: Console, shared: Sequence[SharedStage]) -> None:
    table = Table("stage", box=None)
    for name in ("runs", "different", "in the store", "median s"):
        table.add_column(name, justify="right")
    for stage in shared:
        seconds = "not measured" if stage.seconds is None else f"{stage.seconds:.1f}"
        counts = (stage.needed, stage.distinct, stage.cached)
        table.add_row(stage.name, *(f"{count:,}" for count in counts), seconds)
    console.print(table)
