"""Residual k-means: each codebook clusters what the ones before it left over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32
from pydantic import Field

from clairo.core.artifacts import EmbeddingTable
from clairo.core.stage import Runtime
from clairo.core.threads import limit_threads
from clairo.quantization.base import Quantizer, QuantizerConfig, require_vectors

_BLOCK_ROWS = 8192


class RqKmeansConfig(QuantizerConfig):
    """Layer-wise k-means on residuals.

    Codes go from coarse to fine, so items that share their first codes are alike. Greedy
    layers take seconds where faiss's beam search over layers takes minutes, and need no
    gradient training, unlike RQ-VAE.

    Attributes:
        iterations: Lloyd iterations per codebook.
        restarts: Random starts per codebook, of which the one with the smallest error is
            kept. A single start often merges two clear clusters of a small catalogue.

    References:
        Chen, Guan and Wang (2010), "Approximate nearest neighbor search by residual vector
        quantization", section 3; the semantic ids of Rajput et al. (2023), "Recommender
        systems with generative retrieval", use residual codes of a trained latent instead.
    """

    kind: Literal["rq_kmeans"] = "rq_kmeans"
    iterations: Annotated[int, Field(ge=1, le=1000)] = 25
    restarts: Annotated[int, Field(ge=1, le=100)] = 1

    def fit(
        self,
        table: EmbeddingTable,
        train_items: Bool[np.ndarray, " items"],
        seed: int,
        runtime: Runtime,
    ) -> RqKmeans:
        """Clusters layer after layer, in one thread: cut sums would depend on the cores."""
        rows = self.training_rows(table, train_items)
        residuals, codebooks = rows, []
        for level in range(self.num_codebooks):
            centroids = self._cluster(residuals, seed + level)
            codebooks.append(centroids)
            residuals = residuals - centroids[_nearest(residuals, centroids)]
        return RqKmeans({"fitted_on": len(rows)}, np.stack(codebooks))

    def _cluster(
        self, rows: Float32[np.ndarray, "rows dims"], seed: int
    ) -> Float32[np.ndarray, "size dims"]:
        """Centroids of all rows by faiss; an empty cluster takes half of a crowded one."""
        import faiss

        kmeans = faiss.Kmeans(
            rows.shape[1],
            self.codebook_size,
            niter=self.iterations,
            nredo=self.restarts,
            seed=seed,
            # Never a silent subsample, and no complaint about few points: fit() has checked.
            min_points_per_centroid=1,
            max_points_per_centroid=max(1, len(rows)),
        )
        with limit_threads(1):
            kmeans.train(np.ascontiguousarray(rows))
        centroids = np.asarray(kmeans.centroids, dtype=np.float32)
        return centroids.reshape(self.codebook_size, rows.shape[1])


@dataclass(frozen=True)
class RqKmeans(Quantizer):
    """Fitted residual codebooks.

    Attributes:
        codebooks: Centroids, coarsest codebook first.
    """

    codebooks: Float32[np.ndarray, "codebooks size dims"]

    def encode(
        self, vectors: Float[np.ndarray, "rows dims"]
    ) -> Int32[np.ndarray, "rows codebooks"]:
        """Nearest centroid of the residual, codebook by codebook; ties to the smaller code.

        Example:
            >>> coarse, fine = [[0.0, 0.0], [10.0, 10.0]], [[-1.0, 0.0], [1.0, 0.0]]
            >>> fitted = RqKmeans({}, np.array([coarse, fine], dtype=np.float32))
            >>> fitted.encode(np.array([[9.0, 10.0], [1.0, 0.0]])).tolist()
            [[1, 0], [0, 1]]
        """
        require_vectors(vectors, self.codebooks.shape[2])
        residuals = vectors.astype(np.float32)
        codes = np.empty((len(vectors), len(self.codebooks)), dtype=np.int32)
        for level, centroids in enumerate(self.codebooks):
            codes[:, level] = _nearest(residuals, centroids)
            residuals = residuals - centroids[codes[:, level]]
        return codes

    def decode(self, codes: Int32[np.ndarray, "rows codebooks"]) -> Float[np.ndarray, "rows dims"]:
        """Sum of the chosen centroids."""
        levels = np.arange(len(self.codebooks))
        return self.codebooks[levels, codes].sum(axis=1)


def _nearest(
    rows: Float32[np.ndarray, "rows dims"], centroids: Float32[np.ndarray, "size dims"]
) -> Int32[np.ndarray, " rows"]:
    """Index of the nearest centroid of each row, the smaller index on a tie."""
    lengths = np.square(centroids).sum(axis=1)
    nearest = np.empty(len(rows), dtype=np.int32)
    with limit_threads(1):
        for start in range(0, len(rows), _BLOCK_ROWS):
            block = rows[start : start + _BLOCK_ROWS]
            distances = lengths - 2.0 * (block @ centroids.T)
            nearest[start : start + _BLOCK_ROWS] = distances.argmin(axis=1)
    return nearest
