"""Concatenation, with and without joint axes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clairo.core.artifacts import Modalities
from clairo.core.errors import DataError
from clairo.fusion import ConcatConfig, ConcatPcaConfig
from tests.contracts.fusion import (
    IMAGE_DIMS,
    NEITHER,
    NO_IMAGE,
    NO_TEXT,
    NUM_ITEMS,
    RUNTIME,
    TEXT_DIMS,
    TRAIN_SEQUENCES,
    FusionContract,
    make_modalities,
)


class TestConcat(FusionContract):
    config_type = ConcatConfig
    names = ("fused",)

    @pytest.fixture
    def config(self) -> ConcatConfig:
        return ConcatConfig()


class TestConcatPca(FusionContract):
    config_type = ConcatPcaConfig
    names = ("fused",)

    @pytest.fixture
    def config(self) -> ConcatPcaConfig:
        return ConcatPcaConfig(variance=0.9)


def fuse(config, modalities: Modalities | None = None):
    modalities = modalities or make_modalities()
    return config.fit(modalities, TRAIN_SEQUENCES, 0, RUNTIME).transform(modalities).get("fused")


def test_each_modality_contributes_the_same_length_whatever_its_scale() -> None:
    fused = fuse(ConcatConfig())
    both = [item for item in range(NUM_ITEMS) if item not in (NO_TEXT, NO_IMAGE, NEITHER)]
    for part in (fused.vectors[both, :TEXT_DIMS], fused.vectors[both, TEXT_DIMS:]):
        np.testing.assert_allclose(np.linalg.norm(part, axis=1), 1, rtol=1e-5)


def test_without_normalising_vectors_stand_side_by_side_as_they_are() -> None:
    text, image = make_modalities().tables
    fused = fuse(ConcatConfig(normalize=False))
    np.testing.assert_array_equal(fused.vectors, np.hstack([text.vectors, image.vectors]))


def test_a_missing_modality_is_zero_in_its_part_only() -> None:
    fused = fuse(ConcatConfig())
    assert fused.dims == TEXT_DIMS + IMAGE_DIMS
    assert not fused.vectors[NO_TEXT, :TEXT_DIMS].any()
    assert fused.vectors[NO_TEXT, TEXT_DIMS:].any()
    assert not fused.vectors[NO_IMAGE, TEXT_DIMS:].any()
    assert fused.vectors[NO_IMAGE, :TEXT_DIMS].any()
    assert fused.present[[NO_TEXT, NO_IMAGE, NEITHER]].tolist() == [True, True, False]


def test_facts_say_how_many_items_have_both() -> None:
    facts = fuse(ConcatConfig()).facts
    assert facts["both_share"] == pytest.approx((NUM_ITEMS - 3) / NUM_ITEMS)
    assert facts["coverage"] == pytest.approx((NUM_ITEMS - 1) / NUM_ITEMS)


def test_all_variance_keeps_all_distances() -> None:
    plain, turned = fuse(ConcatConfig()), fuse(ConcatPcaConfig(variance=1.0))
    first, second = (
        np.linalg.norm(t.vectors[3:, None] - t.vectors[None, 3:], axis=2) for t in (plain, turned)
    )
    np.testing.assert_allclose(first, second, atol=1e-4)


def test_less_variance_keeps_fewer_dims_and_says_so() -> None:
    fused = fuse(ConcatPcaConfig(variance=0.6))
    assert fused.dims == fused.facts["dims_kept"] < TEXT_DIMS + IMAGE_DIMS
    assert fused.facts["dims_before"] == TEXT_DIMS + IMAGE_DIMS
    assert 0.6 <= fused.facts["variance_kept"] < 1
    assert not fused.vectors[NEITHER].any()


def test_joint_axes_of_train_items_do_not_see_the_others() -> None:
    text, image = make_modalities().tables
    vectors = text.vectors.copy()
    vectors[15:] = vectors[15:][:, ::-1] * [9, -9, 9, -9, 9, -9]
    changed = Modalities((replace(text, vectors=vectors.astype(np.float32)), image))
    for fit_on, same in (("train", True), ("all", False)):
        config = ConcatPcaConfig(variance=0.9, fit_on=fit_on)
        axes = [
            config.fit(m, TRAIN_SEQUENCES, 0, RUNTIME).axes for m in (make_modalities(), changed)
        ]
        equal = axes[0].axes.shape == axes[1].axes.shape and np.allclose(axes[0].axes, axes[1].axes)
        assert equal is same


def test_other_widths_than_at_fitting_are_refused() -> None:
    fitted = ConcatConfig().fit(make_modalities(), TRAIN_SEQUENCES, 0, RUNTIME)
    text, image = make_modalities().tables
    narrow = Modalities((replace(text, vectors=text.vectors[:, :2]), image))
    with pytest.raises(DataError, match=r"widths \(6, 4\), got \(2, 4\)"):
        fitted.transform(narrow)
