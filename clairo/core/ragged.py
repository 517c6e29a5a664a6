"""Sequences of different lengths as one flat array and offsets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Int, Int64

from clairo.core.errors import DataError

_PIECE_VALUES = 1 << 22
_SMALLEST, _LARGEST = np.iinfo(np.int32).min, np.iinfo(np.int32).max


@dataclass(frozen=True)
class Ragged:
    """A list of integer sequences without a Python object per sequence.

    Attributes:
        values: All sequences one after another.
        offsets: Sequence ``i`` is ``values[offsets[i]:offsets[i + 1]]``; starts with 0.

    Example:
        >>> ragged = Ragged.from_sequences([[1, 2], [], [3]])
        >>> [row.tolist() for row in ragged]
        [[1, 2], [], [3]]
        >>> ragged.take([2, 0]).values.tolist()
        [3, 1, 2]
    """

    values: Int[np.ndarray, " total"]
    offsets: Int64[np.ndarray, " rows+1"]

    @classmethod
    def from_sequences(cls, sequences: Sequence[Sequence[int] | np.ndarray]) -> Self:
        """Packs ordinary sequences; values become int32.

        Raises:
            DataError: A value is no whole number or does not fit 32 bits.
        """
        lengths = [len(sequence) for sequence in sequences]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        rows = [np.asarray(sequence) for sequence in sequences if len(sequence)]
        values = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int32)
        if not np.issubdtype(values.dtype, np.integer):
            raise DataError(
                f"Sequences must hold whole numbers, got {values.dtype}; look items up or round."
            )
        if values.size and not _SMALLEST <= int(values.min()) <= int(values.max()) <= _LARGEST:
            raise DataError(
                f"Sequences must hold numbers of 32 bits, got {int(values.min())} to "
                f"{int(values.max())}; number the items from 0."
            )
        return cls(values.astype(np.int32), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> Int[np.ndarray, " length"]:
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    def __iter__(self) -> Iterator[Int[np.ndarray, " length"]]:
        return (self[row] for row in range(len(self)))

    @property
    def lengths(self) -> Int64[np.ndarray, " rows"]:
        """Length of every sequence."""
        return np.diff(self.offsets)

    @property
    def longest(self) -> int:
        """Length of the longest sequence, 0 without any."""
        return int(self.lengths.max()) if len(self) else 0

    def take(self, rows: Sequence[int] | np.ndarray) -> Self:
        """The given rows, in the given order."""
        chosen = np.asarray(rows, dtype=np.int64)
        # Only what is chosen is looked at: a batch of a large table costs what the batch holds.
        starts = self.offsets[:-1][chosen]
        lengths = self.offsets[1:][chosen] - starts
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        shift = np.repeat(starts - offsets[:-1], lengths)
        values: np.ndarray = self.values[np.arange(int(offsets[-1])) + shift]
        return type(self)(values, offsets)


def cut(
    values: Int[np.ndarray, " total"],
    starts: Int64[np.ndarray, " rows"],
    stops: Int64[np.ndarray, " rows"],
) -> Ragged:
    """Rows ``values[starts[i]:stops[i]]`` without a Python loop.

    Example:
        >>> rows = cut(np.arange(10), np.array([2, 5]), np.array([4, 6]))
        >>> [row.tolist() for row in rows]
        [[2, 3], [5]]
    """
    lengths = stops - starts
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    taken = np.empty(int(offsets[-1]), values.dtype)
    for rows in row_pieces(offsets):
        first, last = int(offsets[rows.start]), int(offsets[rows.stop])
        shift = np.repeat(starts[rows] - offsets[rows], lengths[rows])
        taken[first:last] = values[np.arange(first, last) + shift]
    return Ragged(taken, offsets)


def row_pieces(
    offsets: Int64[np.ndarray, " rows+1"], num_values: int = _PIECE_VALUES
) -> Iterator[slice]:
    """Consecutive rows, so many at a time that they hold about ``num_values`` values.

    For work whose scratch arrays must not grow with a table.

    Example:
        >>> list(row_pieces(np.array([0, 2, 4, 9, 10]), num_values=4))
        [slice(0, 2, None), slice(2, 3, None), slice(3, 4, None)]
    """
    start, count = 0, len(offsets) - 1
    while start < count:
        stop = int(np.searchsorted(offsets, offsets[start] + num_values, side="right")) - 1
        stop = min(max(stop, start + 1), count)
        yield slice(start, stop)
        start = stop
