"""What every fusion promises; subclassed once per fusion."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from clairo.core.artifacts import EmbeddingTable, Modalities
from clairo.core.errors import DataError
from clairo.core.stage import Runtime
from clairo.fusion import Fusion, FusionConfig
from clairo.fusion.insight import draw_probes

NUM_ITEMS, TEXT_DIMS, IMAGE_DIMS = 20, 6, 4
NO_TEXT, NO_IMAGE, NEITHER = 0, 1, 2
RUNTIME = Runtime()
TRAIN_SEQUENCES: Sequence[np.ndarray] = (np.arange(0, 12), np.arange(6, 15))


def make_modalities() -> Modalities:
    """Text and image vectors of different scale; three items lack one or both."""
    generator = np.random.default_rng(0)
    ids = tuple(f"item{index}" for index in range(NUM_ITEMS))
    tables = []
    for name, dims, scale, missing in (
        ("text", TEXT_DIMS, 1.0, [NO_TEXT, NEITHER]),
        ("image", IMAGE_DIMS, 100.0, [NO_IMAGE, NEITHER]),
    ):
        vectors = (scale * generator.normal(size=(NUM_ITEMS, dims))).astype(np.float32)
        present = ~np.isin(np.arange(NUM_ITEMS), missing)
        vectors[~present] = 0
        tables.append(EmbeddingTable(name, ids, vectors, present))
    return Modalities(tuple(tables))


def only(modality: str) -> Modalities:
    return Modalities((make_modalities().get(modality),))


def without_items(modality: str) -> Modalities:
    """Both tables, but no item has this modality."""
    tables = [
        EmbeddingTable(t.modality, t.item_ids, np.zeros_like(t.vectors), np.zeros_like(t.present))
        if t.modality == modality
        else t
        for t in make_modalities().tables
    ]
    return Modalities(tuple(tables))


BOTH = [item for item in range(NUM_ITEMS) if item not in (NO_TEXT, NO_IMAGE, NEITHER)]


class FusionContract:
    """Subclasses name the fusion and give a ``config`` fixture."""

    config_type: ClassVar[type[FusionConfig]]
    names: ClassVar[tuple[str, ...]]
    """Modalities of the result."""

    @pytest.fixture
    def fitted(self, config: FusionConfig) -> Fusion:
        return config.fit(make_modalities(), TRAIN_SEQUENCES, 0, RUNTIME)

    def test_the_result_has_the_promised_tables_for_the_same_items(self, fitted: Fusion) -> None:
        after = fitted.transform(make_modalities())
        assert after.names == self.names
        assert after.item_ids == make_modalities().item_ids

    def test_items_are_present_where_what_is_needed_is(
        self, config: FusionConfig, fitted: Fusion
    ) -> None:
        before, after = make_modalities(), fitted.transform(make_modalities())
        for table in after.tables:
            sources = config.needs() if table.modality == "fused" else (table.modality,)
            wanted = np.any([before.get(name).present for name in sources], axis=0)
            np.testing.assert_array_equal(table.present, wanted)

    def test_it_needs_nothing_but_what_it_says(self, config: FusionConfig) -> None:
        needed = Modalities(tuple(make_modalities().get(name) for name in config.needs()))
        after = config.fit(needed, TRAIN_SEQUENCES, 0, RUNTIME).transform(needed)
        everything = config.fit(make_modalities(), TRAIN_SEQUENCES, 0, RUNTIME)
        for first, second in zip(
            after.tables, everything.transform(make_modalities()).tables, strict=True
        ):
            np.testing.assert_array_equal(first.vectors, second.vectors)

    def test_it_gives_the_same_result_whatever_the_seed(self, config: FusionConfig) -> None:
        seeds = (0, 0) if self.config_type.seeded else (0, 1)
        first, second = (
            config.fit(make_modalities(), TRAIN_SEQUENCES, seed, RUNTIME)
            .transform(make_modalities())
            .tables[0]
            .vectors
            for seed in seeds
        )
        np.testing.assert_array_equal(first, second)

    def test_a_needed_modality_without_any_item_is_an_error(self, config: FusionConfig) -> None:
        for name in config.needs():
            with pytest.raises(DataError, match=f"{config.kind} needs items with {name}, got 0"):
                config.fit(without_items(name), TRAIN_SEQUENCES, 0, RUNTIME)

    def test_a_needed_modality_that_is_not_there_is_an_error(self, fitted: Fusion, config) -> None:
        other = {"text": "image", "image": "text"}[config.needs()[0]]
        with pytest.raises(DataError, match=f"No {config.needs()[0]} vectors"):
            fitted.transform(only(other))

    def test_one_joint_table_says_whom_it_listened_to(self, fitted: Fusion) -> None:
        after = fitted.transform(make_modalities())
        if self.names != ("fused",):
            assert after.insight is None
            return
        weights, present = after.insight.weights, after.get("fused").present
        np.testing.assert_allclose(sum(weights.values()), present, atol=1e-5)
        assert [weights["text"][item] for item in (NO_TEXT, NO_IMAGE)] == [0, 1]
        assert [weights["image"][item] for item in (NO_TEXT, NO_IMAGE)] == [1, 0]
        facts = after.get("fused").facts
        for name in ("text", "image"):
            mean = weights[name][BOTH].mean()
            assert facts[f"mean_weight/{name}"] == pytest.approx(mean, abs=1e-6)

    def test_probes_are_joint_vectors_with_one_modality_of_another_item(
        self, fitted: Fusion
    ) -> None:
        before = make_modalities()
        after = fitted.transform(before)
        if self.names != ("fused",):
            return
        items, partners = draw_probes(np.array(BOTH))
        np.testing.assert_array_equal(after.insight.probe_items, items)
        for name, probes in after.insight.probes.items():
            table = before.get(name)
            vectors = table.vectors.copy()
            vectors[items] = table.vectors[partners]
            swapped = replace(table, vectors=vectors)
            others = (swapped if t.modality == name else t for t in before.tables)
            wanted = fitted.transform(Modalities(tuple(others))).get("fused").vectors[items]
            np.testing.assert_allclose(probes, wanted, atol=1e-4)
            assert not np.allclose(probes, after.get("fused").vectors[items], atol=1e-3)
        assert set(after.insight.probes) == {"text", "image"}

    def test_a_joint_table_says_how_wide_it_is_and_who_has_what(self, fitted: Fusion) -> None:
        for table in fitted.transform(make_modalities()).tables:
            if table.modality == "fused":
                assert table.facts["dims"] == table.dims
                assert table.facts["coverage"] == pytest.approx((NUM_ITEMS - 1) / NUM_ITEMS)
                assert table.facts["both_share"] == pytest.approx(len(BOTH) / NUM_ITEMS)

    def test_everything_comes_back_from_a_folder(self, fitted: Fusion, tmp_path: Path) -> None:
        after = fitted.transform(make_modalities())
        after.save(tmp_path)
        found = Modalities.load(tmp_path)
        assert found.facts == json.loads(json.dumps(after.facts))
        assert (found.insight is None) == (after.insight is None)
        if after.insight is not None:
            for name, array in after.insight.arrays().items():
                np.testing.assert_array_equal(found.insight.arrays()[name], array)

    def test_its_facts_are_json(self, fitted: Fusion) -> None:
        json.dumps(fitted.transform(make_modalities()).facts, allow_nan=False)
