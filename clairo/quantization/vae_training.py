"""The training of RQ-VAE and VQ-VAE: steps, epochs that are measured, and the best one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor
from torch.nn import functional as F

from clairo.core.errors import StageError
from clairo.core.stage import Runtime
from clairo.quantization.codebook_learning import (
    LearnedCodebooks,
    kmeans_codebooks,
    random_codebooks,
)
from clairo.quantization.diagnostics import (
    codebook_diagnostics,
    collision_diagnostics,
    reconstruction_error,
)
from clairo.quantization.residual_vae import (
    BLOCK_ROWS,
    Autoencoder,
    ResidualVae,
    Scaling,
    one_thread,
)
from clairo.quantization.vae_config import VaeConfig

_LOSSES = ("reconstruction_loss", "commitment_loss", "codebook_loss")


def train(
    config: VaeConfig, rows: Float32[np.ndarray, "rows dims"], seed: int, runtime: Runtime
) -> ResidualVae:
    """Trains an autoencoder with codebooks; see :meth:`VaeConfig.fit`."""
    try:
        with one_thread():
            return _Session(config, rows, seed, runtime.device).run(runtime)
    except torch.OutOfMemoryError as error:
        raise StageError(
            f"A batch and the network must fit into memory, {runtime.device} has too little for "
            f"batch_size={config.batch_size}, hidden={list(config.hidden)} and codebook_size="
            f"{config.codebook_size}; lower batch_size (which changes the codes) or use a device "
            "with more memory."
        ) from error


def straight_through(latents: Tensor, quantized: Tensor) -> Tensor:
    """The quantized latents, whose gradient goes to the latents unchanged.

    References:
        Bengio, Léonard and Courville (2013), "Estimating or propagating gradients through
        stochastic neurons for conditional computation".
    """
    return latents + (quantized - latents).detach()


def learning_rate_at(config: VaeConfig, step: int) -> float:
    """Rate of a step (from 0): half a cosine down to nothing.

    Example:
        >>> from clairo.quantization.rq_vae import RqVaeConfig
        >>> config = RqVaeConfig(steps=4, epochs=1, learning_rate=0.1)
        >>> [round(learning_rate_at(config, step), 3) for step in range(4)]
        [0.1, 0.085, 0.05, 0.015]
    """
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * step / config.steps))


def selection_score(measured: dict[str, float]) -> float:
    """What the best epoch has least of: variance lost and items that are not told apart.

    Example:
        >>> selection_score({"reconstruction_error": 0.25, "collision_rate": 0.5})
        0.75
    """
    return measured["reconstruction_error"] + measured["collision_rate"]


def shuffled_batches(num_rows: int, size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Batches of equal size from passes over shuffled rows that follow without end."""
    left = torch.empty(0, dtype=torch.int64)
    while True:
        while len(left) < size:
            left = torch.cat([left, torch.randperm(num_rows, generator=generator)])
        yield left[:size]
        left = left[size:]


@dataclass
class _Best:
    """The best epoch so far."""

    epoch: int = 0
    score: float = math.inf
    quantizer: ResidualVae | None = field(default=None, repr=False)


class _Session:
    """A network and its codebooks while they are trained."""

    def __init__(
        self, config: VaeConfig, rows: Float32[np.ndarray, "rows dims"], seed: int, device: str
    ) -> None:
        self._config, self._rows = config, rows
        self._scaling = Scaling.of(rows)
        self._generator = torch.Generator().manual_seed(seed)
        widths = (rows.shape[1], *config.hidden, config.latent_dims)
        self._network = Autoencoder(widths, self._generator).to(device)
        self._inputs = torch.from_numpy(self._scaling.apply(rows)).to(device)
        batch_rows = min(config.batch_size, len(rows))
        self._codebooks = LearnedCodebooks(self._start(seed).to(device), config, batch_rows)
        self._batches = shuffled_batches(len(rows), batch_rows, self._generator)
        groups: list[dict[str, Any]] = [
            {"params": list(self._network.parameters()), "weight_decay": config.weight_decay}
        ]
        if config.codebook_update == "ste":
            groups.append({"params": [self._codebooks.values], "weight_decay": 0.0})
        self._optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, fused=True)

    def run(self, runtime: Runtime) -> ResidualVae:
        """Trains all epochs; gives the best with what was found on the way."""
        config, best = self._config, _Best()
        curve: list[dict[str, float]] = []
        bounds = np.linspace(0, config.steps, config.epochs + 1).round().astype(int).tolist()
        runtime.progress(0, config.epochs)
        for epoch in range(1, config.epochs + 1):
            losses = self._train(range(bounds[epoch - 1], bounds[epoch]))
            quantizer = ResidualVae(
                {}, self._network, self._codebooks.values.detach(), self._scaling
            )
            curve.append({**self._measure(quantizer), **losses})
            score = selection_score(curve[-1])
            if score < best.score:
                best = _Best(epoch, score, deepcopy(quantizer))
            runtime.progress(epoch, config.epochs)
        assert best.quantizer is not None
        facts = {
            "fitted_on": len(self._rows),
            "epochs": config.epochs,
            "selected_epoch": best.epoch,
            "parameters": self._network.num_parameters + self._codebooks.values.numel(),
            "curve": curve,
        }
        kept = best.quantizer
        return ResidualVae(facts, kept.network, kept.codebooks, kept.scaling)

    def _start(self, seed: int) -> Tensor:
        """Codebooks before the first step."""
        config = self._config
        depth, size = config.num_codebooks, config.codebook_size
        if config.codebook_init == "random":
            return random_codebooks(depth, size, config.latent_dims, self._generator)
        order = torch.randperm(len(self._inputs), generator=self._generator)
        with torch.no_grad():
            shuffled = self._inputs[order.to(self._inputs.device)]
            blocks = torch.split(shuffled, BLOCK_ROWS)
            latents = torch.cat([self._network.encoder(block) for block in blocks])
            return kmeans_codebooks(latents, depth, size, seed)

    def _train(self, steps: range) -> dict[str, float]:
        """Means of the losses over some steps.

        Raises:
            StageError: One is not finite.
        """
        # Sums stay on the device: reading one would wait for the step.
        totals = torch.zeros(len(_LOSSES), device=self._inputs.device)
        for step in steps:
            totals += self._step(step)
        means = dict(zip(_LOSSES, (totals / len(steps)).tolist(), strict=True))
        if not all(math.isfinite(loss) for loss in means.values()):
            raise StageError(
                f"The losses of quantization must be finite, got {means} by step "
                f"{steps.stop}; lower learning_rate ({self._config.learning_rate})."
            )
        return means

    def _step(self, step: int) -> Tensor:
        config = self._config
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate_at(config, step)
        batch = self._inputs[next(self._batches).to(self._inputs.device)]
        latents = self._network.encoder(batch)
        choice = self._codebooks.choose(latents)
        decoded = self._network.decoder(straight_through(latents, choice.quantized))
        lost = F.mse_loss(decoded, batch)
        loss = lost + config.commitment * choice.commitment
        if config.codebook_update == "ste":
            loss = loss + choice.fitting
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._codebooks.follow(choice, self._generator)
        return torch.stack([lost, choice.commitment, choice.fitting]).detach()

    def _measure(self, quantizer: ResidualVae) -> dict[str, float]:
        """Use of the codes by all training rows, and what they lose."""
        codes = quantizer.encode(self._rows)
        found: dict[str, float] = {}
        for level in range(codes.shape[1]):
            about = codebook_diagnostics(codes[:, level], self._config.codebook_size)
            found[f"usage/{level}"] = about["usage"]
            found[f"perplexity/{level}"] = about["perplexity"]
        found["reconstruction_error"] = reconstruction_error(self._rows, quantizer.decode(codes))
        found["collision_rate"] = collision_diagnostics(codes)["collision_rate"]
        return found
