"""Whether an ablation's effect is more than luck: pure functions on arrays of differences.

Two questions are kept apart. *Would it happen again with models trained anew?* is answered over
seeds (:func:`paired_interval`, :func:`sign_flip_p`, :func:`equivalence_p`). *Would these very
models do it for other users?* is answered over users (:func:`bootstrap_users`) and says nothing
about training luck. Users are crossed with seeds: the same people are asked in every seed, so one
draw of users is shared by all seeds.

SciPy is imported where it is needed, so that configurations stay quick to load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from jaxtyping import Float

from clairo.core.errors import DataError

Verdict = Literal["better", "worse", "equivalent", "inconclusive"]

MAX_EXACT_SEEDS = 16
"""Sign patterns double with each seed; beyond this the enumeration is refused."""


@dataclass(frozen=True)
class Interval:
    """An estimate with the range that its data leave open.

    Attributes:
        mean: Mean of the differences.
        low: Lower bound, ``None`` where the data allow none.
        high: Upper bound, ``None`` where the data allow none.
        error: Standard error of the mean, ``None`` where the data allow none.
        p: Two-sided p-value of a mean of zero, ``None`` where the data allow none.
    """

    mean: float
    low: float | None
    high: float | None
    error: float | None
    p: float | None


@dataclass(frozen=True)
class UserShares:
    """How many users are served better, equally and worse.

    Attributes:
        better: Share of users whose mean difference over seeds is above zero.
        equal: Share of users without a difference.
        worse: Share of users whose mean difference is below zero.
    """

    better: float
    equal: float
    worse: float


def standard_error(values: Sequence[float]) -> float | None:
    """Sample standard deviation over the root of the count; ``None`` below two values.

    Example:
        >>> standard_error([1.0, 3.0])
        1.0
        >>> standard_error([1.0]) is None
        True
    """
    if len(values) < 2:
        return None
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))


def paired_interval(deltas: Sequence[float], confidence: float = 0.95) -> Interval:
    """The paired t interval and test of a mean difference over seeds.

    With two seeds the t quantile is 12.7, so the interval is wide: that is what two seeds know.
    Differences that are all the same leave no spread: the interval is that point, and p is 1
    where they are zero, 0 otherwise.

    Args:
        deltas: One difference a seed, arm minus reference.
        confidence: Coverage of the interval.

    Raises:
        DataError: There is no difference at all.

    Example:
        >>> interval = paired_interval([0.01, 0.03])
        >>> round(interval.mean, 3), round(interval.high, 3)
        (0.02, 0.147)
    """
    if not len(deltas):
        raise DataError("An interval needs at least one seed, got none; run the arm again.")
    mean, error = float(np.mean(deltas)), standard_error(deltas)
    if error is None:
        return Interval(mean, None, None, None, None)
    if error == 0.0:
        return Interval(mean, mean, mean, 0.0, 1.0 if mean == 0.0 else 0.0)
    from scipy.stats import t

    freedom = len(deltas) - 1
    reach = float(t.ppf((1 + confidence) / 2, freedom)) * error
    p = float(2 * t.sf(abs(mean) / error, freedom))
    return Interval(mean, mean - reach, mean + reach, error, p)


def sign_flip_p(deltas: Sequence[float]) -> float:
    """Exact two-sided sign-flip p-value: the share of sign patterns at least as extreme.

    With n seeds it cannot go below ``2 / 2**n``: 0.5 for two seeds, 0.0625 for five.

    Raises:
        DataError: There are no seeds, or more than :data:`MAX_EXACT_SEEDS`.

    Example:
        >>> sign_flip_p([0.02, 0.01, 0.03, 0.01, 0.02])
        0.0625
    """
    if not 1 <= len(deltas) <= MAX_EXACT_SEEDS:
        raise DataError(
            f"The exact sign-flip test needs 1 to {MAX_EXACT_SEEDS} seeds, got {len(deltas)}; "
            "use the paired t interval beyond."
        )
    sizes = np.abs(np.asarray(deltas, dtype=np.float64))
    patterns = np.array(list(product((-1.0, 1.0), repeat=len(sizes))))
    sums, seen = np.abs(patterns @ sizes), abs(float(np.sum(deltas)))
    return float(np.mean(sums >= seen - 1e-12 * max(1.0, seen)))


def equivalence_p(deltas: Sequence[float], margin: float) -> float | None:
    """P-value of two one-sided paired t-tests: small means the effect is within the margin.

    Args:
        deltas: One difference a seed.
        margin: The minimum relevant effect, above zero.

    Returns:
        The larger of the two one-sided p-values, ``None`` below two seeds.

    Raises:
        DataError: The margin is not above zero.

    References:
        Schuirmann 1987, the two one-sided tests procedure (TOST).

    Example:
        >>> equivalence_p([0.001, -0.001, 0.0, 0.001, -0.001], margin=0.01) < 0.05
        True
    """
    if margin <= 0:
        raise DataError(f"The minimum relevant effect must be above 0, got {margin}; declare one.")
    mean, error = float(np.mean(deltas)), standard_error(deltas)
    if error is None:
        return None
    if error == 0.0:
        return 0.0 if abs(mean) < margin else 1.0
    from scipy.stats import t

    freedom = len(deltas) - 1
    return float(
        max(t.sf((mean + margin) / error, freedom), t.cdf((mean - margin) / error, freedom))
    )


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Holm's step-down adjustment over one declared family of comparisons.

    Missing p-values stay missing, but still count in the family: an arm that could not be tested
    was meant to be.

    References:
        Holm 1979, A simple sequentially rejective multiple test procedure.

    Example:
        >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
        [0.03, 0.06, 0.06]
        >>> holm([0.04, None])
        (0.08, None)
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    floor = 0.0
    for step, (p, place) in enumerate(known):
        floor = max(floor, min(1.0, p * (len(p_values) - step)))
        adjusted[place] = floor
    return tuple(adjusted)


def decide(
    mean: float, adjusted_p: float | None, within_margin_p: float | None, alpha: float = 0.05
) -> Verdict:
    """The verdict over seeds: better, worse, equivalent, or inconclusive.

    A difference that is real but surely smaller than the minimum relevant effect is called
    equivalent. The lack of a small p-value alone is never called equality.

    Args:
        mean: Mean difference.
        adjusted_p: Holm-adjusted p of the paired t-test.
        within_margin_p: Result of :func:`equivalence_p`.
        alpha: Level of both tests.

    Example:
        >>> decide(0.02, adjusted_p=0.01, within_margin_p=0.9)
        'better'
        >>> decide(0.02, adjusted_p=0.30, within_margin_p=0.9)
        'inconclusive'
    """
    if within_margin_p is not None and within_margin_p < alpha:
        return "equivalent"
    if adjusted_p is None or adjusted_p >= alpha:
        return "inconclusive"
    return "better" if mean > 0 else "worse"


def user_shares(deltas: Float[np.ndarray, "seeds users"]) -> UserShares:
    """Shares of users better, equal and worse, by their mean difference over seeds.

    ``nan`` marks a user who was not asked in a seed.

    Example:
        >>> user_shares(np.array([[0.5, 0.0, -0.2], [0.5, 0.0, 0.0]])).better == 1 / 3
        True
    """
    means = np.nanmean(deltas, axis=0)
    return UserShares(
        float((means > 0).mean()), float((means == 0).mean()), float((means < 0).mean())
    )


def effect_size(deltas: Float[np.ndarray, "seeds users"]) -> float | None:
    """Cohen's d_z over users: mean difference by its standard deviation, after averaging seeds.

    Returns:
        ``None`` where all users have the same difference.

    References:
        Cohen 1988; Lakens 2013, equation 6.
    """
    means = np.nanmean(deltas, axis=0)
    spread = float(np.std(means, ddof=1)) if len(means) > 1 else 0.0
    return float(means.mean()) / spread if spread > 0 else None


def bootstrap_users(
    deltas: Float[np.ndarray, "seeds users"], replicates: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile interval of the mean difference over users, for these trained models only.

    One draw of users per replicate is shared by all seeds, because the same users are asked in
    each. The seeds are kept as they are: nothing is said about models trained anew.

    Args:
        deltas: Differences by seed and user; ``nan`` where a user was not asked in that seed.
        replicates: Number of draws.
        seed: Makes the interval the same at every call.

    Raises:
        DataError: There are no users.
    """
    num_seeds, num_users = deltas.shape
    if not num_seeds or not num_users:
        raise DataError("A bootstrap needs users and seeds, got none; run the arm again.")
    rng = np.random.default_rng(seed)
    asked, filled = (~np.isnan(deltas)).astype(np.float64), np.nan_to_num(deltas)
    means = np.empty(replicates)
    for replicate in range(replicates):
        weights = np.bincount(rng.integers(num_users, size=num_users), minlength=num_users)
        # A seed none of whose users were drawn says nothing in this replicate.
        drawn = asked @ weights
        means[replicate] = np.mean((filled @ weights)[drawn > 0] / drawn[drawn > 0])
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
