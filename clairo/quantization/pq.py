"""Product quantization: cut vectors into equal parts, cluster each part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32
from pydantic import Field

from clairo.core.artifacts import EmbeddingTable
from clairo.core.stage import Runtime
from clairo.quantization.base import Quantizer, QuantizerConfig, require_vectors
from clairo.quantization.clustering import KMeans
from clairo.quantization.diagnostics import fit_point
from clairo.quantization.kernels import Kernels, NumpyKernels, kernels_for
from clairo.quantization.padding import padded_places, spread_columns


class PqConfig(QuantizerConfig):
    """Product quantization as it is, without a rotation: the baseline of ``opq``.

    After a PCA the first part has most of the variance and the last nearly none, so the
    codebooks are unequal; ``opq`` mends that. Where the width does not divide by the number of
    codebooks, the first parts are one dim wider than the last, which are padded with a zero, and
    the fact ``padded_dims`` says how many zeros there are.

    Attributes:
        iterations: Lloyd iterations per codebook.
        restarts: Random starts per codebook, of which the one with the smallest error is kept.

    References:
        Jégou, Douze and Schmid (2011), "Product quantization for nearest neighbor search",
        section 2.
    """

    kind: Literal["pq"] = "pq"
    iterations: Annotated[int, Field(ge=1, le=1000)] = 25
    restarts: Annotated[int, Field(ge=1, le=100)] = 1

    def fit(
        self,
        table: EmbeddingTable,
        train_items: Bool[np.ndarray, " items"],
        seed: int,
        runtime: Runtime,
    ) -> Pq:
        """Clusters each part for itself."""
        rows = self.training_rows(table, train_items)
        kernels = kernels_for(runtime)
        held = kernels.hold(spread_columns(rows, self.num_codebooks))
        clustering = KMeans(self.codebook_size, self.iterations, self.restarts)
        parts = [
            clustering.fit(columns, kernels, seed + part)
            for part, columns in enumerate(split_columns(held, self.num_codebooks, kernels))
        ]
        fitted = Pq({}, np.stack(parts), table.dims, kernels)
        codes = fitted.encode(rows)
        facts = {
            "fitted_on": len(rows),
            "device": kernels.name,
            "padded_dims": held.shape[1] - table.dims,
            "curve": [fit_point(rows, fitted.decode(codes), codes, self.codebook_size)],
        }
        return Pq(facts, fitted.codebooks, table.dims, kernels)


@dataclass(frozen=True)
class Pq(Quantizer):
    """Fitted codebooks of parts.

    Attributes:
        codebooks: Centroids of each part.
        dims: Width of the vectors it accepts, before padding.
        kernels: What encodes.
    """

    codebooks: Float32[np.ndarray, "codebooks size part"]
    dims: int
    kernels: Kernels = field(default_factory=NumpyKernels, repr=False)

    def encode(
        self, vectors: Float[np.ndarray, "rows dims"]
    ) -> Int32[np.ndarray, "rows codebooks"]:
        """Nearest centroid of each part.

        Example:
            >>> centroids = np.array([[[0.0], [8.0]], [[0.0], [2.0]]], dtype=np.float32)
            >>> Pq({}, centroids, dims=2).encode(np.array([[7.0, 0.5], [1.0, 1.5]])).tolist()
            [[1, 0], [0, 1]]
        """
        require_vectors(vectors, self.dims)
        held = self.kernels.hold(spread_columns(vectors, len(self.codebooks)))
        return encode_parts(held, self.codebooks, self.kernels)

    def decode(self, codes: Int32[np.ndarray, "rows codebooks"]) -> Float[np.ndarray, "rows dims"]:
        """Centroids side by side, padding taken off."""
        return decode_parts(codes, self.codebooks)[:, padded_places(self.dims, len(self.codebooks))]


def split_columns(held: Any, num_parts: int, kernels: Kernels) -> Iterator[Any]:
    """Held rows, cut into parts of equal width."""
    width = held.shape[1] // num_parts
    for start in range(0, held.shape[1], width):
        yield kernels.columns(held, start, start + width)


def encode_parts(
    held: Any, codebooks: Float32[np.ndarray, "codebooks size part"], kernels: Kernels
) -> Int32[np.ndarray, "rows codebooks"]:
    """Nearest centroid of each part of held rows."""
    parts = split_columns(held, len(codebooks), kernels)
    columns = [
        kernels.nearest(part, centroids)[0]
        for part, centroids in zip(parts, codebooks, strict=True)
    ]
    return np.stack(columns, axis=1)


def decode_parts(
    codes: Int32[np.ndarray, "rows codebooks"],
    codebooks: Float32[np.ndarray, "codebooks size part"],
) -> Float32[np.ndarray, "rows dims"]:
    """Centroids side by side."""
    return np.concatenate([table[codes[:, part]] for part, table in enumerate(codebooks)], axis=1)
