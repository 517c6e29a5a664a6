"""A fixed say of each modality."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from clairo.core.vectors import unit_rows
from clairo.fusion import ConcatConfig, WeightedConfig
from tests.contracts.fusion import (
    BOTH,
    NO_IMAGE,
    NO_TEXT,
    RUNTIME,
    TEXT_DIMS,
    TRAIN_SEQUENCES,
    FusionContract,
    make_modalities,
)


class TestWeighted(FusionContract):
    config_type = WeightedConfig
    names = ("fused",)

    @pytest.fixture
    def config(self) -> WeightedConfig:
        return WeightedConfig(text_weight=0.3)


def fuse(text_weight: float):
    before = make_modalities()
    config = WeightedConfig(text_weight=text_weight)
    return config.fit(before, TRAIN_SEQUENCES, 0, RUNTIME).transform(before)


def test_weights_share_the_squared_length() -> None:
    vectors = fuse(0.3).get("fused").vectors[BOTH]
    text, image = (np.square(part).sum(axis=1) for part in np.split(vectors, [TEXT_DIMS], axis=1))
    np.testing.assert_allclose(text, 0.3, rtol=1e-5)
    np.testing.assert_allclose(image, 0.7, rtol=1e-5)


def test_squared_distances_are_weighted_means_of_those_within_modalities() -> None:
    first, second = BOTH[:2]
    within = [
        np.square(unit_rows(t.vectors)[first] - unit_rows(t.vectors)[second]).sum()
        for t in make_modalities().tables
    ]
    vectors = fuse(0.3).get("fused").vectors
    joint = np.square(vectors[first] - vectors[second]).sum()
    assert joint == pytest.approx(0.3 * within[0] + 0.7 * within[1], rel=1e-5)


def test_an_item_with_one_modality_consists_of_it_whatever_its_weight() -> None:
    for text_weight in (0.0, 0.3, 1.0):
        after = fuse(text_weight)
        lengths = np.linalg.norm(after.get("fused").vectors, axis=1)
        np.testing.assert_allclose(lengths[[NO_TEXT, NO_IMAGE]], 1, rtol=1e-5)
        assert after.insight.weights["text"][NO_IMAGE] == 1
        np.testing.assert_allclose(after.insight.weights["text"][BOTH], text_weight, atol=1e-6)


def test_a_weight_of_1_leaves_nothing_of_the_image() -> None:
    vectors = fuse(1.0).get("fused").vectors
    assert not vectors[BOTH, TEXT_DIMS:].any()
    np.testing.assert_array_equal(
        fuse(1.0).insight.probes["image"], vectors[fuse(1.0).insight.probe_items]
    )


def test_equal_weights_are_concatenation_at_length_1() -> None:
    before = make_modalities()
    joined = ConcatConfig().fit(before, TRAIN_SEQUENCES, 0, RUNTIME).transform(before)
    np.testing.assert_allclose(
        fuse(0.5).get("fused").vectors[BOTH],
        joined.get("fused").vectors[BOTH] * np.sqrt(0.5),
        rtol=1e-5,
    )


@pytest.mark.parametrize("text_weight", [-0.1, 1.1])
def test_a_weight_is_a_share(text_weight: float) -> None:
    with pytest.raises(ValidationError, match="text_weight"):
        WeightedConfig(text_weight=text_weight)
