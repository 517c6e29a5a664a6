"""Weights over modalities, learned, item by item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from clairo.fusion.learned import LearnedConfig

if TYPE_CHECKING:
    from clairo.fusion.networks import AttentionNetwork


class AttentionConfig(LearnedConfig):
    """The joint vector is a weighted mean of the projected modalities of an item.

    Each modality scores itself by a small network; a softmax over those that are present gives
    the weights. All projections have length 1, so a weight is what a modality contributes.
    Weights go where items can be told apart: a modality whose vectors repeat can neither rebuild
    the other nor say which item is meant.
    """

    kind: Literal["attention"] = "attention"

    def network(self, widths: tuple[int, ...]) -> AttentionNetwork:
        """Equal weights until something is learned."""
        from clairo.fusion.networks import AttentionNetwork

        return AttentionNetwork(widths, self.hidden, self.dims)
