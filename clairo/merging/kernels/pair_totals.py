"""Hash tables from a pair of tokens to an integer total.

A pair is one key, ``smaller token << 32 | larger token``, so keys sort as pairs do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import compiled, wide

EMPTY = -1
_SPREAD = -7046029254386353131  # 2^64 divided by the golden ratio, as a signed number


class PairTotals(NamedTuple):
    """Open addressing with linear probing; a power of two of slots."""

    keys: np.ndarray
    totals: np.ndarray
    used: np.ndarray


class PairChanges(NamedTuple):
    """A small table that also remembers which slots it filled, to be emptied quickly."""

    keys: np.ndarray
    totals: np.ndarray
    slots: np.ndarray
    used: np.ndarray


@compiled
def pair_key(left: int, right: int) -> int:
    """Key of an unordered pair."""
    if left <= right:
        return (wide(left) << 32) | wide(right)
    return (wide(right) << 32) | wide(left)


@compiled
def find_slot(keys: np.ndarray, key: int) -> int:
    """Slot of a key, or the empty slot where it belongs."""
    mask = len(keys) - 1
    slot = ((key * _SPREAD) >> 32) & mask
    while keys[slot] != key and keys[slot] != EMPTY:
        slot = (slot + 1) & mask
    return slot


@compiled
def new_totals(num_slots: int) -> PairTotals:
    """An empty table."""
    return PairTotals(
        np.full(num_slots, EMPTY, np.int64),
        np.zeros(num_slots, np.int64),
        np.zeros(1, np.int64),
    )


@compiled
def new_changes(num_slots: int) -> PairChanges:
    """An empty small table."""
    return PairChanges(
        np.full(num_slots, EMPTY, np.int64),
        np.zeros(num_slots, np.int64),
        np.empty(num_slots, np.int64),
        np.zeros(1, np.int64),
    )


@compiled
def add_change(changes: PairChanges, key: int, amount: int) -> None:
    """Adds to a pair's change; the caller has made room."""
    slot = find_slot(changes.keys, key)
    if changes.keys[slot] == EMPTY:
        changes.keys[slot] = key
        changes.slots[changes.used[0]] = slot
        changes.used[0] += 1
    changes.totals[slot] += amount


@compiled
def clear_changes(changes: PairChanges) -> None:
    """Empties the table, at the cost of what is in it."""
    for index in range(changes.used[0]):
        slot = changes.slots[index]
        changes.keys[slot] = EMPTY
        changes.totals[slot] = 0
    changes.used[0] = 0


@compiled
def with_room(changes: PairChanges, extra: int) -> PairChanges:
    """The same changes in a table that can take ``extra`` more pairs."""
    if 2 * (changes.used[0] + extra) <= len(changes.keys):
        return changes
    larger = new_changes(4 * len(changes.keys))
    for index in range(changes.used[0]):
        slot = changes.slots[index]
        add_change(larger, changes.keys[slot], changes.totals[slot])
    return larger


@compiled
def add_total(table: PairTotals, key: int, amount: int) -> int:
    """Adds to a pair's total and gives the new total; the caller has made room."""
    slot = find_slot(table.keys, key)
    if table.keys[slot] == EMPTY:
        table.keys[slot] = key
        table.used[0] += 1
    table.totals[slot] += amount
    return table.totals[slot]


@compiled
def total_of(table: PairTotals, key: int) -> int:
    """Total of a pair, 0 where it is unknown."""
    return table.totals[find_slot(table.keys, key)]


@compiled
def totals_with_room(table: PairTotals, extra: int) -> PairTotals:
    """The same totals in a table that can take ``extra`` more pairs; zeros are dropped."""
    if 10 * (table.used[0] + extra) <= 7 * len(table.keys):
        return table
    alive = 0
    for slot in range(len(table.keys)):
        alive += table.totals[slot] != 0
    num_slots = len(table.keys)
    while 2 * (alive + extra) > num_slots:
        num_slots *= 2
    fresh = new_totals(num_slots)
    for slot in range(len(table.keys)):
        if table.totals[slot] != 0:
            target = find_slot(fresh.keys, table.keys[slot])
            fresh.keys[target] = table.keys[slot]
            fresh.totals[target] = table.totals[slot]
    fresh.used[0] = alive
    return fresh
