"""Residual k-means: each codebook clusters what the ones before it left over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32
from pydantic import Field

from clairo.core.artifacts import EmbeddingTable
from clairo.core.stage import Runtime
from clairo.quantization.base import Quantizer, QuantizerConfig, require_vectors
from clairo.quantization.clustering import KMeans, refit_codebooks, residual_codebooks
from clairo.quantization.diagnostics import fit_point
from clairo.quantization.kernels import Kernels, NumpyKernels, kernels_for


class RqKmeansConfig(QuantizerConfig):
    """Layer-wise k-means on residuals, then all codebooks together.

    Codes go from coarse to fine, so items that share their first codes are alike. The layers
    are made greedily, few rounds each. What that costs against the beam search over layers of
    faiss's ``ResidualQuantizer`` is won back after them: codes are chosen by a beam search, and
    all codebooks are fitted to these codes by least squares, several times over. No gradient
    training is needed, unlike for RQ-VAE.

    Attributes:
        iterations: Lloyd iterations per codebook.
        restarts: Random starts per codebook, of which the one with the smallest error is
            kept. A single start often merges two clear clusters of a small catalogue.
        beam: Paths that are followed from codebook to codebook when a vector is encoded; 1
            takes the nearest centroid of every residual.
        refinements: Rounds of encoding and least squares after the layers; 0 leaves them as
            they are.

    References:
        Chen, Guan and Wang (2010), "Approximate nearest neighbor search by residual vector
        quantization", section 3; Babenko and Lempitsky (2014), "Additive quantization for
        extreme vector compression", section 3, for the beam search and the least squares,
        which here starts from residual codebooks and solves level by level. The semantic ids
        of Rajput et al. (2023), "Recommender systems with generative retrieval", use residual
        codes of a trained latent instead.
    """

    kind: Literal["rq_kmeans"] = "rq_kmeans"
    iterations: Annotated[int, Field(ge=1, le=1000)] = 10
    restarts: Annotated[int, Field(ge=1, le=100)] = 1
    beam: Annotated[int, Field(ge=1, le=64)] = 5
    refinements: Annotated[int, Field(ge=0, le=100)] = 4

    def fit(
        self,
        table: EmbeddingTable,
        train_items: Bool[np.ndarray, " items"],
        seed: int,
        runtime: Runtime,
    ) -> RqKmeans:
        """Clusters layer after layer, then refines them together.

        Facts: ``device``, and ``curve`` with an entry for the layers and one for each
        refinement.
        """
        rows = self.training_rows(table, train_items)
        kernels = kernels_for(runtime)
        held = kernels.hold(rows)
        clustering = KMeans(self.codebook_size, self.iterations, self.restarts)
        codebooks = residual_codebooks(held, kernels, clustering, self.num_codebooks, seed)
        curve = []
        for round_done in range(self.refinements + 1):
            codes = kernels.search(held, codebooks, self.beam)
            curve.append(fit_point(rows, _decode(codebooks, codes), codes, self.codebook_size))
            if round_done < self.refinements:
                codebooks = refit_codebooks(held, kernels, codebooks, codes)
        facts = {"fitted_on": len(rows), "device": kernels.name, "curve": curve}
        return RqKmeans(facts, codebooks, self.beam, kernels)


@dataclass(frozen=True)
class RqKmeans(Quantizer):
    """Fitted residual codebooks.

    Attributes:
        codebooks: Centroids, coarsest codebook first.
        beam: Paths that encoding follows.
        kernels: What encodes.
    """

    codebooks: Float32[np.ndarray, "codebooks size dims"]
    beam: int = 1
    kernels: Kernels = field(default_factory=NumpyKernels, repr=False)

    def encode(
        self, vectors: Float[np.ndarray, "rows dims"]
    ) -> Int32[np.ndarray, "rows codebooks"]:
        """Nearest centroid of the residual, codebook by codebook; ties to the smaller code.

        With a wider beam the codes whose centroids come nearest in sum, among the paths that
        the beam kept.

        Example:
            >>> coarse, fine = [[0.0, 0.0], [10.0, 10.0]], [[-1.0, 0.0], [1.0, 0.0]]
            >>> fitted = RqKmeans({}, np.array([coarse, fine], dtype=np.float32))
            >>> fitted.encode(np.array([[9.0, 10.0], [1.0, 0.0]])).tolist()
            [[1, 0], [0, 1]]
        """
        require_vectors(vectors, self.codebooks.shape[2])
        return self.kernels.search(self.kernels.hold(vectors), self.codebooks, self.beam)

    def decode(self, codes: Int32[np.ndarray, "rows codebooks"]) -> Float[np.ndarray, "rows dims"]:
        """Sum of the chosen centroids."""
        return _decode(self.codebooks, codes)


def _decode(
    codebooks: Float32[np.ndarray, "codebooks size dims"],
    codes: Int32[np.ndarray, "rows codebooks"],
) -> Float32[np.ndarray, "rows dims"]:
    # One level at a time: all centroids of all rows at once would be as many tables more.
    total = codebooks[0][codes[:, 0]]
    for level in range(1, len(codebooks)):
        total += codebooks[level][codes[:, level]]
    return total
