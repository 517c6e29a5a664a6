"""One setting over several values: the metric at each, with the band of its difference."""

from __future__ import annotations

from dataclasses import dataclass

from clairo.core.config import flatten
from clairo.evaluation.significance import Verdict
from clairo.reporting.ablation_info import AblationInfo, ArmInfo, EffectInfo
from clairo.reporting.labels import setting_label, setting_value
from clairo.reporting.search_info import Absent


@dataclass(frozen=True)
class CurvePoint:
    """One value of the setting.

    Attributes:
        level: The value.
        label: As printed.
        by_seed: The metric of each seed.
        mean: Their mean on the seeds shared with the base.
        low: Lower end of the band, ``None`` where there is none.
        high: Upper end.
        effect: Against the base; ``None`` for the base.
    """

    level: float
    label: str
    by_seed: dict[int, float]
    mean: float
    low: float | None
    high: float | None
    effect: EffectInfo | None

    @property
    def verdict(self) -> Verdict | None:
        """Against the base; ``None`` for the base."""
        return self.effect.verdict if self.effect is not None else None


@dataclass(frozen=True)
class CurveInfo:
    """A one-factor curve.

    Attributes:
        info: The family.
        axis: The setting as people call it.
        points: By value, ascending; the base among them where it has a value.
        base: The base's mean.
    """

    info: AblationInfo
    axis: str
    points: tuple[CurvePoint, ...]
    base: float

    @property
    def base_point(self) -> CurvePoint | None:
        """The base's place on the curve, ``None`` where its setting is no number."""
        return next((point for point in self.points if point.effect is None), None)

    @property
    def wide(self) -> bool:
        """Whether the values span so much that only their ratios can be seen."""
        levels = [point.level for point in self.points]
        return min(levels) > 0 and max(levels) / min(levels) >= 20


def compute_curve(info: AblationInfo) -> CurveInfo | Absent:
    """The curve of a family whose arms differ in one setting.

    The band around a value is the interval of its paired difference from the base, put at the
    base's mean: users differ far more from each other than arms do, and that is shared by all
    values.
    """
    base = info.reference
    assert base.mean is not None
    points = [_point(effect, base.mean) for effect in info.effects]
    kept = [point for point in points if point is not None]
    if not kept:
        return Absent("No arm of this curve has a value on its axis.")
    level = _base_level(base, info.family.axis)
    if level is not None:
        label = setting_value(level)
        kept.append(CurvePoint(level, label, dict(base.by_seed), base.mean, None, None, None))
    ordered = tuple(sorted(kept, key=lambda point: (point.level, point.effect is not None)))
    return CurveInfo(info, setting_label(info.family.axis), ordered, base.mean)


def _point(effect: EffectInfo, base: float) -> CurvePoint | None:
    level, interval = effect.arm.plan.level, effect.interval
    if level is None:
        return None
    low = None if interval.low is None else base + interval.low
    high = None if interval.high is None else base + interval.high
    return CurvePoint(
        level=level,
        label=setting_value(level),
        by_seed=dict(effect.arm.by_seed),
        mean=base + interval.mean,
        low=low,
        high=high,
        effect=effect,
    )


def _base_level(base: ArmInfo, axis: str) -> float | None:
    """The base's own value: as planned, else from the settings that its runs recorded."""
    if base.plan.level is not None:
        return base.plan.level
    value = flatten(base.example.config).get(axis) if base.example else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
