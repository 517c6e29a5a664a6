"""Head, torso and tail targets; short and long histories."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clairo.core.errors import ArtifactError, DataError
from clairo.core.files import write_arrays
from clairo.evaluation import (
    SegmentIndex,
    head_items,
    history_segments,
    item_segments,
    rankings_from_lists,
    segment_metrics,
    tail_items,
)
from clairo.evaluation.segments import SEGMENTS_FILE


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


@pytest.fixture
def index() -> SegmentIndex:
    """Items 0 (head), 1 and 2 (torso), 3 and 4 (tail); users with short and long histories."""
    known = np.array([3, 7, -1, 25], np.int64)
    return SegmentIndex(np.array([60, 30, 8, 2, 0], np.int64), {"valid": known, "test": known + 1})


def test_an_index_tells_the_segments_of_any_asked_users(index: SegmentIndex) -> None:
    found = index.segments("valid", users=np.array([3, 0]), targets=np.array([4, 1]))

    assert {name: rows.tolist() for name, rows in found.items() if rows.any()} == {
        "torso": [False, True],
        "tail": [True, False],
        "unseen": [True, False],
        "history_1_4": [False, True],
        "history_20_up": [True, False],
    }


def test_an_index_says_the_same_as_the_metrics_of_a_run(index: SegmentIndex) -> None:
    users, targets = np.array([0, 1, 3]), np.array([0, 3, 2])
    lists = np.array([[0], [1], [2]])
    rankings = rankings_from_lists("test", users, targets, lists)
    metrics = segment_metrics(rankings, index.train_counts, index.known_lengths["test"][users])

    found = index.segments("test", users, targets)

    assert all(metrics[f"{name}/num_users"] == rows.sum() for name, rows in found.items())


def test_an_index_is_read_back_as_it_was(index: SegmentIndex, tmp_path: Path) -> None:
    index.save(tmp_path)
    again = SegmentIndex.load(tmp_path)

    assert again.train_counts.tolist() == index.train_counts.tolist()
    assert {k: v.tolist() for k, v in again.known_lengths.items()} == {
        k: v.tolist() for k, v in index.known_lengths.items()
    }


def test_an_index_of_other_data_is_refused(index: SegmentIndex) -> None:
    with pytest.raises(DataError, match="among 4 users and 5 items, got user 4 and item 0"):
        index.segments("valid", np.array([4]), np.array([0]))
    with pytest.raises(DataError, match="belongs to other data"):
        index.segments("valid", np.array([0]), np.array([5]))


def test_what_is_no_index_is_said(tmp_path: Path) -> None:
    write_arrays(tmp_path / SEGMENTS_FILE, {"train_counts": np.zeros(2, np.int64)})

    with pytest.raises(ArtifactError, match="known lengths of valid and test, got train_counts"):
        SegmentIndex.load(tmp_path)


def test_indices_agree_where_counts_and_known_lengths_are_the_same() -> None:
    def index(counts: list[int], test: list[int]) -> SegmentIndex:
        known = {"valid": np.array([2, 3]), "test": np.array(test)}
        return SegmentIndex(np.array(counts), known)

    assert index([4, 0], [3, 4]).agrees(index([4, 0], [3, 4]))
    assert not index([4, 0], [3, 4]).agrees(index([4, 1], [3, 4]))
    assert not index([4, 0], [3, 4]).agrees(index([4, 0], [3, 5]))
    assert not index([4, 0], [3, 4]).agrees(index([4, 0, 0], [3, 4]))
