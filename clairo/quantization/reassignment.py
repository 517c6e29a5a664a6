"""Uniqueness without a digit: items that share their codes move to near ones that are free."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int32

from clairo.core.artifacts import EmbeddingTable
from clairo.core.errors import DataError
from clairo.quantization.base import Quantizer
from clairo.quantization.diagnostics import reconstruction_error


@dataclass(frozen=True)
class CodedVectors:
    """Vectors, and the quantizer that coded them.

    Attributes:
        quantizer: Fitted.
        table: The vectors of one modality, or fused ones.
        size: Centroids of each codebook.
    """

    quantizer: Quantizer
    table: EmbeddingTable
    size: int

    def losses(self, codes: Int32[np.ndarray, "items codebooks"]) -> Float[np.ndarray, " items"]:
        """Squared distance of each vector to what its codes stand for, 0 for missing ones."""
        present = self.table.present
        losses = np.zeros(len(present))
        decoded = self.quantizer.decode(codes[present])
        losses[present] = np.square(self.table.vectors[present] - decoded).sum(axis=1)
        return losses

    def moves(
        self, item: int, codes: Int32[np.ndarray, " codebooks"]
    ) -> Iterator[Int32[np.ndarray, " codebooks"]]:
        """All other codes of an item.

        First those that differ in the last code only, nearest first; then those whose last code
        but one differs as well, and so on up to the first code.
        """
        for level in reversed(range(len(codes))):
            for code in self._nearest_first(item, codes, level):
                if code != codes[level]:
                    yield from self._tails(item, _with_code(codes, level, code), level + 1)

    def _tails(
        self, item: int, codes: Int32[np.ndarray, " codebooks"], level: int
    ) -> Iterator[Int32[np.ndarray, " codebooks"]]:
        """All codes that are equal before a level, nearest first at each level."""
        if level == len(codes):
            yield codes
            return
        for code in self._nearest_first(item, codes, level):
            yield from self._tails(item, _with_code(codes, level, code), level + 1)

    def _nearest_first(
        self, item: int, codes: Int32[np.ndarray, " codebooks"], level: int
    ) -> list[int]:
        vector = self.table.vectors[item]
        ordered: list[int] = self.quantizer.alternatives(vector, codes, level, self.size).tolist()
        return ordered


def _with_code(
    codes: Int32[np.ndarray, " codebooks"], level: int, code: int
) -> Int32[np.ndarray, " codebooks"]:
    changed = codes.copy()
    changed[level] = code
    return changed


_Pair = tuple[CodedVectors, slice]
"""What codes were made from, and their columns."""


def reassign(
    codes: Int32[np.ndarray, "items columns"], parts: Sequence[CodedVectors]
) -> tuple[Int32[np.ndarray, "items columns"], dict[str, Any]]:
    """Unique codes: of each group with equal ones, the item that they fit best keeps them.

    The others move one after another, those that were coded best first, ties in catalogue
    order; each takes the first of :meth:`CodedVectors.moves` that nobody has. Where an item has
    several modalities its last one is tried first. An item keeps the code of a modality that it
    lacks, so of items without any vector none can move.

    Args:
        codes: Codes of every item, the columns of one modality after those of another.
        parts: What the columns were made from, in their order.

    Returns:
        The codes, and the facts ``reassigned_items`` (how many moved) and
        ``<modality>/reassigned_reconstruction_error``.

    Raises:
        DataError: An item must move and no code is free.
    """
    depth = codes.shape[1] // len(parts)
    columns = [slice(at * depth, (at + 1) * depth) for at in range(len(parts))]
    pairs = list(zip(parts, columns, strict=True))
    movers = _movers(codes, pairs)
    found, used = codes.copy(), {row.tobytes() for row in codes}
    for item in movers:
        free = (row for row in _candidates(codes, item, pairs) if row.tobytes() not in used)
        chosen = next(free, None)
        if chosen is None:
            raise DataError(
                "Reassigning needs a free combination of codes for each item that shares its "
                f"own, found none for item {item} with codes {codes[item].tolist()} among "
                f"{len(codes)} items; use more or larger codebooks, or disambiguation hash."
            )
        used.add(chosen.tobytes())
        found[item] = chosen
    facts: dict[str, Any] = {"reassigned_items": len(movers)}
    for part, at in pairs:
        rows = part.table.vectors[part.table.present]
        decoded = part.quantizer.decode(found[part.table.present][:, at])
        name = f"{part.table.modality}/reassigned_reconstruction_error"
        facts[name] = reconstruction_error(rows, decoded)
    return found, facts


def _movers(codes: Int32[np.ndarray, "items columns"], pairs: Sequence[_Pair]) -> list[int]:
    """Items that must move, those that were coded best first."""
    losses = np.sum([part.losses(codes[:, at]) for part, at in pairs], axis=0)
    best_first = np.argsort(losses, kind="stable")
    _, first = np.unique(codes[best_first], axis=0, return_index=True)
    stays = np.zeros(len(codes), dtype=bool)
    stays[best_first[first]] = True
    return [int(item) for item in best_first if not stays[item]]


def _candidates(
    codes: Int32[np.ndarray, "items columns"], item: int, pairs: Sequence[_Pair]
) -> Iterator[Int32[np.ndarray, " columns"]]:
    """What an item may have instead of its codes, the best first."""
    for part, at in reversed(pairs):
        if part.table.present[item]:
            for moved in part.moves(item, codes[item, at]):
                row = codes[item].copy()
                row[at] = moved
                yield row
