"""Per-user ranks of two models side by side: were the same users asked, and who gained how much."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from clairo.core.artifacts import Rankings
from clairo.evaluation.ranking import mrr_per_user, ndcg_per_user, recall_per_user

Pairs = Mapping[int, tuple[Rankings, Rankings]]
"""By seed: the ranks of the one model and of the reference, of the same split."""

_PER_USER = {"ndcg": ndcg_per_user, "recall": recall_per_user, "mrr": mrr_per_user}


def gains_of(rankings: Rankings, metric: str) -> Float[np.ndarray, " users"]:
    """The metric of each asked user, in the order of the ranks.

    Args:
        rankings: Ranks.
        metric: Key without the split, for example ``ndcg_at_10``.
    """
    name, _, cutoff = metric.rpartition("_at_")
    gains: Float[np.ndarray, " users"] = _PER_USER[name](rankings.ranks, int(cutoff))
    return gains


def asked_alike(theirs: Rankings, ours: Rankings) -> bool:
    """Whether both were asked for the same targets of the same users."""
    left, right = np.argsort(theirs.users), np.argsort(ours.users)
    return np.array_equal(theirs.users[left], ours.users[right]) and np.array_equal(
        theirs.targets[left], ours.targets[right]
    )


def user_deltas(pairs: Pairs, metric: str) -> Float[np.ndarray, "seeds users"]:
    """Differences from the reference; ``nan`` where a user was not asked in that seed.

    Args:
        pairs: Ranks that were :func:`asked_alike` in each seed.
        metric: Key without the split.
    """
    everyone = np.unique(np.concatenate([theirs.users for theirs, _ in pairs.values()]))
    table = np.full((len(pairs), len(everyone)), np.nan)
    for row, (theirs, ours) in enumerate(pairs.values()):
        left, right = np.argsort(theirs.users), np.argsort(ours.users)
        places = np.searchsorted(everyone, theirs.users[left])
        table[row, places] = gains_of(theirs, metric)[left] - gains_of(ours, metric)[right]
    return table
