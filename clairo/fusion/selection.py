"""Fusions that leave vectors as they are: one modality alone, or both apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Int

from clairo.core.artifacts import Modalities
from clairo.core.stage import Runtime
from clairo.fusion.base import Fusion, FusionConfig, Source, choose


@dataclass(frozen=True)
class Selection(Fusion):
    """Hands on some modalities unchanged.

    Attributes:
        sources: Which, in order.
        kind: The fusion's name, for messages.
    """

    sources: tuple[Source, ...]
    kind: str

    def transform(self, modalities: Modalities) -> Modalities:
        """The chosen tables, unchanged."""
        return choose(modalities, self.sources, self.kind)


class _SelectionConfig(FusionConfig):
    """Shared by the fusions that only choose; each names its kind."""

    kind: str

    def fit(
        self,
        modalities: Modalities,
        train_sequences: Iterable[Int[np.ndarray, " _"]],
        seed: int,
        runtime: Runtime,
    ) -> Selection:
        """Checks that the modalities are there; nothing is learned."""
        choose(modalities, self.needs(), self.kind)
        return Selection(self.needs(), self.kind)


class TextOnlyConfig(_SelectionConfig):
    """Items are what their text says; pictures are not looked at."""

    kind: Literal["text_only"] = "text_only"

    def needs(self) -> tuple[Source, ...]:
        """Text."""
        return ("text",)


class ImageOnlyConfig(_SelectionConfig):
    """Items are what their picture shows; text is not looked at."""

    kind: Literal["image_only"] = "image_only"

    def needs(self) -> tuple[Source, ...]:
        """Images."""
        return ("image",)


class NoFusionConfig(_SelectionConfig):
    """Modalities stay apart and get codebooks of their own; they meet in the merges."""

    kind: Literal["none"] = "none"

    def needs(self) -> tuple[Source, ...]:
        """Text and images."""
        return ("text", "image")
