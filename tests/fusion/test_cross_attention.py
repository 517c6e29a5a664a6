"""Tokens of one modality that attend to the other's."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from clairo.fusion import CrossAttentionConfig
from tests.contracts.learned_fusion import SMALL, LearnedFusionContract


class TestCrossAttention(LearnedFusionContract):
    config_type = CrossAttentionConfig

    @pytest.fixture
    def config(self) -> CrossAttentionConfig:
        return CrossAttentionConfig(**SMALL, num_heads=2, num_tokens=3)


def test_weights_are_shares_of_the_lengths_of_two_parts_that_add_up() -> None:
    network = CrossAttentionConfig(**SMALL, num_heads=2).network((6, 4))
    encoded = network.encode((torch.rand(5, 6), torch.rand(5, 4)))
    joint = network.join(encoded, torch.ones(5, 2, dtype=torch.bool))
    text, image = (part.sum(dim=1) for part in encoded)
    lengths = torch.stack([text.norm(dim=1), image.norm(dim=1)], dim=1)
    torch.testing.assert_close(joint.weights_NM, lengths / lengths.sum(dim=1, keepdim=True))
    whole = text + image
    torch.testing.assert_close(joint.vectors_ND, whole / whole.norm(dim=1, keepdim=True))


def test_what_is_taken_from_a_modality_depends_on_who_looks() -> None:
    network = CrossAttentionConfig(**SMALL, num_heads=2).network((6, 4))
    text, image = torch.rand(3, 6), torch.rand(3, 4)
    before = network.encode((text, image))[0]
    after = network.encode((text, image + torch.rand(3, 4)))[0]
    torch.testing.assert_close(before[:, 0], after[:, 0])
    assert not torch.allclose(before[:, 1], after[:, 1], atol=1e-6)


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValidationError, match="num_heads must divide dims, got 3 for 8"):
        CrossAttentionConfig(dims=8, num_heads=3)
