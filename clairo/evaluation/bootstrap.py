"""Users drawn again, for the models that were trained: how much a mean owes to who was asked."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Float, UInt8

from clairo.core.errors import DataError

_BLOCK = 64
"""Replicates that are weighed at once: 13 MB of weights at 25,000 users."""

_MOST_KEPT = 2**26
"""Counts that are kept for the next call, a byte each: 2,000 replicates of 33,000 users."""


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
    if not np.isnan(deltas).any():
        # All seeds weigh every user alike, so their mean may be taken before users are drawn.
        deltas = deltas.mean(axis=0, keepdims=True)
    rng = np.random.default_rng(seed)
    kept = num_users * replicates <= _MOST_KEPT
    counts = _kept_counts(num_users, replicates, seed) if kept else None
    means = np.empty(replicates)
    for first in range(0, replicates, _BLOCK):
        last = min(first + _BLOCK, replicates)
        drawn = _counts(rng, num_users, last - first) if counts is None else counts[first:last]
        means[first:last] = _means(deltas, drawn)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _means(
    deltas: Float[np.ndarray, "seeds users"], counts: UInt8[np.ndarray, "replicates users"]
) -> Float[np.ndarray, " replicates"]:
    """Mean over seeds of the mean over drawn users, of each replicate."""
    asked, weights = ~np.isnan(deltas), counts.astype(np.float64)
    sums, drawn = weights @ np.nan_to_num(deltas).T, weights @ asked.T.astype(np.float64)
    # A seed none of whose users were drawn says nothing in this replicate.
    by_seed = np.divide(sums, drawn, out=np.zeros_like(sums), where=drawn > 0)
    found: Float[np.ndarray, " replicates"] = by_seed.sum(axis=1) / (drawn > 0).sum(axis=1)
    return found


def _counts(
    rng: np.random.Generator, num_users: int, replicates: int
) -> UInt8[np.ndarray, "replicates users"]:
    """How often each user is drawn in each of the next replicates.

    A byte is enough: that one of n users is drawn 256 times in n draws has a chance below 1e-490.
    """
    counts = np.empty((replicates, num_users), dtype=np.uint8)
    for row in counts:
        row[:] = np.bincount(rng.integers(num_users, size=num_users), minlength=num_users)
    return counts


@lru_cache(maxsize=2)
def _kept_counts(
    num_users: int, replicates: int, seed: int
) -> UInt8[np.ndarray, "replicates users"]:
    """All draws of a call; a page asks for the same ones at every arm, of one split or of two."""
    counts = _counts(np.random.default_rng(seed), num_users, replicates)
    counts.setflags(write=False)
    return counts
