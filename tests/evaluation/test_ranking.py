"""Ranks and accuracy, checked against arithmetic and a plain loop."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.core.errors import DataError
from clairo.evaluation import (
    compact_lists,
    mrr_per_user,
    ndcg_per_user,
    ranking_metrics,
    rankings_from_lists,
    recall_per_user,
    target_ranks,
)


def test_ranks_are_one_based_and_zero_means_not_retrieved() -> None:
    lists = np.array([[3, 1, 2], [3, 1, 2], [3, 1, 2], [3, 1, 2]])

    assert target_ranks(np.array([3, 1, 2, 0]), lists).tolist() == [1, 2, 3, 0]


def test_repeated_items_and_invalid_outputs_hold_no_rank() -> None:
    lists = np.array([[5, 5, -1, 8], [-1, -1, -1, 8], [-1, -1, -1, -1]])

    assert compact_lists(lists).tolist() == [[5, 8, -1, -1], [8, -1, -1, -1], [-1, -1, -1, -1]]
    assert target_ranks(np.array([8, 8, 8]), lists).tolist() == [2, 1, 0]


def test_compacting_agrees_with_a_plain_loop() -> None:
    lists = np.random.default_rng(0).integers(-1, 6, size=(200, 8))

    for row, compacted in zip(lists, compact_lists(lists), strict=True):
        wanted = list(dict.fromkeys(item for item in row.tolist() if item >= 0))
        assert compacted.tolist() == wanted + [-1] * (8 - len(wanted))


def test_rankings_keep_users_targets_and_cleaned_lists() -> None:
    rankings = rankings_from_lists(
        "valid", np.array([4, 9]), np.array([1, 2]), np.array([[7, 7, 1], [0, 3, 4]])
    )

    assert rankings.split == "valid"
    assert rankings.users.tolist() == [4, 9]
    assert rankings.ranks.tolist() == [2, 0]
    assert rankings.top_items.tolist() == [[7, 1, -1], [0, 3, 4]]
    assert {array.dtype for array in (rankings.users, rankings.targets, rankings.ranks)} == {
        np.dtype(np.int32)
    }


def test_gains_per_user_follow_their_formulas_up_to_the_cutoff() -> None:
    ranks = np.array([1, 2, 5, 6, 0])

    assert recall_per_user(ranks, 5).tolist() == [1, 1, 1, 0, 0]
    np.testing.assert_allclose(
        ndcg_per_user(ranks, 5), [1, 1 / np.log2(3), 1 / np.log2(6), 0, 0], rtol=1e-15
    )
    np.testing.assert_allclose(mrr_per_user(ranks, 5), [1, 1 / 2, 1 / 5, 0, 0], rtol=1e-15)


def test_all_asked_users_are_in_the_denominator() -> None:
    metrics = ranking_metrics(np.array([1, 3, 7, 0]))

    assert list(metrics) == [
        "recall_at_5", "ndcg_at_5", "mrr_at_5", "recall_at_10", "ndcg_at_10", "mrr_at_10",
    ]  # fmt: skip
    assert metrics["recall_at_5"] == 2 / 4
    assert metrics["recall_at_10"] == 3 / 4
    assert metrics["ndcg_at_5"] == pytest.approx((1 + 1 / np.log2(4)) / 4)
    assert metrics["ndcg_at_10"] == pytest.approx((1 + 1 / np.log2(4) + 1 / np.log2(8)) / 4)
    assert metrics["mrr_at_10"] == pytest.approx((1 + 1 / 3 + 1 / 7) / 4)


def test_metrics_without_users_are_refused() -> None:
    with pytest.raises(DataError, match="got no user"):
        ranking_metrics(np.zeros(0, dtype=np.int32))
