"""What is shown over all users."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.core.errors import DataError
from clairo.evaluation import exposure_metrics, gini_index, popularity_lists


def test_a_recommender_that_only_repeats_bestsellers_shows() -> None:
    counts = np.array([50, 40, 6, 5, 0, 0, 0, 0, 0, 0])

    shown = exposure_metrics(popularity_lists(counts, num_users=30, top_k=2), counts, k=2)

    assert shown["coverage_at_2"] == 2 / 10
    assert shown["mean_popularity_at_2"] == (50 + 40) / 2
    assert shown["tail_share_at_2"] == 0
    # Two of ten items share everything: 1 - 2/10.
    assert shown["gini_at_2"] == pytest.approx(1 - 2 / 10)


def test_showing_everything_equally_has_gini_zero_and_full_coverage() -> None:
    counts = np.array([9, 9, 2, 2])

    shown = exposure_metrics(np.array([[0, 1], [2, 3]]), counts, k=2)

    assert shown == {
        "coverage_at_2": 1.0,
        "gini_at_2": 0.0,
        "mean_popularity_at_2": (9 + 9 + 2 + 2) / 4,
        "tail_share_at_2": 1 / 2,
    }


def test_places_beyond_k_and_empty_places_do_not_count() -> None:
    counts = np.array([8, 4, 2])

    shown = exposure_metrics(np.array([[0, -1, 2], [1, 0, 2]]), counts, k=2)

    assert shown["coverage_at_2"] == 2 / 3
    assert shown["mean_popularity_at_2"] == (8 + 4 + 8) / 3
    assert shown["tail_share_at_2"] == 1 / 3


def test_gini_equals_the_mean_absolute_difference_over_twice_the_mean() -> None:
    amounts = np.random.default_rng(3).integers(0, 20, size=50)

    differences = np.abs(amounts[:, None] - amounts[None, :]).mean()
    assert gini_index(amounts) == pytest.approx(differences / (2 * amounts.mean()))


def test_exposure_needs_long_enough_lists_and_something_shown() -> None:
    with pytest.raises(DataError, match="raise top_k"):
        exposure_metrics(np.array([[0, 1]]), np.array([1, 1]), k=10)
    with pytest.raises(DataError, match="got none"):
        exposure_metrics(np.array([[-1, -1]]), np.array([1, 1]), k=2)
    with pytest.raises(DataError, match="positive total"):
        gini_index(np.zeros(4))
