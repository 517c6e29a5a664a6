"""A gate between modalities in every dimension, learned, item by item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from clairo.fusion.learned import LearnedConfig

if TYPE_CHECKING:
    from clairo.fusion.networks import GatedNetwork


class GatedConfig(LearnedConfig):
    """Each dimension of the joint vector is mixed of text and image by a gate of its own.

    The gate is a sigmoid of both projected modalities. The weights that are kept per item are
    the shares of text and image in the squared length of what the gates let through; an item
    with one modality has it alone.

    References:
        Arevalo et al. (2017), "Gated multimodal units for information fusion", equation 3; we
        gate unit vectors instead of tanh activations.
    """

    kind: Literal["gated"] = "gated"

    def network(self, widths: tuple[int, ...]) -> GatedNetwork:
        """Gates are half open until something is learned."""
        from clairo.fusion.networks import GatedNetwork

        return GatedNetwork(widths, self.hidden, self.dims)
