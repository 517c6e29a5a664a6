"""Several lists for the same user, one a segmentation draw, joined to one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, Int32

from clairo.core.errors import DataError
from clairo.evaluation.ranking import NO_ITEM, compact_lists

_DECIMALS = 12
"""Sums of equal gains in another order differ in the last bits; they still are ties."""


def combine_ensemble(
    lists: Sequence[Int[np.ndarray, "rows k"]], top_k: int
) -> Int32[np.ndarray, "rows top_k"]:
    """Ranks items by the sum over draws of ``1 / log2(rank + 1)``.

    Ties go to the item that appears first, reading the draws one after another, each from its
    best place. Invalid and repeated entries hold no rank.

    Args:
        lists: One array a draw, rows in the same order; -1 where there is no item.
        top_k: Length of the joined lists, filled with -1.

    Raises:
        DataError: There is no draw, or draws have different numbers of rows.

    References:
        Hou et al., "ActionPiece" (2025), inference-time ensembling.

    Example:
        Item 2 sums to 1/log2(3) + 1 = 1.63, item 1 to 1 + 0.5, item 3 to 0.5 + 1/log2(3).

        >>> combine_ensemble([np.array([[1, 2, 3]]), np.array([[2, 3, 1]])], top_k=2).tolist()
        [[2, 1]]
    """
    if len({len(draw) for draw in lists}) != 1:
        raise DataError(
            "An ensemble needs draws for the same users, got "
            f"{[len(draw) for draw in lists]} rows; ask every draw about all users."
        )
    places = np.concatenate([compact_lists(draw) for draw in lists], axis=1)
    gains = np.concatenate([1.0 / np.log2(np.arange(draw.shape[1]) + 2.0) for draw in lists])
    rows, columns = np.nonzero(places >= 0)
    num_items = int(places.max(initial=0)) + 1
    candidates, first, group = np.unique(
        rows * num_items + places[rows, columns], return_index=True, return_inverse=True
    )
    scores = np.bincount(group, weights=gains[columns], minlength=len(candidates))
    owner, item = np.divmod(candidates, num_items)
    order = np.lexsort((first, -np.round(scores, _DECIMALS), owner))
    owner, item = owner[order], item[order]
    rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
    joined = np.full((len(places), top_k), NO_ITEM, dtype=np.int32)
    kept = rank < top_k
    joined[owner[kept], rank[kept]] = item[kept]
    return joined
