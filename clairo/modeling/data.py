"""What a model learns from, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int32

from clairo.core.errors import DataError
from clairo.core.ragged import Ragged


@dataclass(frozen=True)
class TrainingData:
    """Training examples: a target string each, and inputs that may be drawn anew every epoch.

    Attributes:
        vocab_size: Tokens of the tokenizer, padding included; real tokens are 1 to
            ``vocab_size - 1``, and the model adds its own end of string above them.
        strings: Tokens of every item, one row per item however many examples aim at it.
        targets: Row in ``strings`` of the item that each example is to predict.
        draw_inputs: Epoch (from 1) to the tokens of each example's history, in the order of
            ``targets``. Must give the same for the same epoch. Called in another thread, while
            an earlier epoch trains; it holds up the training unless it releases the interpreter.
    """

    vocab_size: int
    strings: Ragged
    targets: Int32[np.ndarray, " examples"]
    draw_inputs: Callable[[int], Ragged]

    def __post_init__(self) -> None:
        if len(self.targets) == 0:
            raise DataError("Training needs at least one example, got none; use longer histories.")
        wrong = self.targets[(self.targets < 0) | (self.targets >= len(self.strings))]
        if len(wrong):
            raise DataError(
                f"Training targets must be items 0 to {len(self.strings) - 1}, got {wrong[0]}; "
                "give the row of each target in the table of strings."
            )
        check_tokens(self.strings, self.vocab_size, "Training targets")

    @property
    def num_examples(self) -> int:
        """How many examples an epoch has."""
        return len(self.targets)

    def inputs(self, epoch: int) -> Ragged:
        """The inputs of an epoch, checked.

        Raises:
            DataError: A row is missing or empty, or a token is none of the vocabulary.
        """
        inputs = self.draw_inputs(epoch)
        if len(inputs) != len(self.targets):
            raise DataError(
                f"Every target needs one input, got {len(inputs)} inputs for "
                f"{len(self.targets)} targets in epoch {epoch}; draw one row per example."
            )
        check_tokens(inputs, self.vocab_size, f"Training inputs of epoch {epoch}")
        return inputs


@dataclass(frozen=True)
class Generated:
    """Ranked items for each input, best first.

    Attributes:
        items: Item indices; -1 where fewer items were found than asked for.
        scores: Log-probability of the whole string over the full vocabulary; -inf at -1. Items
            that share a string have its score and follow one another.
    """

    items: Int32[np.ndarray, "rows k"]
    scores: Float[np.ndarray, "rows k"]


def check_tokens(sequences: Ragged, vocab_size: int, name: str) -> None:
    """Refuses sequences that the model cannot read.

    Raises:
        DataError: A row is empty, or a token is not in ``1 .. vocab_size - 1``.

    Example:
        >>> check_tokens(Ragged.from_sequences([[3], [9]]), 5, "Histories")
        Traceback (most recent call last):
        ...
        clairo.core.errors.DataError: Histories: tokens must be 1 to 4, row 1 has 9; \
encode them with the tokenizer the model was trained with.
    """
    empty = np.flatnonzero(sequences.lengths == 0)
    if len(empty):
        raise DataError(
            f"{name}: every row needs a token, row {empty[0]} (of {len(empty)}) is empty; "
            "leave out what has no history."
        )
    wrong = np.flatnonzero((sequences.values < 1) | (sequences.values >= vocab_size))
    if len(wrong):
        row = int(np.searchsorted(sequences.offsets, wrong[0], side="right")) - 1
        raise DataError(
            f"{name}: tokens must be 1 to {vocab_size - 1}, row {row} has "
            f"{sequences.values[wrong[0]]}; encode them with the tokenizer the model was "
            "trained with."
        )
