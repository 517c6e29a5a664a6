"""Whether an arm's effect depends on the data: one point a group, and a line through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from clairo.core.errors import DataError
from clairo.evaluation.regression import Slope, slope_over_groups
from clairo.evaluation.significance import holm
from clairo.reporting.ablation_families import compared_arms
from clairo.reporting.ablation_info import AblationInfo, EffectInfo
from clairo.reporting.search_info import Absent
from clairo.tracking.records import ArmGroup, SweepRecord


@dataclass(frozen=True)
class GroupPoint:
    """One group.

    Attributes:
        group: The data.
        effect: The arm against its reference on them; ``None`` where it was not compared.
    """

    group: ArmGroup
    effect: EffectInfo | None


@dataclass(frozen=True)
class GroupsInfo:
    """One arm over all groups.

    Attributes:
        info: The family.
        name: The arm's identifier.
        title: The arm for people, without its group.
        covariate: What groups are ordered by, for people; ``""`` where nothing was declared.
        points: One a group that was run, by covariate.
        slope: The line through the groups that have a covariate, or why there is none.
        adjusted_p: Holm-adjusted p of the slope over the arms of the family.
        corrected: Arms in that correction: all that were planned, also those that were refused in
            every group.
    """

    info: AblationInfo
    name: str
    title: str
    covariate: str
    points: tuple[GroupPoint, ...]
    slope: Slope | Absent
    adjusted_p: float | None = None
    corrected: int = 0

    @property
    def on_line(self) -> tuple[tuple[float, GroupPoint], ...]:
        """Points that have a covariate and an effect, with the covariate."""
        return tuple(
            (point.group.covariate, point)
            for point in self.points
            if point.group.covariate is not None and point.effect is not None
        )


def compute_groups(record: SweepRecord, info: AblationInfo) -> tuple[GroupsInfo, ...]:
    """Each arm of a family over all groups; nothing where there is one data set."""
    experiment = record.summary.experiment
    if experiment is None or not experiment.groups:
        return ()
    run = sorted(
        (group for group in experiment.groups if not group.missing),
        key=lambda group: (group.covariate is None, group.covariate or 0.0),
    )
    arms = dict.fromkeys((effect.arm.name, effect.arm.plan.title) for effect in info.effects)
    found = []
    for name, title in arms:
        own = {e.arm.group: e for e in info.effects if e.arm.name == name}
        points = tuple(GroupPoint(group, own.get(group.name)) for group in run)
        drawn = GroupsInfo(
            info, name, title, experiment.covariate, points, Absent("It was not computed.")
        )
        found.append(replace(drawn, slope=_slope(drawn)))
    raw = [None if isinstance(g.slope, Absent) else g.slope.slope.p for g in found]
    planned = {arm.name for arm in compared_arms(record, info.family)}
    unseen = [None] * len(planned - {name for name, _ in arms})
    adjusted = holm([*raw, *unseen])
    return tuple(
        replace(groups, adjusted_p=p, corrected=len(adjusted))
        for groups, p in zip(found, adjusted, strict=False)
    )


def missing_groups(record: SweepRecord) -> tuple[ArmGroup, ...]:
    """Groups that were declared and not run."""
    experiment = record.summary.experiment
    groups: Sequence[ArmGroup] = experiment.groups if experiment is not None else ()
    return tuple(group for group in groups if group.missing)


def _slope(groups: GroupsInfo) -> Slope | Absent:
    """The interaction with the covariate: by seed where all groups have the same seeds."""
    kept = groups.on_line
    effects = [point.effect for _, point in kept if point.effect is not None]
    covariate = [value for value, _ in kept]
    try:
        if len({effect.pairs.seeds for effect in effects}) == 1:
            table = np.array([list(effect.deltas.values()) for effect in effects]).T
            return slope_over_groups(covariate, table)
        return slope_over_groups(covariate, [effect.interval for effect in effects])
    except DataError as error:
        return Absent(f"The slope over groups was not computed. {error}")
