"""What every reduction offers: fewer dimensions for one modality."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from jaxtyping import Bool

from clairo.core.artifacts import EmbeddingTable, Facts
from clairo.core.config import Config
from clairo.core.errors import DataError


class Reduction(ABC):
    """A fitted map of one modality's vectors to fewer dimensions."""

    @abstractmethod
    def transform(self, table: EmbeddingTable) -> EmbeddingTable:
        """The table with reduced vectors; the same items are present.

        Facts of the input are kept; ``dims``, ``dims_before``, ``dims_kept``,
        ``variance_kept``, ``bytes_before``, ``bytes_after`` and ``bytes_saved_share`` are added.

        Raises:
            DataError: The vectors are not as wide as those it was fitted on.
        """


class ReductionConfig(Config):
    """Settings of a reduction."""

    seeded: ClassVar[bool] = False
    """Whether fitting draws random numbers."""

    @abstractmethod
    def fit(
        self, table: EmbeddingTable, train_items: Bool[np.ndarray, " items"], seed: int
    ) -> Reduction:
        """Fits on present items.

        Args:
            table: Vectors of one modality.
            train_items: Which items occur in training histories.
            seed: Seed of the stage.

        Raises:
            DataError: The vectors cannot be reduced; the message says why.
        """


def reduction_facts(table: EmbeddingTable, dims_kept: int, variance_kept: float) -> Facts:
    """The table's facts with what a reduction did to it.

    Example:
        >>> table = EmbeddingTable("text", ("a",), np.ones((1, 8)), np.array([True]))
        >>> reduction_facts(table, 2, 0.9)["bytes_saved_share"]
        0.75
    """
    return {
        **table.facts,
        "dims": dims_kept,
        "dims_before": table.dims,
        "dims_kept": dims_kept,
        "variance_kept": variance_kept,
        "bytes_before": table.vectors.nbytes,
        "bytes_after": table.vectors.nbytes * dims_kept // table.dims,
        "bytes_saved_share": 1.0 - dims_kept / table.dims,
    }


def require_width(table: EmbeddingTable, dims: int) -> None:
    """Refuses vectors of another width than those that were fitted."""
    if table.dims != dims:
        raise DataError(
            f"This reduction was fitted on {dims} dims, got {table.modality} vectors with "
            f"{table.dims}; fit it on vectors of the same encoder."
        )
