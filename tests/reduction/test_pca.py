"""PCA of a cloud that is a plane of three dims and a little noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from clairo.core.errors import DataError
from clairo.reduction import PcaConfig
from tests.contracts.reduction import TRAIN_ITEMS, ReductionContract, make_table


class TestPcaByVariance(ReductionContract):
    config_type = PcaConfig

    @pytest.fixture
    def config(self) -> PcaConfig:
        return PcaConfig(variance=0.999)


class TestPcaByDimsOnTrainItems(ReductionContract):
    config_type = PcaConfig

    @pytest.fixture
    def config(self) -> PcaConfig:
        return PcaConfig(dims=3, fit_on="train")


class TestPcaFromASketch(ReductionContract):
    config_type = PcaConfig

    @pytest.fixture
    def config(self) -> PcaConfig:
        return PcaConfig(variance=0.999, solver="randomized")


def test_facts_say_how_and_on_how_many_items_it_was_fitted() -> None:
    table = make_table()
    facts = PcaConfig(fit_on="train").fit(table, TRAIN_ITEMS, 0).transform(table).facts
    # 40 items of 12 dims in float32; every fifth is missing; the first 30 are of train.
    assert (facts["solver"], facts["fitted_on"]) == ("exact", 24)
    assert facts["bytes_before"] == 40 * 12 * 4
    assert facts["bytes_after"] == 40 * facts["dims_kept"] * 4


def test_variance_finds_the_plane() -> None:
    after = PcaConfig(variance=0.999).fit(make_table(), TRAIN_ITEMS, 0).transform(make_table())
    assert after.dims == 3
    assert after.facts["variance_kept"] > 0.999


def test_more_dims_than_there_are_give_what_there_is_and_say_so() -> None:
    after = PcaConfig(dims=500).fit(make_table(), TRAIN_ITEMS, 0).transform(make_table())
    assert after.facts["dims_kept"] == 12


def test_the_mean_of_fitted_items_goes_to_zero() -> None:
    after = PcaConfig(dims=3).fit(make_table(), TRAIN_ITEMS, 0).transform(make_table())
    np.testing.assert_allclose(after.vectors[after.present].mean(axis=0), 0, atol=1e-5)


def test_fit_on_train_does_not_see_the_other_items() -> None:
    table = make_table()
    vectors = table.vectors.copy()
    vectors[35:] = np.where(table.present[35:, None], 1000.0, 0.0)
    moved = replace(table, vectors=vectors)
    first, second = (
        PcaConfig(dims=3, fit_on="train").fit(t, TRAIN_ITEMS, 0).transform(table)
        for t in (table, moved)
    )
    np.testing.assert_array_equal(first.vectors, second.vectors)
    everything = PcaConfig(dims=3).fit(moved, TRAIN_ITEMS, 0).transform(table)
    assert np.abs(everything.vectors - first.vectors).max() > 1


def test_exactly_one_rule_is_set() -> None:
    assert PcaConfig().variance == 0.95
    assert PcaConfig(dims=8).variance is None
    assert PcaConfig(dims=None).variance == 0.95
    for both_or_none in ({"variance": 0.9, "dims": 8}, {"variance": None}):
        with pytest.raises(ValidationError, match="exactly one"):
            PcaConfig(**both_or_none)


@pytest.mark.parametrize("wrong", [{"variance": 0.0}, {"variance": 1.01}, {"dims": 0}])
def test_values_out_of_range_are_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        PcaConfig(**wrong)


def test_no_train_item_is_an_error() -> None:
    nobody = np.zeros_like(TRAIN_ITEMS)
    with pytest.raises(DataError, match="got 0"):
        PcaConfig(fit_on="train").fit(make_table(), nobody, 0)


def test_equal_vectors_are_an_error_that_names_identity() -> None:
    table = make_table()
    same = replace(table, vectors=np.where(table.present[:, None], 0.25, 0.0))
    with pytest.raises(DataError, match="reduction identity"):
        PcaConfig().fit(same, TRAIN_ITEMS, 0)
