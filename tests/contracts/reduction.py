"""What every reduction promises; subclassed once per reduction."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from clairo.core.artifacts import EmbeddingTable
from clairo.core.errors import DataError
from clairo.reduction import Reduction, ReductionConfig

NUM_ITEMS, DIMS = 40, 12


def make_table(seed: int = 0) -> EmbeddingTable:
    """Vectors near a plane of 3 dims in 12; every fifth item is missing."""
    generator = np.random.default_rng(seed)
    plane = generator.normal(size=(NUM_ITEMS, 3)) @ generator.normal(size=(3, DIMS))
    vectors = (plane + 0.01 * generator.normal(size=plane.shape)).astype(np.float32)
    present = np.arange(NUM_ITEMS) % 5 != 0
    vectors[~present] = 0
    ids = tuple(f"item{index}" for index in range(NUM_ITEMS))
    return EmbeddingTable("text", ids, vectors, present, {"coverage": float(present.mean())})


TRAIN_ITEMS = np.arange(NUM_ITEMS) < 30


class ReductionContract:
    """Subclasses name the reduction and give a ``config`` fixture."""

    config_type: ClassVar[type[ReductionConfig]]

    @pytest.fixture
    def fitted(self, config: ReductionConfig) -> Reduction:
        return config.fit(make_table(), TRAIN_ITEMS, 0)

    def test_items_and_presence_stay(self, fitted: Reduction) -> None:
        before, after = make_table(), fitted.transform(make_table())
        assert after.item_ids == before.item_ids
        assert after.modality == before.modality
        np.testing.assert_array_equal(after.present, before.present)
        assert not after.vectors[~after.present].any()

    def test_facts_account_for_the_width(self, fitted: Reduction) -> None:
        after = fitted.transform(make_table())
        assert after.facts["dims_before"] == DIMS
        assert after.facts["dims_kept"] == after.facts["dims"] == after.dims
        assert after.facts["bytes_saved_share"] == pytest.approx(1 - after.dims / DIMS)
        assert 0 < after.facts["variance_kept"] <= 1
        assert after.facts["coverage"] == make_table().facts["coverage"]
        json.dumps(dict(after.facts), allow_nan=False)

    def test_it_gives_the_same_result_whatever_the_seed(self, config: ReductionConfig) -> None:
        seeds = (0, 0) if self.config_type.seeded else (0, 1)
        first, second = (
            config.fit(make_table(), TRAIN_ITEMS, seed).transform(make_table()) for seed in seeds
        )
        np.testing.assert_array_equal(first.vectors, second.vectors)

    def test_vectors_of_missing_items_do_not_count(self, config: ReductionConfig) -> None:
        table = make_table()
        rows = np.flatnonzero(table.present)
        only_present = replace(
            table,
            item_ids=tuple(table.item_ids[row] for row in rows),
            vectors=table.vectors[rows],
            present=table.present[rows],
        )
        fitted = config.fit(only_present, TRAIN_ITEMS[rows], 0)
        wanted = config.fit(table, TRAIN_ITEMS, 0).transform(table).vectors[rows]
        np.testing.assert_array_equal(fitted.transform(only_present).vectors, wanted)

    def test_distances_survive(self, fitted: Reduction) -> None:
        before, after = make_table(), fitted.transform(make_table())
        rows = np.flatnonzero(before.present)[:2]
        wanted = np.linalg.norm(np.diff(before.vectors[rows], axis=0))
        assert np.linalg.norm(np.diff(after.vectors[rows], axis=0)) == pytest.approx(
            wanted, rel=0.05
        )

    def test_vectors_of_another_width_are_refused(self, fitted: Reduction) -> None:
        narrow = replace(make_table(), vectors=make_table().vectors[:, :5])
        with pytest.raises(DataError, match=f"fitted on {DIMS} dims, got text vectors with 5"):
            fitted.transform(narrow)
