"""Gates between modalities that are learned."""

from __future__ import annotations

import pytest
import torch

from clairo.fusion import GatedConfig
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
    assert joint.weights_NM.tolist() == [[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]]


def test_an_item_with_one_modality_is_its_view() -> None:
    network = GatedConfig(**SMALL).network((6, 4))
    joint = network.join(
        network.encode((torch.ones(2, 6), torch.ones(2, 4))),
        torch.tensor([[True, False], [False, True]]),
    )
    for item, view in enumerate(joint.views):
        torch.testing.assert_close(joint.vectors_ND[item], view[item])
