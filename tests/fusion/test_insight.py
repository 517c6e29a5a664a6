"""Shares and probes that every joint table has."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.core.artifacts import EmbeddingTable, Modalities
from clairo.core.stage import Runtime
from clairo.fusion import ConcatConfig
from clairo.fusion.insight import MAX_PROBES, draw_probes, shares_of


def tables(text: list[bool], image: list[bool]) -> Modalities:
    ids = tuple(map(str, range(len(text))))
    rng = np.random.default_rng(0)
    made = []
    for name, present in (("text", text), ("image", image)):
        vectors = rng.normal(size=(len(ids), 3)) * np.array(present)[:, None]
        made.append(EmbeddingTable(name, ids, vectors.astype(np.float32), np.array(present)))
    return Modalities(tuple(made))


def fuse(modalities: Modalities) -> Modalities:
    return ConcatConfig().fit(modalities, [], 0, Runtime()).transform(modalities)


@pytest.mark.parametrize("count", [2, 3, 50, 5000])
def test_every_probed_item_gets_the_vector_of_another_and_each_vector_is_used_once(
    count: int,
) -> None:
    candidates = 3 * np.arange(count)
    items, partners = draw_probes(candidates)
    assert len(items) == min(count, MAX_PROBES)
    assert (np.diff(items) > 0).all()
    assert (items != partners).all()
    assert set(partners) == set(items) <= set(candidates)


def test_the_same_items_are_probed_each_time() -> None:
    for first, second in zip(
        draw_probes(np.arange(3000)), draw_probes(np.arange(3000)), strict=True
    ):
        np.testing.assert_array_equal(first, second)


def test_where_fewer_than_two_items_have_both_there_is_no_probe() -> None:
    insight = fuse(tables([True, True, False], [True, False, True])).insight
    assert len(insight.probe_items) == 0
    assert insight.probes == {}


def test_shares_are_of_what_an_item_has() -> None:
    modalities = tables([True, True, False, False, True], [True, False, True, False, True])
    amounts = np.array([[1.0, 3.0], [1.0, 3.0], [1.0, 3.0], [1.0, 3.0], [0.0, 0.0]])
    shares = shares_of(modalities, amounts)
    assert shares["text"].tolist() == [0.25, 1.0, 0.0, 0.0, 0.5]
    assert shares["image"].tolist() == [0.75, 0.0, 1.0, 0.0, 0.5]


def test_scaled_to_one_length_modalities_share_evenly_and_by_length_otherwise() -> None:
    both = tables([True] * 4, [True] * 4)
    np.testing.assert_allclose(fuse(both).insight.weights["text"], 0.5, atol=1e-6)
    plain = ConcatConfig(normalize=False).fit(both, [], 0, Runtime()).transform(both)
    text, image = (np.square(t.vectors).sum(axis=1) for t in both.tables)
    np.testing.assert_allclose(plain.insight.weights["text"], text / (text + image), rtol=1e-5)
