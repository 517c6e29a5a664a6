"""The hash table from a pair of tokens to its integer total.

A pair is one key, ``smaller token << 32 | larger token``, so keys sort as pairs do. Key and
total lie side by side, so that a look-up costs one cache line.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import allocating, compiled, inlined, wide

EMPTY = -1
KEY, TOTAL = 0, 1
_SPREAD = -7046029254386353131  # 2^64 divided by the golden ratio, as a signed number


class PairTotals(NamedTuple):
    """Open addressing with linear probing.

    Attributes:
        cells: Key and total of each slot; a power of two of slots.
        used: Number of slots that hold a key.
    """

    cells: np.ndarray
    used: np.ndarray


@inlined
def pair_key(left: int, right: int) -> int:
    """Key of an unordered pair."""
    if left <= right:
        return (wide(left) << 32) | wide(right)
    return (wide(right) << 32) | wide(left)


@inlined
def first_slot(cells: np.ndarray, key: int) -> int:
    """Where the search for a key begins."""
    return ((key * _SPREAD) >> 32) & (len(cells) - 1)


@inlined
def find_slot(cells: np.ndarray, key: int) -> int:
    """Slot of a key, or the empty slot where it belongs."""
    mask = len(cells) - 1
    slot = first_slot(cells, key)
    while cells[slot, KEY] != key and cells[slot, KEY] != EMPTY:
        slot = (slot + 1) & mask
    return slot


@compiled
def clear_cells(cells: np.ndarray) -> None:
    """Empties every slot."""
    for slot in range(len(cells)):
        cells[slot, KEY] = EMPTY
        cells[slot, TOTAL] = 0


@allocating
def new_cells(num_slots: int) -> np.ndarray:
    """Empty slots."""
    cells = np.empty((num_slots, 2), np.int64)
    clear_cells(cells)
    return cells


@inlined
def add_total(table: PairTotals, key: int, amount: int) -> int:
    """Adds to a pair's total and gives the new total; the caller has made room."""
    slot = find_slot(table.cells, key)
    if table.cells[slot, KEY] == EMPTY:
        table.cells[slot, KEY] = key
        table.used[0] += 1
    table.cells[slot, TOTAL] += amount
    return table.cells[slot, TOTAL]


@inlined
def total_of(table: PairTotals, key: int) -> int:
    """Total of a pair, 0 where it is unknown."""
    return table.cells[find_slot(table.cells, key), TOTAL]


@inlined
def has_room(table: PairTotals, extra: int) -> bool:
    """Whether ``extra`` more pairs leave the table sparse enough for quick look-ups."""
    return 10 * (table.used[0] + extra) <= 7 * len(table.cells)


@compiled
def count_alive(table: PairTotals) -> int:
    """Pairs whose total is not zero."""
    alive = 0
    for slot in range(len(table.cells)):
        alive += table.cells[slot, TOTAL] != 0
    return alive


@compiled
def move_totals(table: PairTotals, fresh: PairTotals) -> None:
    """Copies all totals but zeros into an empty table, and clears its slots first."""
    clear_cells(fresh.cells)
    fresh.used[0] = 0
    for slot in range(len(table.cells)):
        if table.cells[slot, TOTAL] != 0:
            add_total(fresh, table.cells[slot, KEY], table.cells[slot, TOTAL])
