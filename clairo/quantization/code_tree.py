"""The largest branches of a code table: which items share first codes, and what they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, Int64

from clairo.core.artifacts import CodeTable, Modality
from clairo.quantization.representation import Branch, CodeTree

_WIDTHS = (6, 3, 2)
"""Branches that are kept at each depth: 60 in all, what a page holds."""

_EXAMPLES = 3


def grow_trees(
    codes: CodeTable, categories: Sequence[str], train_counts: Int64[np.ndarray, " items"]
) -> tuple[CodeTree, ...]:
    """A tree for every modality with codes, over the items that have the modality.

    Args:
        codes: The table; its disambiguation column means nothing and is left out.
        categories: Of each item, ``""`` where unknown.
        train_counts: How often each item occurs in training; frequent items are the examples.
    """
    grower = _Grower(tuple(categories), train_counts)
    names = dict.fromkeys(name for name in codes.column_modalities if name != "shared")
    return tuple(grower.tree(codes, modality) for modality in names)


@dataclass(frozen=True)
class _Grower:
    categories: tuple[str, ...]
    train_counts: Int64[np.ndarray, " items"]

    def tree(self, codes: CodeTable, modality: Modality) -> CodeTree:
        own = codes.codes[:, [name == modality for name in codes.column_modalities]]
        items = np.flatnonzero(_has_modality(codes, modality))
        return CodeTree(
            modality=modality,
            num_items=len(items),
            num_branches=len(np.unique(own[items, 0])),
            branches=self.branches(own, items, ()),
        )

    def branches(
        self,
        codes: Int[np.ndarray, "items codebooks"],
        items: Int[np.ndarray, " some"],
        prefix: tuple[int, ...],
    ) -> tuple[Branch, ...]:
        """The largest groups of items by their next code; equal sizes in the order of codes."""
        depth = len(prefix)
        if depth == min(len(_WIDTHS), codes.shape[1]):
            return ()
        values, counts = np.unique(codes[items, depth], return_counts=True)
        largest = np.argsort(-counts, kind="stable")[: _WIDTHS[depth]]
        return tuple(
            self.branch(codes, items[codes[items, depth] == value], (*prefix, int(value)))
            for value in values[largest].tolist()
        )

    def branch(
        self,
        codes: Int[np.ndarray, "items codebooks"],
        items: Int[np.ndarray, " some"],
        prefix: tuple[int, ...],
    ) -> Branch:
        known = Counter(self.categories[item] for item in items.tolist() if self.categories[item])
        category, count = min(known.items(), key=lambda pair: (-pair[1], pair[0]), default=("", 0))
        frequent = items[np.argsort(-self.train_counts[items], kind="stable")]
        further = self.branches(codes, items, prefix)
        parted = len(np.unique(codes[items, len(prefix)])) if further else 0
        return Branch(
            codes=prefix,
            num_items=len(items),
            category=category,
            category_share=count / known.total() if known else 0.0,
            items=tuple(frequent[:_EXAMPLES].tolist()),
            num_branches=parted,
            branches=further,
        )


def _has_modality(codes: CodeTable, modality: Modality) -> np.ndarray:
    """Items whose codes of a modality are not the value that stands for *missing*."""
    missing = int(codes.diagnostics.get(f"{modality}/missing_items", 0))
    column = codes.column_modalities.index(modality)
    if not missing:
        return np.ones(len(codes.codes), dtype=bool)
    # Where items lack the modality, the last value of its columns says so.
    return np.asarray(codes.codes[:, column] != codes.column_sizes[column] - 1)
