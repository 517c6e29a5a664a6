"""Trains the network of a learned fusion: one thread, seeded draws, a curve by epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int64
from torch import Tensor

from clairo.core.errors import ConfigError, StageError
from clairo.core.stage import Runtime
from clairo.fusion.neighbors import NOBODY, Neighbors
from clairo.fusion.networks import JointNetwork
from clairo.fusion.objective import alignment_loss, cooccurrence_loss, reconstruction_loss

if TYPE_CHECKING:
    from clairo.fusion.learned import LearnedConfig

Curve = list[dict[str, float]]

_PARTS = ("loss", "reconstruction", "alignment", "cooccurrence")
_BLOCK_ROWS = 4096


@dataclass(frozen=True)
class TrainingRows:
    """What a network is trained on.

    Attributes:
        names: Of the modalities.
        inputs: Vectors of each, of all items, scaled to unit variance.
        present: Which item has which.
        items: Those to train on; each has something.
        neighbors: Who stands near whom.
    """

    names: tuple[str, ...]
    inputs: tuple[Float32[np.ndarray, "items dims"], ...]
    present: Bool[np.ndarray, "items modalities"]
    items: Int64[np.ndarray, " chosen"]
    neighbors: Neighbors


def train(
    config: LearnedConfig,
    build: Callable[[], JointNetwork],
    rows: TrainingRows,
    seed: int,
    runtime: Runtime,
) -> tuple[JointNetwork, Curve]:
    """Trains from scratch.

    Everything random is drawn on the CPU, from the seed: which items meet in a batch, what is
    dropped, which neighbor is looked at, and the first weights. A single thread adds up, so
    the number of cores never changes a result.

    Returns:
        The network, and losses and mean weights of every epoch.

    Raises:
        ConfigError: The device is not there.
        StageError: The GPU's memory does not suffice, or the loss is not finite.
    """
    with on_device(runtime.device, f"Fusion {config.kind}", config.batch_size):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = build()
        session = _Session(config, network.to(runtime.device), rows, seed, runtime.device)
        curve: Curve = []
        runtime.progress(0, config.epochs)
        for epoch in range(1, config.epochs + 1):
            curve.append(session.run_epoch(epoch))
            runtime.progress(epoch, config.epochs)
    return network.eval().requires_grad_(requires_grad=False), curve


def apply(
    network: JointNetwork, inputs: tuple[np.ndarray, ...], present: Bool[np.ndarray, "rows _"]
) -> tuple[Float32[np.ndarray, "rows dims"], Float32[np.ndarray, "rows modalities"]]:
    """Joint vectors and weights of items that each have something."""
    vectors = np.zeros((len(present), network.dims), dtype=np.float32)
    weights = np.zeros(present.shape, dtype=np.float32)
    device = next(network.parameters()).device
    with on_device(str(device), "A fusion", _BLOCK_ROWS), torch.inference_mode():
        for start in range(0, len(present), _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            parts = tuple(torch.from_numpy(rows[block]).to(device) for rows in inputs)
            joint = network.join(network.encode(parts), torch.from_numpy(present[block]).to(device))
            vectors[block] = joint.vectors_ND.cpu().numpy()
            weights[block] = joint.weights_NM.cpu().numpy()
    return vectors, weights


class _Session:
    """A network and its optimizer while they are trained."""

    def __init__(
        self,
        config: LearnedConfig,
        network: JointNetwork,
        rows: TrainingRows,
        seed: int,
        device: str,
    ) -> None:
        self._config, self._network, self._rows = config, network, rows
        self._device = device
        self._rng = np.random.default_rng(seed)
        self._optimizer = torch.optim.AdamW(
            network.parameters(),
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
            fused=True,
        )
        self._batches = -(-len(rows.items) // config.batch_size)
        # A small catalogue is gone over several times, else its epochs would be a step each.
        self._rounds = -(-config.min_steps_per_epoch // self._batches)
        self._steps_per_epoch = self._batches * self._rounds
        self._steps = 0

    def run_epoch(self, epoch: int) -> dict[str, float]:
        """Every item equally often, in batches of about one size; gives the means over steps."""
        # Sums stay on the device: reading one would wait for the step.
        sums = torch.zeros(len(_PARTS) + len(self._rows.names), device=self._device)
        for _ in range(self._rounds):
            for items in np.array_split(self._rng.permutation(self._rows.items), self._batches):
                sums += self._step(items)
        means = (sums.double() / self._steps_per_epoch).tolist()
        names = (*_PARTS, *(f"weight/{name}" for name in self._rows.names))
        if not all(map(math.isfinite, means)):
            raise StageError(
                f"The loss of fusion {self._config.kind} must be finite, got {means[0]} in epoch "
                f"{epoch}; lower its learning_rate ({self._config.learning_rate})."
            )
        return dict(zip(names, means, strict=True))

    def _step(self, items: Int64[np.ndarray, " batch"]) -> Tensor:
        """One update; gives losses and mean weights."""
        progress = self._steps / (self._config.epochs * self._steps_per_epoch)
        rate = self._config.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))
        self._optimizer.param_groups[0]["lr"] = rate
        self._steps += 1
        parts, weights = self._losses(items)
        self._optimizer.zero_grad()
        parts[0].backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return torch.cat([torch.stack(parts).detach(), weights])

    def _losses(self, items: Int64[np.ndarray, " batch"]) -> tuple[list[Tensor], Tensor]:
        """Total and parts, and the mean weights of items that have everything."""
        config = self._config
        inputs, present = self._batch(items)
        both = present.all(dim=1)
        encoded = self._network.encode(inputs)
        whole = self._network.join(encoded, present)
        joint = self._network.join(encoded, self._drop(present))
        rebuilt = self._network.reconstruct(joint.vectors_ND)
        parts = [
            reconstruction_loss(rebuilt, inputs, present),
            alignment_loss(whole, both, config.temperature),
            self._cooccurrence(items, joint.vectors_ND),
        ]
        factors = (
            config.reconstruction_weight,
            config.alignment_weight,
            config.cooccurrence_weight,
        )
        total = torch.stack([f * p for f, p in zip(factors, parts, strict=True)]).sum()
        count = both.sum().clamp_min(1)
        weights = (whole.weights_NM.detach() * both[:, None]).sum(dim=0) / count
        return [total, *parts], weights

    def _cooccurrence(self, items: Int64[np.ndarray, " batch"], vectors: Tensor) -> Tensor:
        partners = self._rows.neighbors.draw(items, self._rng)
        rows = np.flatnonzero(partners != NOBODY)
        if len(rows) < 2:
            return vectors.sum() * 0
        inputs, present = self._batch(partners[rows])
        near = self._network.join(self._network.encode(inputs), self._drop(present))
        anchors = vectors[torch.from_numpy(rows).to(self._device)]
        ids = torch.from_numpy(np.stack([items[rows], partners[rows]])).to(self._device)
        return cooccurrence_loss(anchors, near.vectors_ND, ids, self._config.temperature)

    def _batch(self, items: Int64[np.ndarray, " batch"]) -> tuple[tuple[Tensor, ...], Tensor]:
        inputs = tuple(torch.from_numpy(part[items]).to(self._device) for part in self._rows.inputs)
        return inputs, torch.from_numpy(self._rows.present[items]).to(self._device)

    def _drop(self, present_NM: Tensor) -> Tensor:
        """Takes one modality from some of the items that have both, never their last."""
        num_rows, num_modalities = present_NM.shape
        dropped = self._rng.random(num_rows) < self._config.modality_dropout
        which = self._rng.integers(num_modalities, size=num_rows)
        hidden = np.zeros((num_rows, num_modalities), dtype=bool)
        hidden[np.flatnonzero(dropped), which[dropped]] = True
        may_be_hidden = present_NM.all(dim=1, keepdim=True)
        return present_NM & ~(torch.from_numpy(hidden).to(self._device) & may_be_hidden)


@contextmanager
def on_device(device: str, who: str, rows: int) -> Iterator[None]:
    """One thread and exact products; a device that is absent or full is a clear error.

    Args:
        device: A torch device string.
        who: Begins the message.
        rows: How many were worked on at a time, for the message.

    Raises:
        ConfigError: The device is a GPU that torch does not see.
        StageError: The GPU's memory does not suffice.
    """
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ConfigError(f"Device {device} must be one that torch sees, got none; use cpu.")
    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise StageError(
            f"{who} must fit the memory of {device}, got more at {rows} rows a batch; lower "
            "batch_size, hidden or dims, or use device cpu."
        ) from error
    finally:
        torch.set_num_threads(threads)
        torch.set_float32_matmul_precision(precision)
