"""The largest branches of a code table, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.core.artifacts import CodeTable
from clairo.quantization.code_tree import grow_trees
from clairo.quantization.representation import walk

#                   0       1       2       3       4       5
CODES = np.array([[0, 0], [0, 0], [0, 1], [1, 0], [1, 0], [2, 2]], dtype=np.int32)
CATEGORIES = ("lamp", "lamp", "rug", "rug", "", "")
COUNTS = np.array([1, 5, 2, 0, 9, 3])


def table(codes: np.ndarray, modalities: tuple[str, ...], **diagnostics: int) -> CodeTable:
    sizes = tuple(int(column.max()) + 1 for column in codes.T)
    ids = tuple(map(str, range(len(codes))))
    return CodeTable(ids, codes, modalities, sizes, diagnostics)  # type: ignore[arg-type]


def test_branches_are_the_largest_groups_with_their_majority_and_most_frequent_items() -> None:
    (tree,) = grow_trees(table(CODES, ("text", "text")), CATEGORIES, COUNTS)
    assert (tree.modality, tree.num_items, tree.num_branches) == ("text", 6, 3)
    first, second, third = tree.branches
    assert (first.codes, first.num_items, first.items) == ((0,), 3, (1, 2, 0))
    assert (first.category, first.category_share) == ("lamp", pytest.approx(2 / 3))
    assert first.num_branches == 2
    assert [branch.codes for branch in first.branches] == [(0, 0), (0, 1)]
    # Of two items one is of unknown category: the other decides.
    assert (second.category, second.category_share) == ("rug", 1.0)
    assert (third.category, third.category_share) == ("", 0.0)


def test_a_leaf_has_no_further_codes() -> None:
    (tree,) = grow_trees(table(CODES, ("text", "text")), CATEGORIES, COUNTS)
    leaf = tree.branches[0].branches[0]
    assert (leaf.codes, leaf.num_items, leaf.num_branches, leaf.branches) == ((0, 0), 2, 0, ())


def test_each_modality_has_a_tree_and_the_digit_has_none() -> None:
    codes = np.column_stack([CODES, np.arange(6)]).astype(np.int32)
    trees = grow_trees(table(codes, ("text", "image", "shared")), CATEGORIES, COUNTS)
    assert [tree.modality for tree in trees] == ["text", "image"]
    assert [tree.num_branches for tree in trees] == [3, 3]


def test_items_without_the_modality_are_no_branch() -> None:
    coded = table(CODES, ("text", "image"), **{"image/missing_items": 1})
    image = grow_trees(coded, CATEGORIES, COUNTS)[1]
    assert (image.num_items, image.num_branches) == (5, 2)
    assert 5 not in {item for branch in walk(image.branches) for item in branch.items}


def test_a_page_holds_sixty_branches_however_large_the_codebooks() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 16, size=(4000, 4)).astype(np.int32)
    (tree,) = grow_trees(table(codes, ("fused",) * 4), ("",) * 4000, np.zeros(4000, dtype=int))
    assert tree.num_branches == 16
    assert len(list(walk(tree.branches))) == 6 + 6 * 3 + 6 * 3 * 2
    sizes = [branch.num_items for branch in tree.branches]
    assert sizes == sorted(np.bincount(codes[:, 0]), reverse=True)[:6]
