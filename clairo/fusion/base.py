"""What every fusion offers: one set of vectors out of the modalities that are there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Int

from clairo.core.artifacts import Modalities
from clairo.core.config import Config
from clairo.core.errors import DataError
from clairo.core.stage import Runtime

Source = Literal["text", "image"]
"""A modality that an encoder makes."""


class Fusion(ABC):
    """A fitted way to bring modalities together."""

    @abstractmethod
    def transform(self, modalities: Modalities) -> Modalities:
        """Joined or chosen vectors of all items.

        Raises:
            DataError: A needed modality is not there, or has another width than at fitting.
        """


class FusionConfig(Config):
    """Settings of a fusion."""

    seeded: ClassVar[bool] = False
    """Whether fitting draws random numbers."""

    @abstractmethod
    def needs(self) -> tuple[Source, ...]:
        """The modalities that must be encoded, in the order in which they are used."""

    @abstractmethod
    def fit(
        self,
        modalities: Modalities,
        train_sequences: Iterable[Int[np.ndarray, " _"]],
        seed: int,
        runtime: Runtime,
    ) -> Fusion:
        """Fits without labels.

        Args:
            modalities: Reduced vectors of the modalities of :meth:`needs` (others are left).
            train_sequences: Item indices of every user's training part.
            seed: Seed of the stage.
            runtime: Resources.

        Raises:
            DataError: A needed modality is missing or has no item at all.
        """


def choose(modalities: Modalities, needed: tuple[Source, ...], kind: str) -> Modalities:
    """The needed tables, in that order, each with at least one item.

    Raises:
        DataError: A table is absent or covers no item.
    """
    tables = []
    for name in needed:
        table = modalities.get(name)
        if not table.present.any():
            raise DataError(
                f"Fusion {kind} needs items with {name}, got 0 of {len(table.present)}; "
                "choose a fusion that leaves this modality out, or provide it."
            )
        tables.append(table)
    return Modalities(tuple(tables))
