"""What every encoder offers: one vector per item of one modality."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float

from clairo.core.artifacts import EmbeddingTable, Facts, ItemCatalog, Modality
from clairo.core.config import Config
from clairo.core.errors import DataError
from clairo.core.stage import Runtime


class EncoderConfig(Config):
    """Settings of an encoder."""

    modality: ClassVar[Modality]
    """What it looks at."""

    seeded: ClassVar[bool] = False
    """Whether encoding draws random numbers; if not, all seeds share its result."""

    def require_weights(self) -> None:
        """Finds out within seconds whether the weights can be had, before anything is run.

        Raises:
            ConfigError: There is no such model.
            DataError: They are not on this machine and their hub does not answer.
        """

    piecewise: ClassVar[bool] = False
    """Whether it works piece by piece, so that a cluster can share the work."""

    @abstractmethod
    def encode(self, catalog: ItemCatalog, seed: int, runtime: Runtime) -> EmbeddingTable:
        """Vectors of all items, in catalogue order; items without the modality are missing.

        Facts: ``dims``, ``coverage``, ``num_present`` and what the method adds.

        Args:
            catalog: The items.
            seed: Seed of the stage.
            runtime: Resources.

        Raises:
            DataError: No item has the modality, or weights cannot be loaded.
        """


class TextEncoderConfig(EncoderConfig):
    """An encoder of item sentences."""

    modality: ClassVar[Modality] = "text"


class ImageEncoderConfig(EncoderConfig):
    """An encoder of item pictures."""

    modality: ClassVar[Modality] = "image"


def present_sentences(catalog: ItemCatalog) -> tuple[list[str], Bool[np.ndarray, " items"]]:
    """Sentences of the items that have one, and which items these are.

    Raises:
        DataError: No item has one.
    """
    present = np.array([bool(sentence.strip()) for sentence in catalog.sentences], dtype=bool)
    if not present.any():
        raise DataError(
            f"A text encoder needs items with a sentence, got 0 of {len(catalog)}; add "
            "metadata or other text fields, or choose fusion image_only."
        )
    return [catalog.sentences[item] for item in np.flatnonzero(present)], present


def place_rows(
    modality: Modality,
    catalog: ItemCatalog,
    present: Bool[np.ndarray, " items"],
    rows: Float[np.ndarray, "present dims"],
    facts: Facts,
) -> EmbeddingTable:
    """Puts vectors of present items at their places and zeros elsewhere.

    Args:
        modality: What the vectors were made from.
        catalog: All items.
        present: Which items the rows belong to, in catalogue order.
        rows: One vector per present item.
        facts: What the method found out; ``dims``, ``coverage`` and ``num_present`` are added.
    """
    vectors = np.zeros((len(catalog), rows.shape[1]), dtype=np.float32)
    vectors[present] = rows
    counted: dict[str, Any] = {
        "dims": rows.shape[1],
        "coverage": float(present.mean()),
        "num_present": int(present.sum()),
    }
    return EmbeddingTable(modality, catalog.item_ids, vectors, present, {**counted, **facts})
