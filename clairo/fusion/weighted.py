"""Side by side, with a fixed say of the text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Float64, Int
from pydantic import Field

from clairo.core.artifacts import EmbeddingTable, Modalities
from clairo.core.stage import Runtime
from clairo.core.vectors import unit_rows
from clairo.fusion.base import (
    Fusion,
    FusionConfig,
    Source,
    choose,
    has_any,
    joint_facts,
    require_widths,
    widths_of,
)
from clairo.fusion.insight import shares_of, with_insight


class WeightedConfig(FusionConfig):
    """Concatenates unit vectors of text and image, each scaled by the root of its weight.

    The squared length of a joint vector is 1, and so the squared distance of two items with
    both modalities is the weighted mean of the distances within the modalities. Weights are
    shared out anew among the modalities that an item has: one that has a single modality
    consists of it, even where that weighs 0 in others.

    Attributes:
        text_weight: Share of the text, 0 to 1; images have the rest.
    """

    kind: Literal["weighted"] = "weighted"
    text_weight: Annotated[float, Field(ge=0.0, le=1.0)] = 0.5

    def needs(self) -> tuple[Source, ...]:
        """Text and images."""
        return ("text", "image")

    def fit(
        self,
        modalities: Modalities,
        train_sequences: Iterable[Int[np.ndarray, " _"]],
        seed: int,
        runtime: Runtime,
    ) -> Weighted:
        """Remembers the widths; nothing is learned."""
        chosen = choose(modalities, self.needs(), self.kind)
        weights = (self.text_weight, 1.0 - self.text_weight)
        return Weighted(self.needs(), widths_of(chosen), weights)


@dataclass(frozen=True)
class Weighted(Fusion):
    """Unit vectors side by side, scaled.

    Attributes:
        sources: Modalities in the order of their columns.
        widths: Width of each at fitting.
        weights: Share of each in an item that has all.
    """

    sources: tuple[Source, ...]
    widths: tuple[int, ...]
    weights: tuple[float, ...]

    def transform(self, modalities: Modalities) -> Modalities:
        """One ``fused`` table."""
        chosen = choose(modalities, self.sources, "weighted")
        require_widths(chosen, self.widths, "weighted")
        return with_insight(self.join, chosen, shares_of(chosen, self._amounts(chosen)))

    def join(self, modalities: Modalities) -> EmbeddingTable:
        """The fused table; an item is present when any of its modalities is."""
        shares = shares_of(modalities, self._amounts(modalities))
        vectors = np.hstack(
            [
                unit_rows(table.vectors) * np.sqrt(shares[table.modality])[:, None]
                for table in modalities.tables
            ]
        ).astype(np.float32)
        facts = joint_facts(modalities, vectors.shape[1])
        present = has_any(modalities)
        return EmbeddingTable("fused", modalities.item_ids, vectors, present, facts)

    def _amounts(self, modalities: Modalities) -> Float64[np.ndarray, "items modalities"]:
        return np.tile(np.array(self.weights), (len(modalities.item_ids), 1))
