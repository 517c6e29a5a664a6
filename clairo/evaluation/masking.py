"""Masking a modality at inference: what a trained model reads in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int64

from clairo.core.artifacts import EmbeddingTable
from clairo.core.config import Config
from clairo.core.errors import DataError


class MaskingConfig(Config):
    """Which modality of the histories is taken from a trained model, and what it reads instead.

    This measures how far a trained model relies on a modality, never what the modality is worth:
    that takes a model trained without it. The model, its merges, codebooks, reduction and fusion
    and the strings of the items that it may recommend stay as they are. Only the items of the
    histories are read with other codes: those that the fitted reduction, fusion and quantizers
    give them with the modality's vector replaced. An item that lacks the modality goes on
    lacking it, and keeps its codes.

    The digit that tells items with equal codes apart was made from no modality and stays the
    item's own. It names one item of those with the same codes, so it still tells something of
    who the item is: the fact ``masked_digit_bits`` says how much at most. What is measured is
    what the codes of the modality do beyond that.

    Attributes:
        modality: What is masked.
        fill: Its vector in every item that has it, as the encoder would have given it, before
            any reduction. ``zero``: zeros; ``mean``: the mean over the items of training
            histories that have it; ``shuffled``: that of another item, by one random circle
            through all items that have it, so that nobody keeps the own one. Codes that came
            with the data have no vectors: they can be ``shuffled``, those of the modality in
            one piece, and nothing else.

    Example:
        >>> MaskingConfig(modality="image", fill="mean").label
        'image_mean'
    """

    modality: Literal["text", "image"]
    fill: Literal["zero", "mean", "shuffled"]

    @property
    def label(self) -> str:
        """Modality and fill as one word, for the names of entries."""
        return f"{self.modality}_{self.fill}"

    def replace_vectors(
        self, table: EmbeddingTable, trained: Bool[np.ndarray, " items"], seed: int
    ) -> EmbeddingTable:
        """The table with the vectors of all present items replaced.

        Args:
            table: Vectors of the masked modality, as its encoder gave them.
            trained: Which items occur in training histories.
            seed: Of ``shuffled``; the others draw nothing.

        Raises:
            DataError: No item has the modality that a mean could be taken of, or fewer than two
                have it to be shuffled.
        """
        vectors = np.zeros_like(table.vectors)
        if self.fill == "shuffled":
            vectors = table.vectors[other_items(table.present, self.modality, seed)]
        elif self.fill == "mean":
            known = table.present & trained
            if not known.any():
                raise DataError(
                    f"Masking {self.modality} by its mean needs an item of training histories "
                    f"that has it, got 0 of {int(trained.sum())}; choose fill zero."
                )
            vectors[table.present] = table.vectors[known].mean(axis=0, dtype=np.float64)
        return replace(table, vectors=vectors)


def other_items(
    present: Bool[np.ndarray, " items"], modality: str, seed: int
) -> Int64[np.ndarray, " items"]:
    """For each item the one whose modality it is given: another that has it, each once.

    Items that lack the modality are named themselves.

    Args:
        present: Which items have the modality.
        modality: For the message.
        seed: Names the order of the circle in which all that have it stand.

    Raises:
        DataError: Fewer than two items have it.

    Example:
        >>> other_items(np.array([True, False, True]), "image", seed=0).tolist()
        [2, 1, 0]
    """
    having = np.flatnonzero(present)
    if len(having) < 2:
        raise DataError(
            f"Shuffling {modality} needs 2 items that have it, got {len(having)} of "
            f"{len(present)}; choose fill zero, or mask another modality."
        )
    circle = np.random.default_rng(seed).permutation(having)
    givers = np.arange(len(present), dtype=np.int64)
    # In a circle everyone has a predecessor, and nobody is their own.
    givers[circle] = np.roll(circle, 1)
    return givers
