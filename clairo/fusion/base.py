"""What every fusion offers: one set of vectors out of the modalities that are there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Bool, Int

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


def widths_of(modalities: Modalities) -> tuple[int, ...]:
    """Width of every table, in order."""
    return tuple(table.dims for table in modalities.tables)


def require_widths(modalities: Modalities, widths: tuple[int, ...], kind: str) -> None:
    """Refuses vectors of other widths than those that were fitted.

    Raises:
        DataError: A table is wider or narrower than at fitting.
    """
    if widths_of(modalities) != widths:
        raise DataError(
            f"Fusion {kind} was fitted on widths {widths}, got "
            f"{widths_of(modalities)}; fit it on the same reduced vectors."
        )


def occurring(
    sequences: Iterable[Int[np.ndarray, " _"]], num_items: int
) -> Bool[np.ndarray, " items"]:
    """Which items occur in any sequence."""
    found = np.zeros(num_items, dtype=bool)
    for sequence in sequences:
        found[sequence] = True
    return found


def presence(modalities: Modalities) -> Bool[np.ndarray, "items modalities"]:
    """Which item has which modality, one column per table."""
    return np.stack([table.present for table in modalities.tables], axis=1)


def has_any(modalities: Modalities) -> Bool[np.ndarray, " items"]:
    """Items with at least one of the modalities."""
    found: Bool[np.ndarray, " items"] = np.any(presence(modalities), axis=1)
    return found


def has_all(modalities: Modalities) -> Bool[np.ndarray, " items"]:
    """Items with every modality."""
    found: Bool[np.ndarray, " items"] = np.all(presence(modalities), axis=1)
    return found


def joint_facts(modalities: Modalities, dims: int) -> dict[str, Any]:
    """What the table of joint vectors says of itself, whatever made them.

    Args:
        modalities: What was joined.
        dims: Width of the joint vectors.

    Returns:
        ``dims``, ``coverage`` (share of items with any modality), ``both_share`` (with all).
    """
    return {
        "dims": dims,
        "coverage": float(has_any(modalities).mean()),
        "both_share": float(has_all(modalities).mean()),
    }
