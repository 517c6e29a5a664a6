"""The network of RQ-VAE and VQ-VAE, and the quantizer that it is after training.

Shape suffixes: N rows, D dims of the vectors, K latent dims, C codes of a codebook, L levels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float, Float32, Int32
from torch import Tensor, nn
from torch.nn.utils import skip_init

from clairo.core.threads import limit_threads
from clairo.quantization.base import Quantizer, require_vectors

BLOCK_ROWS = 8192


class Autoencoder(nn.Module):
    """Two stacks of linear layers with rectifiers between them, each the other's mirror."""

    def __init__(self, widths: Sequence[int], generator: torch.Generator) -> None:
        """Draws the weights.

        Args:
            widths: Of the vectors, the hidden layers and the latent, in this order.
            generator: The only source of random numbers.
        """
        super().__init__()
        self.encoder = _stack(widths, generator)
        self.decoder = _stack(tuple(reversed(widths)), generator)

    @property
    def num_parameters(self) -> int:
        """Weights and biases."""
        return sum(weight.numel() for weight in self.parameters())


def _stack(widths: Sequence[int], generator: torch.Generator) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        # torch's own start would draw from the stream that all of the process shares.
        layer = skip_init(nn.Linear, before, after)  # type: ignore[no-untyped-call]
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def squared_distances(rows_NK: Tensor, codebook_CK: Tensor) -> Tensor:
    """Of every row to every code, without the row's own length, which no choice depends on.

    Example:
        >>> squared_distances(torch.tensor([[1.0]]), torch.tensor([[0.0], [1.0]])).tolist()
        [[0.0, -1.0]]
    """
    return torch.addmm(codebook_CK.square().sum(dim=1), rows_NK, codebook_CK.T, alpha=-2.0)


def residual_codes(latents_NK: Tensor, codebooks_LCK: Tensor) -> Tensor:
    """Nearest code of what the levels before left over, level by level.

    Example:
        >>> books = torch.tensor([[[0.0], [10.0]], [[-1.0], [1.0]]])
        >>> residual_codes(torch.tensor([[9.0], [1.0]]), books).tolist()
        [[1, 0], [0, 1]]
    """
    residuals, codes = latents_NK, []
    for codebook_CK in codebooks_LCK:
        codes.append(squared_distances(residuals, codebook_CK).argmin(dim=1))
        residuals = residuals - codebook_CK[codes[-1]]
    return torch.stack(codes, dim=1)


def summed_codes(codes_NL: Tensor, codebooks_LCK: Tensor) -> Tensor:
    """The latent that codes stand for."""
    chosen = [codebook[codes] for codebook, codes in zip(codebooks_LCK, codes_NL.T, strict=True)]
    return torch.stack(chosen).sum(dim=0)


@dataclass(frozen=True)
class Scaling:
    """Centres vectors and gives them a mean square of 1.

    Attributes:
        mean: Of the training rows.
        scale: Root mean square of the centred training rows; 0 where all are equal.
    """

    mean: Float32[np.ndarray, " dims"]
    scale: float

    @classmethod
    def of(cls, rows: Float32[np.ndarray, "rows dims"]) -> Scaling:
        """The scaling of training rows.

        Example:
            >>> Scaling.of(np.array([[1.0], [5.0]], dtype=np.float32)).scale
            2.0
        """
        mean = rows.mean(axis=0, dtype=np.float64)
        if (rows == rows[0]).all():
            # A mean that is rounded would leave a spread that is not there.
            return cls(rows[0].copy(), 0.0)
        return cls(mean.astype(np.float32), float(np.sqrt(np.square(rows - mean).mean())))

    def apply(self, vectors: Float[np.ndarray, "rows dims"]) -> Float32[np.ndarray, "rows dims"]:
        """Scaled vectors; those of a table of equal rows are only centred."""
        return ((vectors - self.mean) / (self.scale or 1.0)).astype(np.float32)

    def undo(self, scaled: Float32[np.ndarray, "rows dims"]) -> Float32[np.ndarray, "rows dims"]:
        """Vectors at their place; the mean itself for a table of equal rows."""
        return (scaled * self.scale + self.mean).astype(np.float32)


@dataclass(frozen=True)
class ResidualVae(Quantizer):
    """A trained encoder, codebooks and decoder.

    Attributes:
        network: On the device that it was trained on.
        codebooks: Coarsest first.
        scaling: Between vectors and what the network sees.
    """

    network: Autoencoder = field(repr=False)
    codebooks: Tensor = field(repr=False)
    scaling: Scaling = field(repr=False)

    def encode(
        self, vectors: Float[np.ndarray, "rows dims"]
    ) -> Int32[np.ndarray, "rows codebooks"]:
        """Nearest code of the latent's residual, level by level; ties to the smaller code."""
        require_vectors(vectors, len(self.scaling.mean))
        if not len(vectors):
            return np.zeros((0, len(self.codebooks)), dtype=np.int32)
        # A product rounds by the place of a row in its block: equal vectors are encoded once, so
        # that they get equal codes.
        scaled, owner = np.unique(self.scaling.apply(vectors), axis=0, return_inverse=True)
        blocks = []
        with one_thread(), torch.inference_mode():
            for start in range(0, len(scaled), BLOCK_ROWS):
                block = torch.from_numpy(scaled[start : start + BLOCK_ROWS])
                latents = self.network.encoder(block.to(self.codebooks.device))
                blocks.append(residual_codes(latents, self.codebooks).cpu().numpy())
        return np.concatenate(blocks).astype(np.int32)[owner.reshape(-1)]

    def decode(self, codes: Int32[np.ndarray, "rows codebooks"]) -> Float[np.ndarray, "rows dims"]:
        """The decoder's output for the sum of the codes."""
        if not len(codes):
            return np.zeros((0, len(self.scaling.mean)), dtype=np.float32)
        blocks = []
        with one_thread(), torch.inference_mode():
            for start in range(0, len(codes), BLOCK_ROWS):
                block = torch.from_numpy(codes[start : start + BLOCK_ROWS].astype(np.int64))
                latents = summed_codes(block.to(self.codebooks.device), self.codebooks)
                blocks.append(self.network.decoder(latents).cpu().numpy())
        return self.scaling.undo(np.concatenate(blocks))


@contextmanager
def one_thread() -> Iterator[None]:
    """Runs torch and BLAS on one thread: cut sums would depend on the cores."""
    before = torch.get_num_threads()
    try:
        with limit_threads(1):
            torch.set_num_threads(1)
            yield
    finally:
        torch.set_num_threads(before)
