"""Intervals and tests from Student's t: over seeds alone, and against a margin.

SciPy is imported where it is needed, so that configurations stay quick to load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clairo.core.errors import DataError

ROUNDING = 1e-12
"""A spread below this share of the largest difference is what floating point left over."""


@dataclass(frozen=True)
class Interval:
    """An estimate with the range that its data leave open.

    Attributes:
        mean: Mean of the differences.
        low: Lower bound, ``None`` where the data allow none.
        high: Upper bound, ``None`` where the data allow none.
        error: Standard error of the mean, ``None`` where the data allow none.
        p: Two-sided p-value of a mean of zero, ``None`` where the data allow none.
        freedom: Degrees of freedom of the t distribution that gave bounds and p, ``None`` where
            the data allow none.
    """

    mean: float
    low: float | None
    high: float | None
    error: float | None
    p: float | None
    freedom: float | None = None


def standard_error(values: Sequence[float]) -> float | None:
    """Sample standard deviation over the root of the count; ``None`` below two values.

    Values that differ by rounding alone have an error of exactly 0.

    Example:
        >>> standard_error([1.0, 3.0])
        1.0
        >>> standard_error([1.0]) is None
        True
    """
    if len(values) < 2:
        return None
    error = float(np.std(values, ddof=1) / np.sqrt(len(values)))
    return 0.0 if error <= ROUNDING * float(np.max(np.abs(values))) else error


def student_interval(
    mean: float, error: float, freedom: float, confidence: float = 0.95
) -> Interval:
    """The interval and the test of zero that a t distribution gives a mean and its error.

    Without any error the interval is that point, and p is 1 where it is zero, 0 otherwise.

    Args:
        mean: The estimate.
        error: Its standard error, at least 0.
        freedom: Degrees of freedom of the error, above 0; need not be whole.
        confidence: Coverage of the interval, between 0 and 1.

    Raises:
        DataError: The confidence is not between 0 and 1.
    """
    if not 0.0 < confidence < 1.0:
        raise DataError(
            f"The confidence of an interval lies between 0 and 1, got {confidence}; "
            "give 0.95 for 95 %."
        )
    if error == 0.0:
        return Interval(mean, mean, mean, 0.0, 1.0 if mean == 0.0 else 0.0, freedom)
    from scipy.special import stdtr, stdtrit

    reach = float(stdtrit(freedom, (1 + confidence) / 2)) * error
    p = float(2 * stdtr(freedom, -abs(mean) / error))
    return Interval(mean, mean - reach, mean + reach, error, p, freedom)


def paired_interval(deltas: Sequence[float], confidence: float = 0.95) -> Interval:
    """The paired t interval and test of a mean difference over seeds.

    It speaks of these users, served by models trained anew; where users differ lastingly in what
    an arm does for them it is too narrow for a claim on other users, which is what
    :func:`clairo.evaluation.crossed.crossed_interval` is for. With two seeds the t quantile is
    12.7, so the interval is wide: that is what two seeds know. Differences that are all the same
    leave no spread: the interval is that point, and p is 1 where they are zero, 0 otherwise.

    Args:
        deltas: One difference a seed, arm minus reference.
        confidence: Coverage of the interval.

    Raises:
        DataError: There is no difference at all.

    Example:
        >>> interval = paired_interval([0.01, 0.03])
        >>> round(interval.mean, 3), round(interval.high, 3), interval.freedom
        (0.02, 0.147, 1.0)
    """
    if not len(deltas):
        raise DataError("An interval needs at least one seed, got none; run the arm again.")
    mean, error = float(np.mean(deltas)), standard_error(deltas)
    if error is None:
        return Interval(mean, None, None, None, None)
    return student_interval(mean, error, float(len(deltas) - 1), confidence)


def equivalent_within(interval: Interval, margin: float) -> float | None:
    """P-value of two one-sided t-tests in the interval's own model: small means within the margin.

    It is below 0.05 exactly where the 90 % interval of that model lies inside the margin.

    Args:
        interval: Mean, error and degrees of freedom, of whichever model.
        margin: The minimum relevant effect, above zero.

    Returns:
        The larger of the two one-sided p-values, ``None`` where the interval has no error.

    Raises:
        DataError: The margin is not above zero.

    References:
        Schuirmann 1987, the two one-sided tests procedure (TOST).

    Example:
        >>> equivalent_within(student_interval(0.001, 0.002, freedom=8.0), margin=0.01) < 0.05
        True
    """
    if not margin > 0:
        raise DataError(f"The minimum relevant effect must be above 0, got {margin}; declare one.")
    if interval.error is None or interval.freedom is None:
        return None
    if interval.error == 0.0:
        return 0.0 if abs(interval.mean) < margin else 1.0
    from scipy.special import stdtr

    # Of the two one-sided tests the one against the nearer edge has the larger p.
    return float(stdtr(interval.freedom, (abs(interval.mean) - margin) / interval.error))


def equivalence_p(deltas: Sequence[float], margin: float) -> float | None:
    """P-value of two one-sided paired t-tests over seeds alone.

    Args:
        deltas: One difference a seed.
        margin: The minimum relevant effect, above zero.

    Returns:
        The larger of the two one-sided p-values, ``None`` below two seeds.

    Raises:
        DataError: The margin is not above zero, or there is no difference at all.

    Example:
        >>> equivalence_p([0.001, -0.001, 0.0, 0.001, -0.001], margin=0.01) < 0.05
        True
    """
    return equivalent_within(paired_interval(deltas), margin)
