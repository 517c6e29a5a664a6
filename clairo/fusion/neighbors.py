"""Who stands near whom in the training sequences: positives for learning without labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Bool, Int, Int64

from clairo.core.ragged import Ragged

NOBODY = -1
"""Stands for a neighbor where an item has none."""


@dataclass(frozen=True)
class Neighbors:
    """Occurrences of items in sequences, from which neighbors are drawn.

    Pairs are never written out: memory is that of the sequences, whatever the window.

    Attributes:
        values: All sequences one after another, items that may not be drawn left out.
        starts: Where the sequence of each position begins.
        stops: Where it ends.
        occurrences: Positions that have a neighbor, grouped by their item.
        offsets: Item ``i`` owns ``occurrences[offsets[i]:offsets[i + 1]]``.
        window: How many steps away a neighbor may be.
    """

    values: Int[np.ndarray, " positions"]
    starts: Int64[np.ndarray, " positions"]
    stops: Int64[np.ndarray, " positions"]
    occurrences: Int64[np.ndarray, " occurrences"]
    offsets: Int64[np.ndarray, " items+1"]
    window: int

    @classmethod
    def of(cls, sequences: Ragged, usable: Bool[np.ndarray, " items"], window: int) -> Self:
        """Indexes sequences.

        Args:
            sequences: Items in order, one row per user.
            usable: Items that may be drawn; the others are taken out and distances close up.
            window: Steps, 1 or more.
        """
        rows = np.repeat(np.arange(len(sequences)), sequences.lengths)
        kept = usable[sequences.values]
        values, rows = sequences.values[kept], rows[kept]
        bounds = np.concatenate(
            [[0], np.cumsum(np.bincount(rows, minlength=len(sequences)))]
        ).astype(np.int64)
        starts, stops = bounds[rows], bounds[rows + 1]
        with_neighbor = np.flatnonzero(stops - starts > 1)
        order = np.argsort(values[with_neighbor], kind="stable")
        counts = np.bincount(values[with_neighbor], minlength=len(usable))
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(values, starts, stops, with_neighbor[order], offsets, window)

    @property
    def num_items(self) -> int:
        """Items that have a neighbor somewhere."""
        return int((np.diff(self.offsets) > 0).sum())

    def draw(
        self, items: Int64[np.ndarray, " rows"], rng: np.random.Generator
    ) -> Int64[np.ndarray, " rows"]:
        """A neighbor of each item: an even draw of its occurrences, then of the window.

        Gives :data:`NOBODY` for an item without neighbors, and where the draw met the item
        itself, bought twice.

        Example:
            >>> sequences = Ragged.from_sequences([[0, 1], [2]])
            >>> neighbors = Neighbors.of(sequences, np.ones(3, dtype=bool), window=1)
            >>> neighbors.draw(np.arange(3), np.random.default_rng(0)).tolist()
            [1, 0, -1]
        """
        drawn = np.full(len(items), NOBODY, dtype=np.int64)
        counts = self.offsets[items + 1] - self.offsets[items]
        rows = np.flatnonzero(counts)
        chosen = self.offsets[items[rows]] + rng.integers(counts[rows])
        at = self.occurrences[chosen]
        low = np.maximum(self.starts[at], at - self.window)
        high = np.minimum(self.stops[at] - 1, at + self.window)
        near = low + rng.integers(high - low)
        drawn[rows] = self.values[near + (near >= at)]
        drawn[drawn == items] = NOBODY
        return drawn


def ragged(sequences: Iterable[Int[np.ndarray, " _"]]) -> Ragged:
    """Sequences that can be read more than once."""
    return sequences if isinstance(sequences, Ragged) else Ragged.from_sequences(list(sequences))
