"""The floor: everybody is shown the bestsellers."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int, Int32

from clairo.evaluation.ranking import NO_ITEM


def popularity_top_items(
    train_counts: Int[np.ndarray, " items"], top_k: int
) -> Int32[np.ndarray, " top_k"]:
    """The items with the most training interactions, best first; equal counts by item index.

    A catalogue smaller than ``top_k`` is filled up with -1.

    Example:
        >>> popularity_top_items(np.array([3, 8, 0, 8]), top_k=3).tolist()
        [1, 3, 0]
    """
    best = np.argsort(-train_counts, kind="stable")[:top_k]
    top_items = np.full(top_k, NO_ITEM, dtype=np.int32)
    top_items[: len(best)] = best
    return top_items


def popularity_lists(
    train_counts: Int[np.ndarray, " items"], num_users: int, top_k: int
) -> Int32[np.ndarray, "rows top_k"]:
    """The same bestsellers for each of ``num_users`` users, shaped like a model's lists."""
    return np.tile(popularity_top_items(train_counts, top_k), (num_users, 1))
