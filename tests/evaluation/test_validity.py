"""Numbers that cannot be are named; so are outputs that name no item."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clairo.core.errors import DataError
from clairo.evaluation import check_metrics, invalid_share, ranking_metrics

PUBLISHED = {
    # TIGER on 2014 Beauty, as printed: four decimals, so half a unit is 5e-5.
    "recall_at_5": 0.0454,
    "ndcg_at_5": 0.0321,
    "recall_at_10": 0.0648,
    "ndcg_at_10": 0.0384,
}


@given(st.lists(st.integers(min_value=0, max_value=30), min_size=1, max_size=60))
@settings(max_examples=100, deadline=None)
def test_our_own_metrics_obey_every_rule(ranks: list[int]) -> None:
    assert check_metrics(ranking_metrics(np.array(ranks))) == []


def test_a_published_row_passes_with_the_rounding_of_its_digits() -> None:
    assert check_metrics(PUBLISHED, tolerance=5e-5) == []


def test_recall_that_falls_with_the_cutoff_is_named() -> None:
    (sentence,) = check_metrics({"recall_at_5": 0.0648, "recall_at_10": 0.0454})

    assert sentence == "recall_at_5 <= recall_at_10 is violated: 0.0648 > 0.0454"


def test_an_impossible_gain_between_the_cutoffs_is_named() -> None:
    # 0.0194 more recall adds at most 0.0194 / log2(7) = 0.0069 to the NDCG, not 0.0179.
    violated = check_metrics({**PUBLISHED, "ndcg_at_10": 0.05}, tolerance=5e-5)

    assert len(violated) == 1
    assert violated[0].startswith("ndcg_at_10 - ndcg_at_5 must lie in [0.2891, 0.3562] x")


@pytest.mark.parametrize(
    ("metrics", "rule"),
    [
        (
            {"recall_at_5": 0.1, "ndcg_at_5": 0.2},
            r"ndcg_at_5 / recall_at_5 must lie in [0.3869, 1]",
        ),
        ({"recall_at_5": 0.1, "ndcg_at_5": 0.03}, "ndcg_at_5 / recall_at_5"),
        ({"recall_at_10": 0.1, "mrr_at_10": 0.005}, "mrr_at_10 / recall_at_10"),
        ({"recall_at_10": 1.5}, "recall_at_10 must lie in [0, 1], got 1.5"),
    ],
)
def test_values_outside_their_bounds_are_named(metrics: dict[str, float], rule: str) -> None:
    assert any(rule in sentence for sentence in check_metrics(metrics))


def test_other_keys_and_missing_metrics_are_left_out() -> None:
    assert check_metrics({"train_loss": 7.0, "ndcg_at_10": 0.4}) == []


def test_the_invalid_share_is_taken_over_the_first_k_outputs() -> None:
    valid = np.ones((2, 10))
    valid[0, 4:] = 0  # one of its first five, six of its first ten

    assert invalid_share(valid) == {
        "invalid_share_at_5": pytest.approx(1 / 10),
        "invalid_share_at_10": pytest.approx(6 / 20),
    }


@pytest.mark.parametrize("shape", [(3, 9), (0, 10)])
def test_too_few_outputs_or_users_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(DataError, match="raise invalid_beams or invalid_users"):
        invalid_share(np.ones(shape))
