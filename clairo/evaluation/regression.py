"""Whether an effect grows with a property of the groups it was measured in.

The groups are categories of products: does an arm gain more where pictures matter more? The
slope's interval comes from how far the groups lie off the line, so it speaks of other categories
of the same kind; it takes the categories' effects as they were measured. Beside it stands the
slope in each seed, which speaks of models trained anew on these very categories.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from clairo.core.errors import DataError
from clairo.evaluation.intervals import ROUNDING, Interval, paired_interval, student_interval

MIN_GROUPS = 3
"""Two points always lie on a line."""

EXPLORATORY_GROUPS = 6
"""With fewer groups than this a slope is labelled exploratory."""


@dataclass(frozen=True)
class Slope:
    """A straight line through the groups' effects.

    Attributes:
        slope: Effect gained per unit of the covariate; t interval and test with G - 2 degrees
            of freedom over G groups.
        intercept: Effect on the line where the covariate is 0.
        effects: Effect of each group, the points of the line.
        by_seed: Slope in each seed; empty where effects were not given by seed.
        over_seeds: Paired t interval of these, ``None`` where effects were not given by seed.
        exploratory: Whether there are fewer than :data:`EXPLORATORY_GROUPS` groups.
    """

    slope: Interval
    intercept: float
    effects: tuple[float, ...]
    by_seed: tuple[float, ...]
    over_seeds: Interval | None
    exploratory: bool


def slope_over_groups(
    covariate: Sequence[float],
    effects: Float[np.ndarray, "seeds groups"] | Sequence[Interval],
    confidence: float = 0.95,
) -> Slope:
    """Ordinary least squares of the effect on the covariate, one point a group.

    Every group counts alike, however narrow its own interval: with few groups, weights that are
    estimated would be a second source of error.

    Args:
        covariate: Property of each group, known before the run.
        effects: Effect by seed and group, or the interval of each group, of which the mean
            counts.
        confidence: Coverage of the intervals.

    Raises:
        DataError: There are fewer than :data:`MIN_GROUPS` groups, covariate and effects differ
            in length, a number is not finite, or the covariate is the same in all groups.

    Example:
        >>> line = slope_over_groups([0.0, 0.5, 1.0], np.array([[0.01, 0.02, 0.05]]))
        >>> round(line.slope.mean, 3), line.slope.freedom, line.exploratory
        (0.04, 1.0, True)
    """
    by_seed = _table(effects)
    points, places = by_seed.mean(axis=0), np.asarray(covariate, dtype=np.float64)
    _check(places, by_seed)
    from scipy.stats import linregress

    line = linregress(places, points)
    spread = places - places.mean()
    # Of points on one line rounding would leave an error, of level ones a slope: both are none.
    floor = ROUNDING * float(np.max(np.abs(by_seed))) / float(np.sqrt(spread @ spread))
    slope, error, *slopes = (
        0.0 if abs(number) <= floor else float(number)
        for number in (line.slope, line.stderr, *(by_seed @ spread / (spread @ spread)))
    )
    seeded = isinstance(effects, np.ndarray)
    return Slope(
        slope=student_interval(slope, error, len(places) - 2.0, confidence),
        intercept=float(line.intercept),
        effects=tuple(points.tolist()),
        by_seed=tuple(slopes) if seeded else (),
        over_seeds=paired_interval(slopes, confidence) if seeded else None,
        exploratory=len(places) < EXPLORATORY_GROUPS,
    )


def _table(
    effects: Float[np.ndarray, "seeds groups"] | Sequence[Interval],
) -> Float[np.ndarray, "seeds groups"]:
    if isinstance(effects, np.ndarray):
        if not len(effects):
            raise DataError("A slope needs at least one seed, got none; run the arm again.")
        return effects.astype(np.float64)
    return np.array([[interval.mean for interval in effects]], dtype=np.float64)


def _check(covariate: Float[np.ndarray, " groups"], by_seed: Float[np.ndarray, "..."]) -> None:
    if by_seed.shape[1] != len(covariate) or len(covariate) < MIN_GROUPS:
        raise DataError(
            f"A slope over groups needs {MIN_GROUPS} groups or more, each with a covariate and an "
            f"effect, got {len(covariate)} covariates and {by_seed.shape[1]} effects; "
            "add categories."
        )
    if not (np.isfinite(covariate).all() and np.isfinite(by_seed).all()):
        raise DataError(
            "A slope over groups needs finite numbers, got one that is missing or infinite; "
            "leave out the groups and seeds without a result."
        )
    if np.ptp(covariate) <= ROUNDING * np.max(np.abs(covariate)):
        raise DataError(
            f"A slope needs a covariate that differs between groups, got {covariate[0]} in all "
            f"{len(covariate)}; choose other categories."
        )
