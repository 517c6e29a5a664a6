"""From recommended lists to ranks, and from ranks to accuracy.

Every user has one relevant item. A rank is 1-based, 0 means that the target was not
retrieved, and every asked user stays in the denominator. Values per user come first, the mean
second, so that two models can be compared user by user.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int, Int32

from clairo.core.artifacts import Rankings
from clairo.core.errors import DataError
from clairo.evaluation.metric_names import CUTOFFS, metric_key

NO_ITEM = -1
"""Fills a list that is too short."""


def compact_lists(top_items: Int[np.ndarray, "rows k"]) -> Int32[np.ndarray, "rows k"]:
    """Closes the gaps that invalid and repeated entries leave, for neither holds a rank.

    Example:
        >>> compact_lists(np.array([[4, 4, -1, 7]])).tolist()
        [[4, 7, -1, -1]]
    """
    rows, width = top_items.shape
    by_item = np.argsort(top_items, axis=1, kind="stable")
    grouped = np.take_along_axis(top_items, by_item, axis=1)
    repeated = np.zeros((rows, width), dtype=bool)
    # The sort is stable, so the first of equal items is the one that was ranked best.
    np.put_along_axis(repeated, by_item[:, 1:], grouped[:, 1:] == grouped[:, :-1], axis=1)
    kept = (top_items >= 0) & ~repeated
    kept_first = np.argsort(~kept, axis=1, kind="stable")
    compacted = np.take_along_axis(np.where(kept, top_items, NO_ITEM), kept_first, axis=1)
    return compacted.astype(np.int32)


def target_ranks(
    targets: Int[np.ndarray, " rows"], top_items: Int[np.ndarray, "rows k"]
) -> Int32[np.ndarray, " rows"]:
    """1-based rank of each target in its list, 0 where the list does not hold it.

    Example:
        >>> target_ranks(np.array([7, 9]), np.array([[4, 4, 7], [1, 2, 3]])).tolist()
        [2, 0]
    """
    hits: Bool[np.ndarray, "rows k"] = compact_lists(top_items) == targets[:, None]
    ranks = np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, 0)
    return ranks.astype(np.int32)


def rankings_from_lists(
    split: Literal["valid", "test"],
    users: Int[np.ndarray, " rows"],
    targets: Int[np.ndarray, " rows"],
    top_items: Int[np.ndarray, "rows k"],
) -> Rankings:
    """Rankings of one model, with invalid and repeated entries moved out of the lists.

    Args:
        split: Where the targets come from.
        users: User index of each row.
        targets: Item index that was to be found.
        top_items: Recommended item indices, best first; -1 where there is none.
    """
    return Rankings(
        split=split,
        users=users.astype(np.int32),
        targets=targets.astype(np.int32),
        ranks=target_ranks(targets, top_items),
        top_items=compact_lists(top_items),
    )


def recall_per_user(ranks: Int[np.ndarray, " rows"], cutoff: int) -> Float[np.ndarray, " rows"]:
    """``1`` where ``1 <= rank <= cutoff``, else ``0``; with one relevant item also the hit rate.

    Example:
        >>> recall_per_user(np.array([1, 5, 6, 0]), 5).tolist()
        [1.0, 1.0, 0.0, 0.0]
    """
    return _retrieved(ranks, cutoff).astype(np.float64)


def ndcg_per_user(ranks: Int[np.ndarray, " rows"], cutoff: int) -> Float[np.ndarray, " rows"]:
    """``1 / log2(rank + 1)`` up to the cutoff, else ``0``; the ideal gain of one item is 1.

    Example:
        >>> ndcg_per_user(np.array([1, 3, 0]), 5).tolist()
        [1.0, 0.5, 0.0]
    """
    retrieved = _retrieved(ranks, cutoff)
    return np.where(retrieved, 1.0 / np.log2(np.where(retrieved, ranks, 1) + 1.0), 0.0)


def mrr_per_user(ranks: Int[np.ndarray, " rows"], cutoff: int) -> Float[np.ndarray, " rows"]:
    """``1 / rank`` up to the cutoff, else ``0``.

    Example:
        >>> mrr_per_user(np.array([1, 4, 0]), 5).tolist()
        [1.0, 0.25, 0.0]
    """
    retrieved = _retrieved(ranks, cutoff)
    return np.where(retrieved, 1.0 / np.where(retrieved, ranks, 1), 0.0)


def ranking_metrics(
    ranks: Int[np.ndarray, " rows"], cutoffs: Sequence[int] = CUTOFFS
) -> dict[str, float]:
    """Recall, NDCG and MRR at each cutoff, means over all asked users.

    Raises:
        DataError: No user was asked.

    Example:
        >>> ranking_metrics(np.array([1, 3, 0, 7]), cutoffs=(5,))
        {'recall_at_5': 0.5, 'ndcg_at_5': 0.375, 'mrr_at_5': 0.3333333333333333}
    """
    if not len(ranks):
        raise DataError("Metrics are means over asked users, got no user; ask at least one.")
    metrics = {}
    for cutoff in cutoffs:
        metrics[metric_key("recall", cutoff)] = float(recall_per_user(ranks, cutoff).mean())
        metrics[metric_key("ndcg", cutoff)] = float(ndcg_per_user(ranks, cutoff).mean())
        metrics[metric_key("mrr", cutoff)] = float(mrr_per_user(ranks, cutoff).mean())
    return metrics


def _retrieved(ranks: Int[np.ndarray, " rows"], cutoff: int) -> Bool[np.ndarray, " rows"]:
    return (ranks >= 1) & (ranks <= cutoff)
