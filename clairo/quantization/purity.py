"""Whether the hierarchy of codes means something: categories under one prefix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from clairo.quantization.fact_names import purity_fact

_DEALS = 5
"""How often categories are dealt out anew; chance is the mean of them."""


def category_purity(
    categories: Sequence[str], codes: Int[np.ndarray, "items codebooks"], seed: int
) -> dict[str, float]:
    """Share of items in the majority category of those with the same first codes, by depth.

    The finer the groups the purer they are, whatever they contain: a group of one is pure. So
    each share comes with what groups of the same sizes give when the categories are dealt out
    among the items at random.

    Args:
        categories: Of each item; items of unknown category, ``""``, are left out.
        codes: Of each item.
        seed: Deals.

    Returns:
        ``num_categories`` and, for every depth from 1, ``purity_<depth>`` and
        ``purity_chance_<depth>``; nothing where fewer than two categories are known.
    """
    known = np.array([bool(name) for name in categories], dtype=bool)
    names, labels = np.unique(np.array(categories, dtype=object)[known], return_inverse=True)
    if len(names) < 2:
        return {}
    found: dict[str, float] = {"num_categories": len(names)}
    rng = np.random.default_rng(seed)
    dealt = [rng.permutation(labels) for _ in range(_DEALS)]
    for depth in range(1, codes.shape[1] + 1):
        groups = np.unique(codes[known, :depth], axis=0, return_inverse=True)[1].ravel()
        found[purity_fact(depth)] = majority_share(groups, labels)
        by_chance = [majority_share(groups, other) for other in dealt]
        found[purity_fact(depth, chance=True)] = float(np.mean(by_chance))
    return found


def majority_share(groups: Int[np.ndarray, " items"], labels: Int[np.ndarray, " items"]) -> float:
    """Share of items that have the most frequent label of their group.

    Example:
        >>> majority_share(np.array([0, 0, 0, 1]), np.array([5, 5, 6, 6]))  # 2 + 1 of 4
        0.75
    """
    pairs, counts = np.unique(np.column_stack([groups, labels]), axis=0, return_counts=True)
    largest = np.zeros(int(groups.max()) + 1, dtype=np.int64)
    np.maximum.at(largest, pairs[:, 0], counts)
    return float(largest.sum() / len(groups))
