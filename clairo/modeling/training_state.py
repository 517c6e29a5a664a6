"""Everything a training needs to go on as if it had never stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from clairo.core.files import read_arrays, read_json, write_arrays, write_json
from clairo.modeling.network import Architecture
from clairo.modeling.trained import TrainedModel, Weights

SELECTION_METRIC = "ndcg_at_10"
"""What the best epoch is best by, on valid."""

Validate = Callable[[TrainedModel], Mapping[str, float]]
"""Gives the metrics of a model on valid, :data:`SELECTION_METRIC` among them."""

_WEIGHTS, _BEST, _OPTIMIZER = "weights.safetensors", "best.safetensors", "optimizer.safetensors"
_FACTS = "training.json"


@dataclass(frozen=True)
class TrainingState:
    """A training after some epochs.

    Attributes:
        shape: The architecture.
        seed: That it was started with.
        weights: Of the last epoch.
        best_weights: Of the best validated epoch; of the last epoch while none is validated.
        moments: AdamW's averages, ``first/NAME`` and ``second/NAME``.
        curve: Per epoch from 1: ``train_loss`` (nats per token) and, where validated, the
            metrics of the validation. No timings: a training done again gives the same state.
        best_epoch: From 1; 0 while none is validated.
        finished: All epochs are done, or early stopping ended the training.
        device: Where :meth:`model` computes.
    """

    shape: Architecture
    seed: int
    weights: Weights = field(repr=False)
    best_weights: Weights = field(repr=False)
    moments: Weights = field(repr=False)
    curve: tuple[Mapping[str, float], ...]
    best_epoch: int
    finished: bool
    device: str = "cpu"

    @property
    def epochs_done(self) -> int:
        """Epochs trained so far."""
        return len(self.curve)

    @property
    def best_value(self) -> float | None:
        """NDCG@10 on valid of the best epoch."""
        return self.curve[self.best_epoch - 1][SELECTION_METRIC] if self.best_epoch else None

    @property
    def facts(self) -> Mapping[str, Any]:
        """Progress, the last loss and the best epoch with its metrics."""
        last = {"train_loss": self.curve[-1]["train_loss"]} if self.curve else {}
        best = dict(self.curve[self.best_epoch - 1]) if self.best_epoch else {}
        return {
            **self.model().facts,
            **last,
            **{f"best/{name}": value for name, value in best.items()},
            "epochs_done": self.epochs_done,
            "best_epoch": self.best_epoch,
            "finished": self.finished,
        }

    def model(self) -> TrainedModel:
        """The model of the best validated epoch; of the last one while none is validated."""
        return TrainedModel(self.shape, self.best_weights, self.device)

    def save(self, folder: Path) -> None:
        """Writes weights, best weights, optimizer state and the curve."""
        write_arrays(folder / _WEIGHTS, self.weights)
        write_arrays(folder / _BEST, self.best_weights)
        write_arrays(folder / _OPTIMIZER, self.moments)
        about = {
            "shape": asdict(self.shape),
            "seed": self.seed,
            "curve": [dict(entry) for entry in self.curve],
            "best_epoch": self.best_epoch,
            "finished": self.finished,
        }
        write_json(folder / _FACTS, about)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what :meth:`save` wrote; it computes on a CPU until it is resumed elsewhere.

        Raises:
            ArtifactError: A file is missing or damaged.
        """
        about = read_json(folder / _FACTS)
        return cls(
            shape=Architecture(**about["shape"]),
            seed=about["seed"],
            weights=read_arrays(folder / _WEIGHTS),
            best_weights=read_arrays(folder / _BEST),
            moments=read_arrays(folder / _OPTIMIZER),
            curve=tuple(about["curve"]),
            best_epoch=about["best_epoch"],
            finished=about["finished"],
        )
