"""Weights of a fusion and branches of its codes, as a run logs them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from clairo.core.artifacts import (
    CodeTable,
    Dataset,
    EmbeddingTable,
    FusionInsight,
    InteractionLog,
    Modalities,
    Splits,
)
from clairo.core.stage import Runtime
from clairo.fusion import WeightedConfig
from clairo.pipeline.picture_sheet import TILE
from clairo.pipeline.representation import describe_representation, describe_weights
from clairo.pipeline.stage_curves import curve_steps
from clairo.quantization.representation import Representation, walk
from tests.worlds import twins


def insight_of(weights: dict[str, np.ndarray]) -> FusionInsight:
    """Of items that lack what has no weight in them."""
    return FusionInsight(weights, {name: shares > 0 for name, shares in weights.items()})


def made(weights: dict[str, np.ndarray] | None) -> Representation:
    """Of four items, twins that differ in their pictures alone."""
    catalog = twins(2)
    items = np.arange(4, dtype=np.int32)
    log = InteractionLog(("u",), items, items.astype(np.int64), np.array([0, 4]))
    splits = Splits(*(np.array([n], dtype=np.int32) for n in (2, 2, 3)))
    codes = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.int32)
    table = CodeTable(catalog.item_ids, codes, ("fused", "fused"), (2, 2))
    dataset = Dataset("twins", catalog, log, splits, {})
    return describe_representation(table, dataset, insight_of(weights) if weights else None)


def test_every_named_item_has_its_title_and_its_own_picture() -> None:
    found, catalog = made(None), twins(2)
    named = {item for tree in found.trees for b in walk(tree.branches) for item in b.items}
    assert set(found.items) == named == {0, 1, 2, 3}
    assert all(found.items[i].title == catalog.titles[i] for i in named)
    with Image.open(io.BytesIO(found.sheet)) as sheet:
        for item, color in ((0, (200, 30, 30)), (1, (30, 30, 200))):
            tile = found.items[item].tile
            assert tile is not None
            shown = np.array(sheet.getpixel((TILE * tile + TILE // 2, TILE // 2)))
            assert np.abs(shown - color).max() < 12


def test_a_fusion_that_weighs_nothing_has_no_weights() -> None:
    assert made(None).weights is None
    assert describe_weights(FusionInsight(), ()) is None


def test_items_where_a_modality_dominates_come_first_among_the_named() -> None:
    text = np.array([0.9, 0.2, 0.5, 0.4])
    weights = made({"text": text, "image": 1 - text}).weights
    assert weights is not None
    assert weights.leaning["text"] == ((0, 0.9), (2, 0.5), (3, 0.4), (1, 0.2))
    assert [item for item, _ in weights.leaning["image"]] == [1, 3, 2, 0]
    assert made({"text": text, "image": 1 - text}).named_items()[:2] == (0, 2)


def test_weights_are_counted_by_parts_and_by_category_where_there_is_a_choice() -> None:
    text = np.array([0.02, 0.5, 0.52, 1.0, 1.0, 0.0])
    image = 1 - text
    categories = ("lamp", "lamp", "rug", "lamp", "rug", "rug")
    found = describe_weights(insight_of({"text": text, "image": image}), categories)
    assert found is not None
    assert (found.num_items, found.num_single) == (3, 3)
    assert (found.histogram["text"][0], found.histogram["text"][10]) == (1, 2)
    assert sum(found.histogram["text"]) == 3
    assert found.means["text"] == pytest.approx((0.02 + 0.5 + 0.52) / 3)
    lamp, rug = found.categories
    assert (lamp.category, lamp.num_items) == ("lamp", 2)
    assert lamp.quantiles["text"] == pytest.approx((0.044, 0.14, 0.26, 0.38, 0.476))
    assert rug.quantiles["image"] == pytest.approx((0.48,) * 5)


def test_items_that_have_a_modality_of_no_weight_have_several_all_the_same() -> None:
    rng, everybody = np.random.default_rng(0), np.ones(10, dtype=bool)
    ids = tuple(map(str, range(10)))
    before = Modalities(
        tuple(
            EmbeddingTable(name, ids, rng.normal(size=(10, 4)).astype(np.float32), everybody)
            for name in ("text", "image")
        )
    )
    fitted = WeightedConfig(text_weight=1.0).fit(before, [], 0, Runtime())
    insight = fitted.transform(before).insight
    assert insight is not None
    found = describe_weights(insight, ("",) * 10)
    assert found is not None
    assert (found.num_items, found.num_single) == (10, 0)
    assert found.means == {"text": 1.0, "image": 0.0}
    assert found.histogram["image"][0] == 10


def test_curves_are_numbers_by_step_of_every_modality_and_of_nothing_else() -> None:
    facts = {
        "text/curve": [{"loss": 3.0, "usage/0": 0.25}, {"loss": 2.0, "usage/0": 0.5}],
        "image/curve": [{"loss": float("inf"), "usage/0": 1.0}],
        "text/0/counts": [1, 2],
        "curved": [{"loss": 1.0}],
    }
    assert list(curve_steps("quantization", facts)) == [
        (1, {"quantization/text/curve/loss": 3.0, "quantization/text/curve/usage/0": 0.25}),
        (2, {"quantization/text/curve/loss": 2.0, "quantization/text/curve/usage/0": 0.5}),
        (1, {"quantization/image/curve/usage/0": 1.0}),
    ]


def test_a_long_curve_is_thinned_and_keeps_its_last_epoch() -> None:
    facts = {"curve": [{"loss": float(epoch)} for epoch in range(1, 1001)]}
    steps = list(curve_steps("fusion", facts))
    assert [epoch for epoch, _ in steps] == list(range(5, 1001, 5))
    assert steps[-1] == (1000, {"fusion/curve/loss": 1000.0})
