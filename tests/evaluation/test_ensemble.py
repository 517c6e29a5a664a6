"""Joining the lists of several draws, checked against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.core.errors import DataError
from clairo.evaluation import combine_ensemble


def combined_by_loop(lists: list[list[int]], top_k: int) -> list[int]:
    scores: dict[int, float] = {}
    for draw in lists:
        for rank, item in enumerate(dict.fromkeys(i for i in draw if i >= 0), start=1):
            scores[item] = scores.get(item, 0.0) + 1 / np.log2(rank + 1)
    best = sorted(scores, key=lambda item: -round(scores[item], 12))  # stable: first seen first
    return (best + [-1] * top_k)[:top_k]


def test_one_draw_is_given_back_cleaned_and_cut() -> None:
    assert combine_ensemble([np.array([[4, 4, -1, 2, 9]])], top_k=2).tolist() == [[4, 2]]


def test_an_item_in_both_draws_beats_the_first_of_one_draw() -> None:
    first, second = np.array([[1, 2]]), np.array([[3, 2]])

    # 2 sums to 2 / log2(3) = 1.26, the two winners have 1 each; 1 was seen before 3.
    assert combine_ensemble([first, second], top_k=3).tolist() == [[2, 1, 3]]


def test_ties_go_to_the_item_that_appears_first() -> None:
    # Gains are 1, 0.63, 0.5 in three different orders: all three sums are equal.
    lists = [np.array([[7, 8, 9]]), np.array([[8, 9, 7]]), np.array([[9, 7, 8]])]

    assert combine_ensemble(lists, top_k=3).tolist() == [[7, 8, 9]]


def test_lists_that_are_too_short_are_filled_and_empty_ones_stay_empty() -> None:
    lists = [np.array([[5, -1], [-1, -1]])]

    assert combine_ensemble(lists, top_k=3).tolist() == [[5, -1, -1], [-1, -1, -1]]


@pytest.mark.parametrize("draws", [1, 2, 5])
def test_joining_agrees_with_a_plain_loop(draws: int) -> None:
    generator = np.random.default_rng(draws)
    lists = [generator.integers(-1, 15, size=(60, 7)) for _ in range(draws)]

    joined = combine_ensemble(lists, top_k=10)

    for row in range(60):
        wanted = combined_by_loop([draw[row].tolist() for draw in lists], top_k=10)
        assert joined[row].tolist() == wanted


def test_draws_about_different_users_are_refused() -> None:
    with pytest.raises(DataError, match=r"got \[1, 2\] rows"):
        combine_ensemble([np.array([[1]]), np.array([[1], [2]])], top_k=1)
    with pytest.raises(DataError, match="draws for the same users"):
        combine_ensemble([], top_k=1)
