"""Evaluation settings, metric names and the popularity floor."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.core.config import parse_config
from clairo.core.errors import ConfigError
from clairo.evaluation import (
    EvaluationConfig,
    metric_key,
    metric_label,
    metric_name,
    popularity_lists,
    popularity_top_items,
)


def test_keys_hold_no_at_sign_and_labels_do() -> None:
    assert metric_key("ndcg", 10) == "ndcg_at_10"
    assert metric_label("ndcg_at_10") == "NDCG@10"
    assert metric_label("test/tail/recall_at_5") == "Recall@5"
    assert metric_label("mean_popularity_at_10") == "Mean popularity@10"


def test_key_and_label_come_from_one_function() -> None:
    for metric in ("recall", "mrr", "coverage", "gini", "tail_share", "invalid_share"):
        name = metric_name(metric, 10)
        assert (name.key, name.label) == (metric_key(metric, 10), metric_label(name.key))


@pytest.mark.parametrize("key", ["ndcg", "ndcg_at_", "precision_at_5", "train_loss"])
def test_unknown_metric_keys_are_refused(key: str) -> None:
    with pytest.raises(ConfigError, match=r"pick one|make it with metric_key"):
        metric_label(key)


def test_a_beam_narrower_than_the_list_is_refused() -> None:
    with pytest.raises(ConfigError, match="num_beams=10 with top_k=20; raise num_beams"):
        parse_config(EvaluationConfig, {"num_beams": 10, "top_k": 20}, "evaluation")


@pytest.mark.parametrize(
    "wrong", [{"top_k": 5}, {"ensemble": 0}, {"max_users": 0}, {"invalid_beams": 4}, {"beam": 1}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        parse_config(EvaluationConfig, wrong, "evaluation")


def test_the_batch_size_is_no_part_of_the_identity() -> None:
    assert EvaluationConfig(batch_size=8).identity() == EvaluationConfig(batch_size=9).identity()


def test_popularity_ranks_by_training_count_and_then_by_index() -> None:
    counts = np.array([2, 7, 7, 0])

    assert popularity_top_items(counts, top_k=6).tolist() == [1, 2, 0, 3, -1, -1]
    assert popularity_lists(counts, num_users=2, top_k=2).tolist() == [[1, 2], [1, 2]]
