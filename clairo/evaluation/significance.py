"""Whether an ablation's effect is more than luck: pure functions on arrays of differences.

Three questions are kept apart.

- *Would it happen for other users, with models trained anew?* That is what a verdict claims:
  :func:`crossed_interval` and, against the margin, :func:`equivalent_within`.
- *Would it happen for these users, with models trained anew?* :func:`paired_interval`,
  :func:`sign_flip_p` and :func:`equivalence_p`, over seeds.
- *Would these very models do it for other users?* :func:`bootstrap_users`, which says nothing
  about training luck.

Users are crossed with seeds: the same people are asked in every seed, so what an arm does for a
user comes back in each. SciPy is imported where it is needed, so that configurations stay quick
to load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from jaxtyping import Float

from clairo.core.errors import DataError
from clairo.evaluation.bootstrap import bootstrap_users
from clairo.evaluation.crossed import asked_in_every_seed, crossed_interval
from clairo.evaluation.intervals import (
    Interval,
    equivalence_p,
    equivalent_within,
    paired_interval,
    standard_error,
)

__all__ = [
    "MAX_EXACT_SEEDS",
    "Interval",
    "UserShares",
    "Verdict",
    "asked_in_every_seed",
    "bootstrap_users",
    "crossed_interval",
    "decide",
    "effect_size",
    "equivalence_p",
    "equivalent_within",
    "holm",
    "paired_interval",
    "sign_flip_p",
    "standard_error",
    "user_shares",
]

Verdict = Literal["better", "worse", "equivalent", "inconclusive"]

MAX_EXACT_SEEDS = 16
"""Sign patterns double with each seed; beyond this the enumeration is refused."""


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


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Holm's step-down adjustment over one declared family of comparisons.

    Missing p-values stay missing, but still count in the family: an arm that could not be tested
    was meant to be.

    Raises:
        DataError: A p-value is not between 0 and 1.

    References:
        Holm 1979, A simple sequentially rejective multiple test procedure.

    Example:
        >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
        [0.03, 0.06, 0.06]
        >>> holm([0.04, None])
        (0.08, None)
    """
    wrong = [p for p in p_values if p is not None and not 0.0 <= p <= 1.0]
    if wrong:
        raise DataError(
            f"A p-value lies between 0 and 1, got {wrong[0]}; give None for an arm without a test."
        )
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
    """The verdict: better, worse, equivalent, or inconclusive.

    "Equivalent" comes first: a difference that is real but surely smaller than the minimum
    relevant effect is called equivalent, so "better" is never said of one whose interval (at
    ``1 - 2 alpha``, of the same model) lies inside the margin. "Better" says that the effect is
    above zero and may be relevant, not that it surely exceeds the margin. The lack of a small
    p-value alone is never called equality: it is inconclusive.

    Args:
        mean: Mean difference.
        adjusted_p: Holm-adjusted p of :func:`crossed_interval`.
        within_margin_p: Holm-adjusted result of :func:`equivalent_within`, from the same
            interval.
        alpha: Level of both tests.

    Raises:
        DataError: A number is missing as ``nan``.

    Example:
        >>> decide(0.02, adjusted_p=0.01, within_margin_p=0.9)
        'better'
        >>> decide(0.02, adjusted_p=0.30, within_margin_p=0.9)
        'inconclusive'
    """
    if any(
        np.isnan(number) for number in (mean, adjusted_p, within_margin_p) if number is not None
    ):
        raise DataError(
            f"A verdict needs numbers, got mean {mean}, p {adjusted_p} and p within the margin "
            f"{within_margin_p}; give None for a test that could not be made."
        )
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
