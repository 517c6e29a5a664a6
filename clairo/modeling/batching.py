"""From sequences of different lengths to batches with little padding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from clairo.core.ragged import Ragged

POOL_BATCHES = 32
"""Batches that are sorted by length together: less padding, still shuffled."""


def plan_batches(
    inputs: Ragged, targets: Ragged, batch_size: int, stream: np.random.Generator
) -> list[Int64[np.ndarray, " rows"]]:
    """Splits examples into batches of similar length, in random order.

    Examples are shuffled, cut into pools, sorted inside each pool by length and cut into
    batches, which are shuffled again.

    Example:
        >>> rows = Ragged.from_sequences([[1, 1], [1], [1, 1], [1]])
        >>> batches = plan_batches(rows, rows, 2, np.random.default_rng(0))
        >>> sorted(sorted(batch.tolist()) for batch in batches)
        [[0, 2], [1, 3]]
    """
    order = stream.permutation(len(inputs))
    input_lengths, target_lengths = inputs.lengths, targets.lengths
    pool = POOL_BATCHES * batch_size
    batches: list[Int64[np.ndarray, " rows"]] = []
    for start in range(0, len(order), pool):
        rows = order[start : start + pool]
        rows = rows[np.lexsort((target_lengths[rows], input_lengths[rows]))]
        batches += [rows[at : at + batch_size] for at in range(0, len(rows), batch_size)]
    return [batches[place] for place in stream.permutation(len(batches))]


def pad_rows(
    sequences: Ragged, end_token: int
) -> tuple[Int64[np.ndarray, "rows length"], Bool[np.ndarray, "rows length"]]:
    """Rows with the end token appended, filled with 0 on the right; and where they are real.

    Example:
        >>> pad_rows(Ragged.from_sequences([[4, 5], [6]]), 9)[0].tolist()
        [[4, 5, 9], [6, 9, 0]]
    """
    lengths = sequences.lengths
    columns = np.arange(int(lengths.max()) + 1)
    tokens = np.zeros((len(sequences), len(columns)), dtype=np.int64)
    tokens[columns < lengths[:, None]] = sequences.values
    tokens[np.arange(len(sequences)), lengths] = end_token
    return tokens, columns <= lengths[:, None]


@dataclass(frozen=True)
class Batch:
    """Tensors of one training step.

    Attributes:
        inputs: ``(examples, positions)``, ended and padded.
        padded: True at padding; ``None`` where there is none.
        prefixes: What the decoder reads: padding as the start, then the target's tokens.
        label_rows: Where the real labels are in the flattened ``prefixes``.
        labels: The tokens to predict there, each string closed by the end token.
    """

    inputs: Tensor
    padded: Tensor | None
    prefixes: Tensor
    label_rows: Tensor
    labels: Tensor


def encoder_tensors(
    sequences: Ragged, end_token: int, device: torch.device | str
) -> tuple[Tensor, Tensor | None]:
    """Input tokens, and True at padding (``None`` where all rows are equally long)."""
    tokens, real = pad_rows(sequences, end_token)
    padded = None if real.all() else torch.from_numpy(~real).to(device, non_blocking=True)
    return torch.from_numpy(tokens).to(device, non_blocking=True), padded


def make_batch(
    inputs: Ragged, targets: Ragged, end_token: int, device: torch.device | str
) -> Batch:
    """Packs examples for one step; where labels are is worked out here, without a GPU sync."""
    tokens, padded = encoder_tensors(inputs, end_token, device)
    labels, real = pad_rows(targets, end_token)
    prefixes = np.zeros_like(labels)
    prefixes[:, 1:] = labels[:, :-1]
    rows = np.flatnonzero(real)

    def move(array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(device, non_blocking=True)

    return Batch(tokens, padded, move(prefixes), move(rows), move(labels.ravel()[rows]))
