"""Head, torso and tail targets; short and long histories."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.core.errors import DataError
from clairo.evaluation import (
    head_items,
    history_segments,
    item_segments,
    rankings_from_lists,
    segment_metrics,
    tail_items,
)


def test_the_head_is_the_fewest_items_that_make_up_half_of_the_interactions() -> None:
    counts = np.array([10, 20, 30, 40])

    # 40 of 100 is less than half, 40 + 30 is enough.
    assert np.flatnonzero(head_items(counts)).tolist() == [2, 3]


def test_one_item_with_exactly_half_of_the_interactions_is_the_whole_head() -> None:
    assert np.flatnonzero(head_items(np.array([25, 50, 25]))).tolist() == [1]


def test_equal_counts_enter_the_head_by_item_index() -> None:
    assert np.flatnonzero(head_items(np.array([10, 10, 10, 10]))).tolist() == [0, 1]


def test_five_interactions_are_tail_and_six_are_not() -> None:
    assert tail_items(np.array([0, 5, 6])).tolist() == [True, True, False]


def test_head_torso_and_tail_are_disjoint_and_complete() -> None:
    counts = np.random.default_rng(1).geometric(0.1, size=300) - 1

    segments = item_segments(counts)

    members = sum(segments[name].astype(int) for name in ("head", "torso", "tail"))
    assert (members == 1).all()
    assert (segments["unseen"] <= segments["tail"]).all()


def test_rare_items_of_a_tiny_catalogue_are_tail_not_head() -> None:
    segments = item_segments(np.array([3, 2, 1]))

    assert not segments["head"].any()
    assert segments["tail"].all()


def test_every_user_has_exactly_one_history_segment() -> None:
    segments = history_segments(np.arange(1, 60))

    assert (np.sum(list(segments.values()), axis=0) == 1).all()
    assert segments["history_5_9"].sum() == 5


def test_segment_metrics_are_means_over_the_segments_own_users() -> None:
    counts = np.array([60, 30, 8, 2, 0])  # head: 0; torso: 1, 2; tail: 3, 4
    targets = np.array([0, 0, 1, 3, 4])
    lists = np.array([[0, 1], [1, 0], [3, 0], [3, 1], [1, 0]])
    rankings = rankings_from_lists("test", np.arange(5), targets, lists)

    metrics = segment_metrics(rankings, counts, known_lengths=np.array([3, 3, 30, 30, 12]))

    assert metrics["head/num_users"] == 2
    assert metrics["head/ndcg_at_10"] == pytest.approx((1 + 1 / np.log2(3)) / 2)
    assert metrics["torso/recall_at_10"] == 0
    assert metrics["tail/recall_at_10"] == 1 / 2
    assert metrics["unseen/recall_at_10"] == 0
    assert metrics["history_1_4/mrr_at_10"] == (1 + 1 / 2) / 2
    assert metrics["history_20_up/recall_at_10"] == 1 / 2


def test_a_segment_without_users_has_a_count_and_no_mean() -> None:
    rankings = rankings_from_lists("test", np.arange(1), np.array([0]), np.array([[0]]))

    metrics = segment_metrics(rankings, np.array([60]), np.array([4]))

    assert metrics["tail/num_users"] == 0
    assert "tail/ndcg_at_10" not in metrics


def test_one_known_length_per_asked_user_is_required() -> None:
    rankings = rankings_from_lists("test", np.arange(1), np.array([0]), np.array([[0]]))

    with pytest.raises(DataError, match="known_lengths must have 1 entries, got 2"):
        segment_metrics(rankings, np.array([60]), np.array([4, 5]))
