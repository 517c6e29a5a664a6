"""Gates between modalities that are learned."""

from __future__ import annotations

import math

import pytest
import torch

from clairo.fusion import GatedConfig
from clairo.fusion.networks import GatedNetwork
from tests.contracts.learned_fusion import SMALL, LearnedFusionContract


class TestGated(LearnedFusionContract):
    config_type = GatedConfig

    @pytest.fixture
    def config(self) -> GatedConfig:
        return GatedConfig(**SMALL)


def test_the_gate_is_half_open_until_something_is_learned() -> None:
    network = GatedConfig(**SMALL).network((6, 4))
    joint = network.join(
        network.encode((torch.ones(3, 6), torch.ones(3, 4))),
        torch.tensor([[True, True], [True, False], [False, True]]),
    )
    wanted = torch.tensor([[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]])
    torch.testing.assert_close(joint.weights_NM, wanted)
    assert joint.weights_NM[1:].tolist() == wanted[1:].tolist()


def test_a_gate_counts_by_what_it_lets_through() -> None:
    network = GatedNetwork((2, 2), 4, 2)
    open_to_text = 1 / (1 + math.exp(-6))
    with torch.no_grad():
        network.gate.bias.copy_(torch.tensor([6.0, -6.0]))
    view = torch.tensor([[1.0, 0.0]])
    joint = network.join([view, view], torch.tensor([[True, True]]))
    # Both views lie in the first dimension; the gate of the second has nothing to let through.
    text, image = open_to_text**2, (1 - open_to_text) ** 2
    assert joint.weights_NM[0, 0].item() == pytest.approx(text / (text + image), abs=1e-6)
    assert joint.weights_NM[0, 0].item() > 0.9999


def test_an_item_with_one_modality_is_its_view() -> None:
    network = GatedConfig(**SMALL).network((6, 4))
    joint = network.join(
        network.encode((torch.ones(2, 6), torch.ones(2, 4))),
        torch.tensor([[True, False], [False, True]]),
    )
    for item, view in enumerate(joint.views):
        torch.testing.assert_close(joint.vectors_ND[item], view[item])
