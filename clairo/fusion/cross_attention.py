"""Tokens of one modality attend to those of the other, before the quantizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from clairo.fusion.learned import LearnedConfig

if TYPE_CHECKING:
    from clairo.fusion.networks import CrossAttentionNetwork


class CrossAttentionConfig(LearnedConfig):
    """Each modality becomes a few tokens; they look at the other's tokens, both ways.

    The joint vector is the mean of all tokens and of what they took from the other side, scaled
    to length 1. Attention hands values on linearly, so it is exactly a sum of a part from text
    and a part from images; the weights that are kept per item are the shares of the parts'
    lengths. Where a modality is missing nobody attends to it.

    Attributes:
        num_tokens: Tokens of each modality.
        num_heads: Attention heads; must divide ``dims``.

    References:
        Vaswani et al. (2017), "Attention is all you need", section 3.2.2; one layer without
        feed-forward.
    """

    kind: Literal["cross_attention"] = "cross_attention"
    num_tokens: Annotated[int, Field(ge=1, le=64)] = 4
    num_heads: Annotated[int, Field(ge=1, le=64)] = 4

    @model_validator(mode="after")
    def _heads_divide_dims(self) -> Self:
        if self.dims % self.num_heads:
            raise ValueError(
                f"num_heads must divide dims, got {self.num_heads} for {self.dims}; use "
                "a divisor, or other dims"
            )
        return self

    def network(self, widths: tuple[int, ...]) -> CrossAttentionNetwork:
        """Random projections until something is learned."""
        from clairo.fusion.networks import CrossAttentionNetwork

        return CrossAttentionNetwork(
            widths, self.hidden, self.dims, self.num_tokens, self.num_heads
        )
