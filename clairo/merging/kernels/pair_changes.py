"""Changes of pairs added up, for release counting, which compares whole sequences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import allocating, compiled, inlined
from clairo.merging.kernels.pair_log import PairLog
from clairo.merging.kernels.pair_totals import EMPTY, KEY, TOTAL, find_slot, new_cells


class PairChanges(NamedTuple):
    """A hash table that also remembers which slots it filled, to be emptied quickly.

    Attributes:
        cells: Key and amount of each slot; a power of two of slots.
        slots: Slots that hold a key, in the order in which they were filled.
        used: Their number.
    """

    cells: np.ndarray
    slots: np.ndarray
    used: np.ndarray


@allocating
def new_changes(num_slots: int) -> PairChanges:
    """An empty table."""
    return PairChanges(new_cells(num_slots), np.empty(num_slots, np.int64), np.zeros(1, np.int64))


@inlined
def add_change(changes: PairChanges, key: int, amount: int) -> None:
    """Adds to a pair's change; the caller has made room."""
    slot = find_slot(changes.cells, key)
    if changes.cells[slot, KEY] == EMPTY:
        changes.cells[slot, KEY] = key
        changes.slots[changes.used[0]] = slot
        changes.used[0] += 1
    changes.cells[slot, TOTAL] += amount


@compiled
def clear_changes(changes: PairChanges) -> None:
    """Empties the table, at the cost of what is in it."""
    for index in range(changes.used[0]):
        slot = changes.slots[index]
        changes.cells[slot, KEY] = EMPTY
        changes.cells[slot, TOTAL] = 0
    changes.used[0] = 0


@allocating
def with_room(changes: PairChanges, extra: int) -> PairChanges:
    """The same changes with room for ``extra`` more; an outgrown table is left empty."""
    if 2 * (changes.used[0] + extra) <= len(changes.cells):
        return changes
    num_slots = len(changes.cells)
    while 2 * (changes.used[0] + extra) > num_slots:
        num_slots *= 2
    larger = new_changes(2 * num_slots)
    for index in range(changes.used[0]):
        slot = changes.slots[index]
        add_change(larger, changes.cells[slot, KEY], changes.cells[slot, TOTAL])
    clear_changes(changes)
    return larger


@allocating
def add_log(changes: PairChanges, log: PairLog) -> PairChanges:
    """Adds a log's entries and empties the log."""
    changes = with_room(changes, log.used[0])
    for index in range(log.used[0]):
        add_change(changes, log.entries[index, KEY], log.entries[index, TOTAL])
    log.used[0] = 0
    return changes
