"""What merges add to pairs, written down in order and brought into the totals a chunk at a time.

Most pairs change once or twice in a step, so adding changes up before they reach the large
table would save little. A chunk that stays in the cache, read with the large table's lines
asked for in advance, is several times faster.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import inlined
from clairo.merging.kernels.pair_totals import KEY, TOTAL, PairTotals, first_slot
from clairo.merging.kernels.prefetching import prefetch

CHUNK = 8192
"""Entries after which a log is full; 128 KB."""

_AHEAD = 12
"""Entries by which the totals are asked for in advance: a memory access takes that long."""


class PairLog(NamedTuple):
    """Changes of pairs.

    Attributes:
        entries: Key and amount of each change.
        used: Their number.
    """

    entries: np.ndarray
    used: np.ndarray


@inlined
def write(log: PairLog, key: int, amount: int) -> None:
    """Appends a change; the caller empties a full log."""
    place = log.used[0]
    log.entries[place, KEY], log.entries[place, TOTAL] = key, amount
    log.used[0] = place + 1


@inlined
def is_full(log: PairLog) -> bool:
    """Whether the log must be emptied before more is written."""
    return log.used[0] >= CHUNK


@inlined
def expect(table: PairTotals, log: PairLog, index: int) -> None:
    """Asks for the total that a later entry will change."""
    ahead = min(index + _AHEAD, log.used[0] - 1)
    prefetch(table.cells, first_slot(table.cells, log.entries[ahead, KEY]))
