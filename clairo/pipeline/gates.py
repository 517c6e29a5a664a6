"""Cheap checks on codes and tokens that spare an expensive training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from clairo.core.config import Config

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Gates(Config):
    """Limits that a configuration must keep before its model is trained.

    Attributes:
        max_collision_rate: Largest share of items that share their codes with another item
            before disambiguation.
        min_codebook_usage: Smallest share of a codebook's entries that must be used, over all
            codebooks.
        max_tokens_per_item: Largest mean number of tokens per item after merging.
    """

    max_collision_rate: Share | None = None
    min_codebook_usage: Share | None = None
    max_tokens_per_item: Annotated[float, Field(gt=0.0)] | None = None

    def check_codes(self, facts: Mapping[str, Any]) -> str | None:
        """Why these code diagnostics are not acceptable, ``None`` if they are."""
        rate, usage = float(facts["collision_rate"]), float(facts["usage_min"])
        if self.max_collision_rate is not None and rate > self.max_collision_rate:
            return f"collision rate {rate:.3f} is above the gate {self.max_collision_rate:g}"
        if self.min_codebook_usage is not None and usage < self.min_codebook_usage:
            return f"codebook usage {usage:.3f} is below the gate {self.min_codebook_usage:g}"
        return None

    def check_tokens(self, facts: Mapping[str, Any]) -> str | None:
        """Why this tokenizer is not acceptable, ``None`` if it is."""
        tokens = float(facts["tokens_per_item"])
        if self.max_tokens_per_item is not None and tokens > self.max_tokens_per_item:
            return f"{tokens:.2f} tokens per item are above the gate {self.max_tokens_per_item:g}"
        return None
