"""The training loop: resumable after every epoch, with no host synchronisation in a step."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from clairo.core.errors import ArtifactError, ConfigError, StageError
from clairo.core.stage import Runtime
from clairo.modeling.batching import Batch
from clairo.modeling.data import TrainingData
from clairo.modeling.decoding import matrix_products
from clairo.modeling.interchange import draw_weights, export_weights, fuse_weights, import_weights
from clairo.modeling.layers import Dropout
from clairo.modeling.loading import DROPOUT_STREAM, BatchSource, EpochLoader
from clairo.modeling.network import Architecture, T5Network
from clairo.modeling.t5 import T5Config
from clairo.modeling.trained import TrainedModel, Weights
from clairo.modeling.training_state import SELECTION_METRIC, TrainingState, Validate

WAIT_SHARE = "train_wait_share"
"""Share of an epoch's training time in which the loop waited for a batch. It is told and never
kept: the clock is not reproducible, and a stored state is, to the bit."""

_MOMENTS = {"first": "exp_avg", "second": "exp_avg_sq"}


@dataclass(frozen=True)
class Training:
    """What stays the same from the first epoch to the last; see :meth:`T5Config.fit`."""

    config: T5Config
    data: TrainingData
    seed: int
    runtime: Runtime

    def run(
        self, state: TrainingState | None, until_epoch: int, validate: Validate
    ) -> TrainingState:
        """Trains from a state (or the beginning) up to an epoch.

        Raises:
            ConfigError: ``until_epoch`` is below 1.
        """
        if until_epoch < 1:
            raise ConfigError(
                f"until_epoch must be at least 1, got {until_epoch}; epochs start there."
            )
        shape = architecture(self.config, self.data.vocab_size)
        if state is None:
            state = _start(shape, self.seed)
        _refuse_other_training(state, shape, self.seed)
        if state.finished or state.epochs_done >= until_epoch:
            return state
        source = BatchSource(self.data, self.config.batch_size, self.seed, self.runtime.device)
        epochs = range(state.epochs_done + 1, min(until_epoch, self.config.epochs) + 1)
        with _threads(self.runtime.num_threads), EpochLoader(source, epochs) as loader:
            session = _Session(self.config, loader, self.runtime, state)
            while not session.finished and session.epochs_done < until_epoch:
                metrics = session.run_epoch(validate)
                if not self.runtime.report(session.epochs_done, metrics):
                    break
            return session.state()


def architecture(config: T5Config, vocab_size: int) -> Architecture:
    """The shape of a model over a tokenizer's vocabulary; one more token ends strings."""
    return Architecture(
        vocab_size=vocab_size + 1,
        d_model=config.d_model,
        d_kv=config.d_kv,
        d_ff=config.d_ff,
        num_heads=config.num_heads,
        num_layers=config.num_layers,
        num_decoder_layers=config.num_decoder_layers,
    )


def learning_rate_at(config: T5Config, step: int, total_steps: int) -> float:
    """Rate of a step (from 0): linear warm-up, then half a cosine down to nothing.

    Example:
        >>> config = T5Config(learning_rate=0.1, warmup_share=0.2)
        >>> [round(learning_rate_at(config, step, 10), 3) for step in (0, 1, 2, 6, 9)]
        [0.05, 0.1, 0.1, 0.05, 0.004]
    """
    warmup = round(config.warmup_share * total_steps)
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    progress = (step - warmup) / max(1, total_steps - warmup)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


def batch_loss(network: T5Network, batch: Batch, dropout: Dropout) -> Tensor:
    """Mean cross-entropy of the real labels, in nats."""
    memory = network.encode(batch.inputs, batch.padded, dropout)
    states = network.decode(batch.prefixes, memory, dropout)
    labeled = states.flatten(0, 1).index_select(0, batch.label_rows)
    return F.cross_entropy(network.logits(labeled).float(), batch.labels)


class _Session:
    """A network and its optimizer while they are being trained."""

    def __init__(
        self, config: T5Config, loader: EpochLoader, runtime: Runtime, state: TrainingState
    ) -> None:
        self._config, self._loader, self._device = config, loader, runtime.device
        self._shape, self._seed = state.shape, state.seed
        self._curve = list(state.curve)
        self._best_epoch, self._best = state.best_epoch, state.best_weights
        self._network = T5Network(state.shape)
        import_weights(self._network, _tensors(state.weights))
        self._network.to(runtime.device)
        self._optimizer = torch.optim.AdamW(
            self._network.parameters(), weight_decay=config.weight_decay, fused=True
        )
        if state.moments:
            self._load_moments(state.moments)

    @property
    def epochs_done(self) -> int:
        return len(self._curve)

    @property
    def finished(self) -> bool:
        return self.epochs_done >= self._config.epochs or self._out_of_patience()

    @property
    def _steps_per_epoch(self) -> int:
        return self._loader.steps_per_epoch

    def _out_of_patience(self) -> bool:
        later = self._curve[self._best_epoch :]
        worse = sum(SELECTION_METRIC in entry for entry in later)
        return self._config.patience is not None and worse >= self._config.patience

    def run_epoch(self, validate: Validate) -> Mapping[str, float]:
        """Trains one epoch and validates where it is due; gives what is told of the epoch."""
        epoch = self.epochs_done + 1
        started = time.perf_counter()
        metrics = {"train_loss": self._train_epoch(epoch)}
        wait_share = self._loader.waited / (time.perf_counter() - started)
        if self._config.validates_at(epoch):
            metrics |= self._validate(epoch, validate)
        self._curve.append(metrics)
        return metrics | {WAIT_SHARE: wait_share}

    def _train_epoch(self, epoch: int) -> float:
        dropout = Dropout(self._config.dropout, (self._seed, epoch, DROPOUT_STREAM))
        step = (epoch - 1) * self._steps_per_epoch
        # Sums stay on the device: reading one would wait for the step.
        total = torch.zeros((), device=self._device, dtype=torch.float64)
        num_labels = 0
        with self._precision(), _seeded(self._seed, epoch, self._device):
            for batch in self._loader.batches(epoch):
                total += self._step(batch, dropout, step) * len(batch.labels)
                num_labels += len(batch.labels)
                step += 1
        loss = float(total) / num_labels
        if not math.isfinite(loss):
            raise StageError(
                f"The training loss must be finite, got {loss} in epoch {epoch}; lower the "
                f"learning rate ({self._config.learning_rate})."
            )
        return loss

    def _step(self, batch: Batch, dropout: Dropout, step: int) -> Tensor:
        total_steps = self._config.epochs * self._steps_per_epoch
        self._optimizer.param_groups[0]["lr"] = learning_rate_at(self._config, step, total_steps)
        with self._autocast():
            loss = batch_loss(self._network, batch, dropout)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), self._config.clip_norm)
        self._optimizer.step()
        return loss.detach()

    def _precision(self) -> AbstractContextManager[None]:
        low = self._config.precision == "bfloat16"
        return matrix_products("medium" if low else "highest")

    def _autocast(self) -> AbstractContextManager[None]:
        if self._config.precision == "bfloat16" and self._device.startswith("cuda"):
            return torch.autocast("cuda", dtype=torch.bfloat16)
        return nullcontext()

    def _validate(self, epoch: int, validate: Validate) -> dict[str, float]:
        weights = self._weights()
        metrics = dict(validate(TrainedModel(self._shape, weights, self._device)))
        if SELECTION_METRIC not in metrics:
            raise StageError(
                f"A validation must give {SELECTION_METRIC}, got {sorted(metrics)}; it selects "
                "the best epoch."
            )
        best = self._curve[self._best_epoch - 1][SELECTION_METRIC] if self._best_epoch else None
        if best is None or metrics[SELECTION_METRIC] > best:
            self._best_epoch, self._best = epoch, weights
        return metrics

    def _weights(self) -> Weights:
        return _arrays(export_weights(dict(self._network.named_parameters()), self._shape))

    def _load_moments(self, moments: Weights) -> None:
        parts = {
            key: fuse_weights(_tensors(moments, prefix=f"{key}/"), self._shape) for key in _MOMENTS
        }
        step = float(self.epochs_done * self._steps_per_epoch)
        for name, weight in self._network.named_parameters():
            self._optimizer.state[weight] = {
                "step": torch.tensor(step, device=weight.device),
                **{own: parts[key][name].to(weight.device) for key, own in _MOMENTS.items()},
            }

    def _moments(self) -> Weights:
        moments: dict[str, np.ndarray] = {}
        for key, own in _MOMENTS.items():
            named = {
                name: self._optimizer.state[weight][own]
                for name, weight in self._network.named_parameters()
            }
            arrays = _arrays(export_weights(named, self._shape))
            moments |= {f"{key}/{name}": array for name, array in arrays.items()}
        return moments

    def state(self) -> TrainingState:
        """Where the training stands, copied out of the network."""
        weights = self._weights()
        return TrainingState(
            shape=self._shape,
            seed=self._seed,
            weights=weights,
            best_weights=self._best if self._best_epoch else weights,
            moments=self._moments(),
            curve=tuple(self._curve),
            best_epoch=self._best_epoch,
            finished=self.finished,
            device=self._device,
        )


def _start(shape: Architecture, seed: int) -> TrainingState:
    weights = _arrays(draw_weights(shape, seed))
    return TrainingState(shape, seed, weights, weights, {}, (), 0, finished=False)


def _refuse_other_training(state: TrainingState, shape: Architecture, seed: int) -> None:
    if (state.shape, state.seed) != (shape, seed):
        raise ArtifactError(
            f"A training goes on with the settings it began with, got {shape} and seed {seed} "
            f"for a state of {state.shape} and seed {state.seed}; start anew."
        )


def _arrays(tensors: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    return {name: tensor.cpu().numpy() for name, tensor in tensors.items()}


def _tensors(arrays: Weights, prefix: str = "") -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): torch.from_numpy(array)
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


@contextmanager
def _threads(num_threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(num_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _seeded(seed: int, epoch: int, device: str) -> Iterator[None]:
    """Seeds torch's own stream, which only dropout on a GPU reads, and restores it."""
    gpus = [torch.device(device)] if device.startswith("cuda") else []
    with torch.random.fork_rng(devices=gpus):
        torch.manual_seed(int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0]))
        yield
