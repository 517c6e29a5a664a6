"""Clusterings that quantizers are made of: k-means, and residual codebooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, Int

from clairo.quantization.kernels import Kernels


@dataclass(frozen=True)
class KMeans:
    """How rows are clustered.

    Attributes:
        size: Number of centroids.
        iterations: At most so many rounds; fewer where no row changes its cluster any more.
        restarts: Random starts, of which the one with the smallest error is kept.
    """

    size: int
    iterations: int
    restarts: int = 1

    def fit(self, held: Any, kernels: Kernels, seed: int) -> Float32[np.ndarray, "size dims"]:
        """Centroids of held rows, from rows drawn without replacement.

        Args:
            held: Rows, as the kernels hold them; at least ``size``.
            kernels: What computes.
            seed: Of the draws.
        """
        best, least = None, np.inf
        for attempt in range(self.restarts):
            drawn = np.random.default_rng([seed, attempt]).permutation(len(held))[: self.size]
            centroids, error = self.improve(held, kernels, kernels.take(held, drawn))
            if best is None or error < least:
                best, least = centroids, error
        assert best is not None
        return best

    def improve(
        self, held: Any, kernels: Kernels, centroids: Float32[np.ndarray, "size dims"]
    ) -> tuple[Float32[np.ndarray, "size dims"], float]:
        """Rounds of Lloyd's algorithm: centroids, and the squared error before the last means.

        An empty cluster starts anew at the row that is farthest from its centroid.
        """
        before, error = None, np.inf
        for _ in range(self.iterations):
            codes, distances = kernels.nearest(held, centroids)
            error = float(distances.sum(dtype=np.float64))
            if before is not None and np.array_equal(codes, before):
                break
            counts = np.bincount(codes, minlength=len(centroids))
            totals = kernels.sums(held, codes, len(centroids))
            filled = counts > 0
            centroids = centroids.copy()
            centroids[filled] = totals[filled] / counts[filled, None].astype(np.float32)
            empty = np.flatnonzero(~filled)
            if len(empty):
                farthest = np.argsort(-distances, kind="stable")[: len(empty)]
                centroids[empty] = kernels.take(held, farthest)
            before = codes
        return centroids, error


def residual_codebooks(
    held: Any, kernels: Kernels, clustering: KMeans, num_codebooks: int, seed: int
) -> Float32[np.ndarray, "levels size dims"]:
    """One clustering after another, each of what those before it left over."""
    levels = []
    for level in range(num_codebooks):
        centroids = clustering.fit(held, kernels, seed + level)
        levels.append(centroids)
        if level < num_codebooks - 1:
            held = kernels.minus(held, centroids, kernels.nearest(held, centroids)[0])
    return np.stack(levels)


def refit_codebooks(
    held: Any,
    kernels: Kernels,
    codebooks: Float32[np.ndarray, "levels size dims"],
    codes: Int[np.ndarray, "rows levels"],
    sweeps: int = 2,
) -> Float32[np.ndarray, "levels size dims"]:
    """Codebooks that fit fixed codes better, by block-wise least squares.

    Level after level each centroid moves by the mean of what its rows still lack, which is the
    best for the other levels as they are. The full system over all levels has a matrix of
    ``(levels * size)`` squared, which 65,536 centroids would not survive; two sweeps come close
    to its solution. Centroids without rows stay.
    """
    moved, left = codebooks.copy(), held
    for level, centroids in enumerate(codebooks):
        left = kernels.minus(left, centroids, codes[:, level])
    for _ in range(sweeps):
        for level in range(len(moved)):
            counts = np.bincount(codes[:, level], minlength=moved.shape[1])
            lacking = kernels.sums(left, codes[:, level], moved.shape[1])
            step = lacking / np.maximum(counts, 1)[:, None].astype(np.float32)
            moved[level] += step
            left = kernels.minus(left, step, codes[:, level])
    return moved
