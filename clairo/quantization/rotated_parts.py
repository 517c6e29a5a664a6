"""Optimized product quantization by our own kernels, the same on every device."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Int32

from clairo.core.threads import limit_threads
from clairo.quantization.base import Quantizer, require_vectors
from clairo.quantization.clustering import KMeans
from clairo.quantization.diagnostics import fit_point
from clairo.quantization.kernels import Kernels
from clairo.quantization.padding import pad_columns
from clairo.quantization.pq import decode_parts, encode_parts, split_columns

_LLOYD_AT_FIRST, _LLOYD_A_ROUND, _LLOYD_AT_LAST = 40, 4, 25
"""As in faiss: the first clustering starts from random rows, later ones from the last."""


@dataclass(frozen=True)
class RotatedPq(Quantizer):
    """A rotation and the codebooks of parts.

    Attributes:
        mean: Taken off before rotating, in the width of the vectors.
        rotation: Orthogonal; rows of vectors are multiplied with it from the right.
        codebooks: Centroids of each part of what was rotated.
        kernels: What encodes.
    """

    mean: Float32[np.ndarray, " dims"]
    rotation: Float32[np.ndarray, "padded padded"]
    codebooks: Float32[np.ndarray, "codebooks size part"]
    kernels: Kernels = field(repr=False)

    def encode(
        self, vectors: Float[np.ndarray, "rows dims"]
    ) -> Int32[np.ndarray, "rows codebooks"]:
        """Nearest centroid of each part of the rotated vector."""
        require_vectors(vectors, len(self.mean))
        held = self.kernels.hold(pad_columns(vectors - self.mean, len(self.codebooks)))
        return encode_parts(self.kernels.times(held, self.rotation), self.codebooks, self.kernels)

    def decode(self, codes: Int32[np.ndarray, "rows codebooks"]) -> Float[np.ndarray, "rows dims"]:
        """Centroids side by side, rotated back, padding taken off."""
        with limit_threads(1):
            back = decode_parts(codes, self.codebooks) @ self.rotation.T
        return back[:, : len(self.mean)] + self.mean


def fit_rotated(
    rows: Float32[np.ndarray, "rows dims"],
    start: Float32[np.ndarray, "padded padded"],
    clustering: KMeans,
    num_codebooks: int,
    seed: int,
    kernels: Kernels,
) -> RotatedPq:
    """Alternates between clustering the parts and turning the vectors towards their codes.

    Facts: ``curve``, an entry a round. Call it with native pools of one thread, or its sums
    depend on the cores.

    Args:
        rows: Vectors.
        start: First rotation, as wide as the padded vectors.
        clustering: Size of the codebooks; its iterations are rounds of rotation and clustering.
        num_codebooks: Number of parts.
        seed: Of the first centroids.
        kernels: What computes.

    References:
        Ge, He, Ke and Sun (2013), "Optimized product quantization", algorithm 1; a rotation is
        the orthogonal Procrustes solution of their equation 7.
    """
    mean = rows.mean(axis=0)
    centered = pad_columns(rows - mean, num_codebooks)
    held, rotation, curve = kernels.hold(centered), start, []
    parts = list(split_columns(kernels.times(held, rotation), num_codebooks, kernels))
    first = replace(clustering, iterations=_LLOYD_AT_FIRST)
    codebooks = np.stack([first.fit(part, kernels, seed + at) for at, part in enumerate(parts)])
    for _ in range(clustering.iterations):
        codes = encode_parts(kernels.times(held, rotation), codebooks, kernels)
        coded = decode_parts(codes, codebooks)
        curve.append(fit_point(centered, coded @ rotation.T, codes, clustering.size))
        left, _, right = np.linalg.svd(kernels.cross(held, coded))
        rotation = left @ right
        codebooks = _improve(held, rotation, codebooks, _LLOYD_A_ROUND, kernels)
    codebooks = _improve(held, rotation, codebooks, _LLOYD_AT_LAST, kernels)
    return RotatedPq({"curve": curve}, mean, rotation, codebooks, kernels)


def _improve(
    held: Any,
    rotation: Float32[np.ndarray, "padded padded"],
    codebooks: Float32[np.ndarray, "codebooks size part"],
    iterations: int,
    kernels: Kernels,
) -> Float32[np.ndarray, "codebooks size part"]:
    """Rounds of Lloyd's algorithm in every part of the rotated rows."""
    rounds = KMeans(codebooks.shape[1], iterations)
    parts = split_columns(kernels.times(held, rotation), len(codebooks), kernels)
    return np.stack(
        [
            rounds.improve(part, kernels, table)[0]
            for part, table in zip(parts, codebooks, strict=True)
        ]
    )
