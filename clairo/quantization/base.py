"""What every quantizer offers: vectors to a few small integers, and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from jaxtyping import Bool, Float, Int32, Int64
from pydantic import AfterValidator, Field

from clairo.core.artifacts import EmbeddingTable, Facts
from clairo.core.errors import DataError
from clairo.core.stage import Runtime
from clairo.quantization.disambiguation import UniqueConfig


def _power_of_two(value: int) -> int:
    """Refuses a codebook size that is no power of two."""
    if value & (value - 1):
        below = 1 << (value.bit_length() - 1)
        raise ValueError(
            f"codebook_size must be a power of two, got {value}; use {below} or {2 * below}"
        )
    return value


@dataclass(frozen=True)
class Quantizer(ABC):
    """A fitted quantizer.

    Attributes:
        facts: What fitting decided: ``fitted_on``, the number of items, and more.
    """

    facts: Facts

    @abstractmethod
    def encode(
        self, vectors: Float[np.ndarray, "rows dims"]
    ) -> Int32[np.ndarray, "rows codebooks"]:
        """One code per codebook, each from 0 to ``codebook_size - 1``.

        Raises:
            DataError: Vectors are not finite or not as wide as those it was fitted on.
        """

    @abstractmethod
    def decode(self, codes: Int32[np.ndarray, "rows codebooks"]) -> Float[np.ndarray, "rows dims"]:
        """The vectors that the codes stand for."""

    def alternatives(
        self,
        vector: Float[np.ndarray, " dims"],
        codes: Int32[np.ndarray, " codebooks"],
        level: int,
        size: int,
    ) -> Int64[np.ndarray, " size"]:
        """All codes of one level, that which brings the decoded vector nearest first.

        Args:
            vector: What is coded.
            codes: Its codes; those of the other levels stay.
            level: Which codebook.
            size: Number of its centroids.
        """
        tried = np.repeat(codes[None], size, axis=0)
        tried[:, level] = np.arange(size)
        distances = np.square(self.decode(tried) - vector).sum(axis=1)
        return np.argsort(distances, kind="stable")


class QuantizerConfig(UniqueConfig):
    """Settings that all quantizers have, beside those of :class:`UniqueConfig`.

    Attributes:
        codebooks: ``shared`` for one vector per item, ``separate`` for one quantizer per
            modality (goes with fusion ``none``).
        num_codebooks: Codes per vector, so per modality where codebooks are separate.
        codebook_size: Centroids per codebook, a power of two.
        fit_on: Items in training histories only, or ``all``.
    """

    seeded: ClassVar[bool] = True
    """Fitting starts from random centroids, and disambiguation draws permutations."""

    codebooks: Literal["shared", "separate"] = "shared"
    num_codebooks: Annotated[int, Field(ge=1, le=15)] = 4
    codebook_size: Annotated[int, Field(ge=2, le=65536), AfterValidator(_power_of_two)] = 256
    fit_on: Literal["train", "all"] = "train"

    @abstractmethod
    def fit(
        self,
        table: EmbeddingTable,
        train_items: Bool[np.ndarray, " items"],
        seed: int,
        runtime: Runtime,
    ) -> Quantizer:
        """Fits on the present items of ``fit_on``.

        Args:
            table: Vectors of one modality, or fused ones.
            train_items: Which items occur in training histories.
            seed: Seed of the stage.
            runtime: Resources; the number of threads never changes the codes.

        Raises:
            DataError: There are fewer items to fit on than centroids.
        """

    def training_rows(
        self, table: EmbeddingTable, train_items: Bool[np.ndarray, " items"]
    ) -> Float[np.ndarray, "rows dims"]:
        """The vectors to fit on, in single precision.

        Raises:
            DataError: They are fewer than the centroids of a codebook.
        """
        chosen = table.present & train_items if self.fit_on == "train" else table.present
        count = int(chosen.sum())
        if count < self.codebook_size:
            other = " or fit_on: all" if self.fit_on == "train" else ""
            raise DataError(
                f"Quantization needs at least as many items as centroids, got {count} "
                f"{table.modality} items to fit on for codebook_size={self.codebook_size} "
                f"(of {len(chosen)} in the catalogue, {int(table.present.sum())} with "
                f"{table.modality} vectors); choose a smaller codebook_size{other}."
            )
        return np.ascontiguousarray(table.vectors[chosen], dtype=np.float32)


def require_vectors(vectors: Float[np.ndarray, "rows dims"], dims: int) -> None:
    """Refuses vectors that a fitted quantizer cannot encode.

    Raises:
        DataError: Wrong width, or a value is NaN or infinite.
    """
    if vectors.shape[1] != dims:
        raise DataError(
            f"The quantizer was fitted on {dims} dims, got vectors with {vectors.shape[1]}; "
            "encode vectors of the same reduction."
        )
    bad = int((~np.isfinite(vectors)).any(axis=1).sum())
    if bad:
        raise DataError(
            f"Vectors to quantize must be finite, {bad} of {len(vectors)} rows are not; "
            "check the encoder or mark these items as missing."
        )
