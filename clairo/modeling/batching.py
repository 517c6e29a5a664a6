"""From sequences of different lengths to batches with little padding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from clairo.core.ragged import Ragged
from clairo.modeling.padding import pad_rows

POOL_BATCHES = 32
"""Batches that are sorted by length together: less padding, still shuffled."""


def plan_batches(
    input_lengths: Int64[np.ndarray, " examples"],
    target_lengths: Int64[np.ndarray, " examples"],
    batch_size: int,
    stream: np.random.Generator,
) -> list[Int64[np.ndarray, " rows"]]:
    """Splits examples into batches of similar length, in random order.

    Examples are shuffled, cut into pools, sorted inside each pool by length and cut into
    batches, which are shuffled again.

    Example:
        >>> lengths = np.array([2, 1, 2, 1])
        >>> batches = plan_batches(lengths, lengths, 2, np.random.default_rng(0))
        >>> sorted(sorted(batch.tolist()) for batch in batches)
        [[0, 2], [1, 3]]
    """
    order = stream.permutation(len(input_lengths))
    pool = POOL_BATCHES * batch_size
    batches: list[Int64[np.ndarray, " rows"]] = []
    for start in range(0, len(order), pool):
        rows = order[start : start + pool]
        rows = rows[np.lexsort((target_lengths[rows], input_lengths[rows]))]
        batches += [rows[at : at + batch_size] for at in range(0, len(rows), batch_size)]
    return [batches[place] for place in stream.permutation(len(batches))]


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

    def pinned(self) -> Batch:
        """The batch in page-locked memory, from which a GPU copies beside its work."""
        return self._map(Tensor.pin_memory)

    def to(self, device: torch.device | str) -> Batch:
        """The batch on a device; the copy of a pinned one is not waited for."""
        return self._map(lambda tensor: tensor.to(device, non_blocking=True))

    def _map(self, change: Callable[[Tensor], Tensor]) -> Batch:
        return Batch(
            inputs=change(self.inputs),
            padded=None if self.padded is None else change(self.padded),
            prefixes=change(self.prefixes),
            label_rows=change(self.label_rows),
            labels=change(self.labels),
        )


def encoder_tensors(
    sequences: Ragged, end_token: int, rows: Sequence[int] | np.ndarray | None = None
) -> tuple[Tensor, Tensor | None]:
    """Input tokens, and True at padding (``None`` where all rows are equally long)."""
    tokens, real = pad_rows(sequences, end_token, rows)
    padded = None if real.all() else torch.from_numpy(~real)
    return torch.from_numpy(tokens), padded


def make_batch(
    inputs: Ragged,
    targets: Ragged,
    end_token: int,
    input_rows: Sequence[int] | np.ndarray | None = None,
    target_rows: Sequence[int] | np.ndarray | None = None,
) -> Batch:
    """Packs examples for one step; where labels are is worked out here, without a GPU sync.

    Args:
        inputs: Table of histories.
        targets: Table of target strings.
        end_token: Closes every row.
        input_rows: The history of each example; ``None`` takes all, in order.
        target_rows: The target of each example; ``None`` takes all, in order.
    """
    tokens, padded = encoder_tensors(inputs, end_token, input_rows)
    labels, real = pad_rows(targets, end_token, target_rows)
    prefixes = np.zeros_like(labels)
    prefixes[:, 1:] = labels[:, :-1]
    places = np.flatnonzero(real)
    return Batch(
        inputs=tokens,
        padded=padded,
        prefixes=torch.from_numpy(prefixes),
        label_rows=torch.from_numpy(places),
        labels=torch.from_numpy(labels.ravel()[places]),
    )
