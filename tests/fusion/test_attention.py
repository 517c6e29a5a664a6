"""Weights over modalities that are learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from clairo.core.artifacts import EmbeddingTable, Modalities
from clairo.core.stage import Runtime
from clairo.fusion import AttentionConfig
from tests.contracts.learned_fusion import SMALL, LearnedFusionContract
from tests.worlds import twin_vectors


class TestAttention(LearnedFusionContract):
    config_type = AttentionConfig

    @pytest.fixture
    def config(self) -> AttentionConfig:
        return AttentionConfig(**SMALL)


def test_modalities_weigh_the_same_until_something_is_learned() -> None:
    network = AttentionConfig(**SMALL).network((6, 4))
    everything = torch.ones(2, 2, dtype=torch.bool)
    joint = network.join(network.encode((torch.rand(2, 6), torch.rand(2, 4))), everything)
    assert joint.weights_NM.tolist() == [[0.5, 0.5], [0.5, 0.5]]


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("telling", ["image", "text"])
def test_the_weight_goes_to_the_modality_that_tells_items_apart(telling: str, seed: int) -> None:
    world = twin_vectors(telling, seed)
    fitted = AttentionConfig().fit(world.modalities, world.sequences, seed, Runtime())
    weights = fitted.transform(world.modalities).insight.weights
    assert weights[telling].mean() > 0.9
    assert weights[telling].min() > 0.75


@pytest.mark.parametrize("telling", ["image", "text"])
def test_it_does_so_without_any_history(telling: str) -> None:
    world = twin_vectors(telling)
    fitted = AttentionConfig().fit(world.modalities, [], 0, Runtime())
    assert fitted.transform(world.modalities).insight.weights[telling].mean() > 0.8


@pytest.mark.parametrize("telling", ["image", "text"])
def test_it_does_so_only_because_vectors_repeat(telling: str) -> None:
    world = twin_vectors(telling)
    rng = np.random.default_rng(0)
    tables = [
        replace(t, vectors=(t.vectors + rng.normal(size=t.vectors.shape)).astype(np.float32))
        for t in world.modalities.tables
    ]
    unlike = Modalities(tuple(tables))
    weights = AttentionConfig().fit(unlike, [], 0, Runtime()).transform(unlike).insight.weights
    assert abs(weights[telling].mean() - 0.5) < 0.2


def test_the_weight_is_that_of_the_item_where_both_kinds_of_twins_are_in_one_world() -> None:
    by_image, by_text = twin_vectors("image", seed=0), twin_vectors("text", seed=1)
    half = len(by_image.modalities.item_ids)
    tables = [
        EmbeddingTable(
            name,
            tuple(map(str, range(2 * half))),
            np.vstack([world.modalities.get(name).vectors for world in (by_image, by_text)]),
            np.ones(2 * half, dtype=bool),
        )
        for name in ("text", "image")
    ]
    both = Modalities(tuple(tables))
    sequences = by_image.sequences + [items + half for items in by_text.sequences]
    weights = AttentionConfig().fit(both, sequences, 0, Runtime()).transform(both).insight.weights
    assert weights["image"][:half].mean() > 0.85
    assert weights["text"][half:].mean() > 0.85
