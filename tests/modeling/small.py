"""Small models, catalogues and histories that the tests of this package share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from clairo.core.ragged import Ragged
from clairo.modeling.data import TrainingData
from clairo.modeling.interchange import draw_weights
from clairo.modeling.network import Architecture
from clairo.modeling.t5 import T5Config
from clairo.modeling.trained import TrainedModel

TINY = Architecture(
    vocab_size=13, d_model=16, d_kv=8, d_ff=32, num_heads=2, num_layers=2, num_decoder_layers=2
)
"""Tokens 1 to 11, padding 0, end 12."""


def tiny_model(seed: int = 0, shape: Architecture = TINY, sharpness: float = 1.0) -> TrainedModel:
    """Random weights; a higher ``sharpness`` makes the next-token distributions less even."""
    weights = {name: tensor.numpy() for name, tensor in draw_weights(shape, seed).items()}
    weights["decoder.final_layer_norm.weight"] = weights[
        "decoder.final_layer_norm.weight"
    ] * np.float32(sharpness)
    return TrainedModel(shape, weights)


def random_rows(
    seed: int, num_rows: int, lengths: tuple[int, int] = (1, 6), highest: int = 11
) -> Ragged:
    """Rows of random tokens ``1 .. highest``, lengths inclusive."""
    stream = np.random.default_rng(seed)
    return Ragged.from_sequences(
        [
            stream.integers(1, highest + 1, size=stream.integers(lengths[0], lengths[1] + 1))
            for _ in range(num_rows)
        ]
    )


def random_catalog(seed: int, num_items: int, longest: int = 4, highest: int = 11) -> Ragged:
    """Distinct strings, among them some that are prefixes of others."""
    stream = np.random.default_rng(seed)
    strings: dict[tuple[int, ...], None] = {}
    while len(strings) < num_items:
        length = int(stream.integers(1, longest + 1))
        strings[tuple(stream.integers(1, highest + 1, size=length).tolist())] = None
    return Ragged.from_sequences(list(strings))


def copy_task(num_examples: int = 512, num_tokens: int = 6) -> TrainingData:
    """The next item's string is the first two tokens of the history: learnable exactly."""
    rows = random_rows(7, num_examples, lengths=(3, 6), highest=num_tokens)
    targets = Ragged.from_sequences([row[:2] for row in rows])
    own = np.arange(num_examples, dtype=np.int32)
    return TrainingData(num_tokens + 1, targets, own, lambda epoch: rows)


def tiny_config(**changes: object) -> T5Config:
    """A model that trains in a blink."""
    values: dict[str, object] = {
        "num_layers": 1,
        "num_decoder_layers": 1,
        "d_model": 16,
        "d_ff": 32,
        "num_heads": 2,
        "d_kv": 8,
        "epochs": 4,
        "batch_size": 64,
        "learning_rate": 0.01,
        "weight_decay": 0.01,
        "precision": "float32",
    }
    return T5Config.model_validate(values | changes)


def no_validation(model: TrainedModel) -> Mapping[str, float]:
    """A validation that finds every epoch equally good."""
    return {"ndcg_at_10": 0.5}
