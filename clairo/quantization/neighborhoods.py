"""Whether items that are alike get codes that are alike: nearest neighbours under one prefix."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from clairo.quantization.fact_names import neighbors_fact

NUM_NEIGHBORS = 10

EXACT_UP_TO = 5_000
"""Items up to which the neighbours of every one are looked up."""

SAMPLED = 2_000
"""Items whose neighbours are looked up above that; the share is then known to about a point."""

_BLOCK = 1 << 24
"""Similarities that are held at a time: 64 MB."""


def neighbor_preservation(
    vectors: Float[np.ndarray, "items dims"], codes: Int[np.ndarray, "items codebooks"], seed: int
) -> dict[str, float]:
    """Share of an item's ten nearest neighbours that carry its first codes, and by chance.

    Neighbours are those of the highest cosine among all other items; which of equally similar
    ones count is left to the sort. By chance: the share of pairs of different items that agree in
    their first codes, which is what random neighbours would give; it falls with the depth as the
    share itself does.

    Args:
        vectors: What was quantized.
        codes: What became of it.
        seed: Draws the items that are looked at where there are more than 5,000.

    Returns:
        ``neighbors_<depth>`` and ``neighbors_chance_<depth>`` for every depth from 1; nothing
        for a single item, which has no neighbour.
    """
    if len(codes) < 2:
        return {}
    asked = np.arange(len(codes))
    if len(codes) > EXACT_UP_TO:
        asked = np.sort(np.random.default_rng(seed).choice(asked, SAMPLED, replace=False))
    neighbors = nearest_by_cosine(vectors, asked, min(NUM_NEIGHBORS, len(codes) - 1))
    same = np.ones(neighbors.shape, dtype=bool)
    found: dict[str, float] = {}
    for depth in range(1, codes.shape[1] + 1):
        column = codes[:, depth - 1]
        same &= column[neighbors] == column[asked][:, None]
        found[neighbors_fact(depth)] = float(same.mean())
        found[neighbors_fact(depth, chance=True)] = share_of_equal_pairs(codes[:, :depth])
    return found


def share_of_equal_pairs(codes: Int[np.ndarray, "items columns"]) -> float:
    """Share of the pairs of different items that have equal codes.

    Example:
        >>> share_of_equal_pairs(np.array([[0], [0], [1], [1]]))  # 2 of 6
        0.3333333333333333
    """
    _, counts = np.unique(codes, axis=0, return_counts=True)
    pairs = len(codes) * (len(codes) - 1)
    return float((counts * (counts - 1)).sum() / pairs) if pairs else 0.0


def nearest_by_cosine(
    vectors: Float[np.ndarray, "items dims"], asked: Int[np.ndarray, " asked"], count: int
) -> Int[np.ndarray, "asked count"]:
    """Indices of the items most similar to those asked for, themselves left out, in no order.

    A vector of zeros is equally far from everything.

    Example:
        >>> rows = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
        >>> nearest_by_cosine(rows, np.array([0, 2]), 1).tolist()
        [[1], [1]]
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions = (vectors / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    rows = max(1, _BLOCK // len(vectors))
    found = np.empty((len(asked), count), dtype=np.int64)
    for start in range(0, len(asked), rows):
        block = asked[start : start + rows]
        similar = directions[block] @ directions.T
        similar[np.arange(len(block)), block] = -np.inf
        found[start : start + rows] = np.argpartition(-similar, count - 1, axis=1)[:, :count]
    return found
