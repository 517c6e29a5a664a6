"""How codebooks start, follow what chooses them, and come back to life.

Shape suffixes: N rows, K latent dims, C codes of a codebook, L levels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from clairo.core.threads import limit_threads
from clairo.quantization.residual_vae import residual_codes, squared_distances
from clairo.quantization.sinkhorn import balanced_codes
from clairo.quantization.vae_config import VaeConfig

_KMEANS_ITERATIONS = 10
_ROWS_PER_CODE = 64
"""As many rows as faiss thinks enough for a centroid; more would move no start noticeably."""

_FORGOTTEN = 1e-6
"""A moving count below this holds no more than rounding."""


@dataclass(frozen=True)
class Choice:
    """What a batch chose.

    Attributes:
        codes: Per level.
        residuals: What each level was given, without gradient.
        quantized: Sum of the chosen codes, without gradient.
        commitment: Mean square distance of residuals to codes, summed over the levels; moves
            the encoder only.
        fitting: The same number; moves the codes only.
    """

    codes: tuple[Tensor, ...]
    residuals: tuple[Tensor, ...]
    quantized: Tensor
    commitment: Tensor
    fitting: Tensor


class LearnedCodebooks:
    """Codebooks and the moving averages of what chose them.

    Attributes:
        values: Codes by level; a parameter where they are trained by gradient.
        counts: Moving averages of rows per code and batch.
        sums: Moving averages of the sums of these rows.
    """

    def __init__(self, start_LCK: Tensor, config: VaeConfig, batch_rows: int) -> None:
        """Every code starts as if it had been chosen as often as any other.

        Args:
            start_LCK: Codes by level.
            config: Settings.
            batch_rows: Rows of a batch.
        """
        self._config = config
        self._even = batch_rows / start_LCK.shape[1]
        # Codes that were never chosen die in one step. A decoder that met hundreds of new codes
        # at once threw the latents far off, where nothing is chosen again.
        self._most_restarts = math.ceil((1 - config.ema_decay) * start_LCK.shape[1])
        by_gradient = config.codebook_update == "ste"
        self.values = nn.Parameter(start_LCK.clone(), requires_grad=by_gradient)
        self.counts = torch.full(start_LCK.shape[:2], self._even, device=start_LCK.device)
        self.sums = start_LCK * self._even

    def choose(self, latents_NK: Tensor) -> Choice:
        """Codes of a batch in training, and the losses of having chosen them."""
        residual, codes, residuals = latents_NK, [], []
        commitment = fitting = latents_NK.new_zeros(())
        for level, codebook_CK in enumerate(self.values):
            codes.append(self._assign(level, residual.detach()))
            residuals.append(residual.detach())
            chosen = codebook_CK[codes[-1]]
            commitment = commitment + F.mse_loss(residual, chosen.detach())
            fitting = fitting + F.mse_loss(chosen, residual.detach())
            residual = residual - chosen.detach()
        quantized = (latents_NK - residual).detach()
        return Choice(tuple(codes), tuple(residuals), quantized, commitment, fitting)

    def _assign(self, level: int, residuals_NK: Tensor) -> Tensor:
        distances = squared_distances(residuals_NK, self.values[level].detach())
        config = self._config
        if not (config.sinkhorn_last and level == len(self.values) - 1):
            return distances.argmin(dim=1)
        whole = distances + residuals_NK.square().sum(dim=1, keepdim=True)
        return balanced_codes(whole, config.sinkhorn_epsilon, config.sinkhorn_iterations)

    @torch.no_grad()
    def follow(self, choice: Choice, generator: torch.Generator) -> None:
        """Takes a batch into the averages, moves codes there, and restarts dead ones."""
        for level, (codes, rows) in enumerate(zip(choice.codes, choice.residuals, strict=True)):
            self._average(level, codes, rows)
            if self._config.codebook_update == "ema":
                self._move(level)
            if self._config.dead_code_restart:
                self._restart(level, rows, generator)

    def _average(self, level: int, codes_N: Tensor, rows_NK: Tensor) -> None:
        counts, sums = torch.zeros_like(self.counts[level]), torch.zeros_like(self.sums[level])
        # On a GPU this one sorts before it adds, so that sums do not depend on who comes first.
        counts.index_put_((codes_N,), rows_NK.new_ones(len(codes_N)), accumulate=True)
        sums.index_put_((codes_N,), rows_NK, accumulate=True)
        self.counts[level].lerp_(counts, 1 - self._config.ema_decay)
        self.sums[level].lerp_(sums, 1 - self._config.ema_decay)

    def _move(self, level: int) -> None:
        counts = self.counts[level][:, None]
        means = self.sums[level] / counts.clamp_min(_FORGOTTEN)
        self.values[level] = torch.where(counts > _FORGOTTEN, means, self.values[level])

    def _restart(self, level: int, rows_NK: Tensor, generator: torch.Generator) -> None:
        """Dead codes take places of random rows, a few at a time."""
        dead = torch.nonzero(self.counts[level] < self._config.restart_below * self._even)[:, 0]
        dead = dead[: min(len(rows_NK), self._most_restarts)]
        # Drawn on the CPU and whether needed or not: a stream that all devices share.
        picked = torch.randperm(len(rows_NK), generator=generator)[: len(dead)]
        places = rows_NK[picked.to(rows_NK.device)]
        self.values[level, dead] = places
        self.counts[level, dead] = self._even
        self.sums[level, dead] = places * self._even


def random_codebooks(
    num_codebooks: int, size: int, dims: int, generator: torch.Generator
) -> Tensor:
    """Codes drawn evenly from ``-1 / size`` to ``1 / size`` in every dimension."""
    drawn = torch.rand((num_codebooks, size, dims), generator=generator)
    return (2 * drawn - 1) / size


def kmeans_codebooks(latents_NK: Tensor, num_codebooks: int, size: int, seed: int) -> Tensor:
    """Centroids of what the levels before leave over, on at most 64 rows per code.

    Args:
        latents_NK: In random order; the first ones are clustered.
        num_codebooks: Levels.
        size: Codes per level.
        seed: Of faiss.
    """
    residuals = latents_NK[: _ROWS_PER_CODE * size]
    codebooks: list[Tensor] = []
    for level in range(num_codebooks):
        centroids = _centroids(residuals.cpu().numpy(), size, seed + level)
        codebooks.append(torch.from_numpy(centroids).to(latents_NK.device))
        codes = residual_codes(residuals, codebooks[-1][None])[:, 0]
        residuals = residuals - codebooks[-1][codes]
    return torch.stack(codebooks)


def _centroids(rows: np.ndarray, size: int, seed: int) -> np.ndarray:
    import faiss

    kmeans = faiss.Kmeans(
        rows.shape[1],
        size,
        niter=_KMEANS_ITERATIONS,
        seed=seed,
        min_points_per_centroid=1,
        max_points_per_centroid=len(rows),
    )
    with limit_threads(1):
        kmeans.train(np.ascontiguousarray(rows))
    return np.asarray(kmeans.centroids, dtype=np.float32).reshape(size, rows.shape[1])
