"""What stands where a modality is masked, computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.core.artifacts import EmbeddingTable
from clairo.core.config import parse_config
from clairo.core.errors import ConfigError, DataError
from clairo.evaluation import EvaluationConfig, MaskingConfig, other_items

# Item 2 has no picture, item 3 stands in no training history.
PRESENT = np.array([True, True, False, True, True])
TRAINED = np.array([True, True, True, False, True])
VECTORS = np.array([[1, 2], [3, 4], [0, 0], [100, 100], [5, 9]], dtype=np.float32)


def table(present: np.ndarray = PRESENT) -> EmbeddingTable:
    vectors = np.where(present[:, None], VECTORS, 0).astype(np.float32)
    return EmbeddingTable("image", tuple("abcde"), vectors, present, {"dims": 2})


def masked(fill: str, seed: int = 0, present: np.ndarray = PRESENT) -> EmbeddingTable:
    config = MaskingConfig.model_validate({"modality": "image", "fill": fill})
    return config.replace_vectors(table(present), TRAINED, seed)


def test_zeros_stand_in_every_row_and_the_item_still_counts_as_having_a_picture() -> None:
    found = masked("zero")
    assert not found.vectors.any()
    assert found.present.tolist() == PRESENT.tolist()
    assert found.item_ids == table().item_ids


def test_the_mean_is_that_of_training_items_with_a_picture() -> None:
    found = masked("mean").vectors
    # Items 0, 1 and 4: item 2 has none, item 3 is in no training history.
    mean = [(1 + 3 + 5) / 3, (2 + 4 + 9) / 3]
    assert found.dtype == VECTORS.dtype
    np.testing.assert_allclose(found[PRESENT], [mean] * 4, rtol=1e-6)
    assert not found[~PRESENT].any()


@pytest.mark.parametrize("seed", range(20))
def test_shuffling_gives_each_vector_to_another_item_once(seed: int) -> None:
    found = masked("shuffled", seed).vectors
    assert (found[PRESENT] != VECTORS[PRESENT]).any(axis=1).all()
    assert sorted(found[PRESENT].tolist()) == sorted(VECTORS[PRESENT].tolist())
    assert not found[~PRESENT].any()


def test_a_seed_names_its_circle_and_another_seed_another_one() -> None:
    present = np.ones(50, dtype=bool)
    one, two = (other_items(present, "image", seed) for seed in (1, 2))
    assert one.tolist() == other_items(present, "image", 1).tolist()
    assert one.tolist() != two.tolist()


def test_a_single_picture_cannot_be_shuffled() -> None:
    with pytest.raises(DataError, match="needs 2 items that have it, got 1 of 5; choose fill zero"):
        masked("shuffled", present=np.array([True, False, False, False, False]))


def test_a_mean_of_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="got 0 of 4; choose fill zero"):
        masked("mean", present=np.array([False, False, False, True, False]))


def test_masking_nothing_leaves_no_trace_in_the_identity() -> None:
    assert "masking" not in EvaluationConfig().identity()
    assert EvaluationConfig() == EvaluationConfig.model_validate(EvaluationConfig().identity())


def test_what_is_masked_is_part_of_the_identity_and_reads_back() -> None:
    masking = {"modality": "text", "fill": "mean"}
    config = EvaluationConfig.model_validate({"masking": masking})
    assert config.identity()["masking"] == masking
    assert EvaluationConfig.model_validate(config.identity()) == config


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"modality": "fused", "fill": "zero"}, "masking.modality"),
        ({"modality": "text", "fill": "noise"}, "masking.fill"),
        ({"modality": "text"}, "masking.fill"),
    ],
)
def test_an_unknown_or_missing_choice_is_named(wrong: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        parse_config(EvaluationConfig, {"masking": wrong}, "evaluation")
