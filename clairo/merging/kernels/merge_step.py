"""One merge: rewrite its places from left to right, tidy up, write down what changed.

Before a set changes for the first time in a step,
what it and its two links counted is subtracted; after the tidy-up the new counts are added.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import compiled, inlined, wide
from clairo.merging.kernels.linked_sets import (
    EMPTY_SLOT,
    LENGTH,
    NEXT,
    NO_SET,
    PREVIOUS,
    REMOVED,
    SLOT,
    LinkedSets,
    add_inside,
    add_link,
    drop,
    holds,
    is_removable,
    put_first,
    remove,
    take_over_slot,
)
from clairo.merging.kernels.pair_log import PairLog
from clairo.merging.kernels.prefetching import prefetch

INSIDE, ACROSS = 0, 1
_STEP, _UNITS, _WRITES = 0, 1, 2

Merge = tuple[int, int, int]
"""Smaller token, larger token, new token."""


class Journal(NamedTuple):
    """What one step has touched.

    Attributes:
        stamps: Step in which a set's inside and its right link were last subtracted.
        units: What was subtracted, as ``2 * set + (1 for its link)``.
        state: Number of the step, of units, and whether changes are written at all: release
            counting counts whole sequences instead.
    """

    stamps: np.ndarray
    units: np.ndarray
    state: np.ndarray


class Worklists(NamedTuple):
    """Scratch of one step.

    Attributes:
        sites: Sets at which the pair may be merged, ascending.
        emptied: Sets that lost their last token, ascending.
    """

    sites: np.ndarray
    emptied: np.ndarray


@compiled
def begin_step(journal: Journal) -> None:
    """Forgets what the last step touched."""
    journal.state[_STEP] += 1
    journal.state[_UNITS] = 0


@inlined
def _touch_unit(journal: Journal, node: int, kind: int) -> bool:
    """Notes a unit; whether it is new in this step."""
    if journal.stamps[node, kind] == journal.state[_STEP]:
        return False
    journal.stamps[node, kind] = journal.state[_STEP]
    journal.units[journal.state[_UNITS]] = 2 * node + kind
    journal.state[_UNITS] += 1
    return True


@compiled
def touch(sets: LinkedSets, journal: Journal, node: int, log: PairLog) -> None:
    """Subtracts what a set and its two links count, once a step, before the set changes."""
    if journal.state[_WRITES] == 0:
        return
    if _touch_unit(journal, node, INSIDE):
        add_inside(sets, node, -1, log)
    if _touch_unit(journal, node, ACROSS):
        add_link(sets, node, -1, log)
    before = wide(sets.rows[node, PREVIOUS])
    if before != NO_SET and _touch_unit(journal, before, ACROSS):
        add_link(sets, before, -1, log)


@compiled
def _merge_with_slot(
    sets: LinkedSets, journal: Journal, nodes: tuple[int, int], merge: Merge, log: PairLog
) -> int:
    """Tries the slot after ``nodes[0]`` with the set ``nodes[1]`` beside it."""
    rows, (at, side), (small, large, new) = sets.rows, nodes, merge
    slot = wide(rows[at, SLOT])
    other = large if slot == small else small
    if (slot != small and slot != large) or not holds(rows, side, other):
        return 0
    touch(sets, journal, side, log)
    drop(rows, side, other)
    rows[at, SLOT] = new
    return 1


@compiled
def _merge_across(sets: LinkedSets, journal: Journal, node: int, merge: Merge, log: PairLog) -> int:
    """Merges on the link to the right of a set; how often."""
    rows, (small, large, new) = sets.rows, merge
    after = wide(rows[node, NEXT])
    if after == NO_SET:
        return 0
    if rows[node, SLOT] != EMPTY_SLOT:
        return _merge_with_slot(sets, journal, (node, wide(node)), merge, log) + _merge_with_slot(
            sets, journal, (node, after), merge, log
        )
    if holds(rows, node, small) and holds(rows, after, large):
        left, right = small, large
    elif holds(rows, node, large) and holds(rows, after, small):
        left, right = large, small
    else:
        return 0
    touch(sets, journal, node, log)
    touch(sets, journal, after, log)
    drop(rows, node, left)
    drop(rows, after, right)
    rows[node, SLOT] = new
    return 1


@compiled
def merge_at(
    sets: LinkedSets, journal: Journal, node: int, merge: Merge, log: PairLog
) -> tuple[int, int]:
    """Applies a merge at one set and its right link; how often inside and across."""
    rows, (small, large, new) = sets.rows, merge
    inside = 0
    if small != large and holds(rows, node, small) and holds(rows, node, large):
        touch(sets, journal, node, log)
        drop(rows, node, small)
        drop(rows, node, large)
        put_first(rows, node, new)
        inside = 1
    return inside, _merge_across(sets, journal, node, merge, log)


@compiled
def note_emptied(rows: np.ndarray, node: int, emptied: np.ndarray, num_emptied: int) -> int:
    """Appends a set and the next one to the list of emptied sets where they are empty."""
    if rows[node, LENGTH] == 0:
        emptied[num_emptied] = node
        num_emptied += 1
    after = wide(rows[node, NEXT])
    if after != NO_SET and rows[after, LENGTH] == 0:
        emptied[num_emptied] = after
        num_emptied += 1
    return num_emptied


@compiled
def tidy(sets: LinkedSets, journal: Journal, node: int, log: PairLog) -> None:
    """Tidies up around one set that a merge has emptied.

    Going through the emptied sets from left to right does what repeated passes over the
    whole sequence would: only such a set can take over a slot, and only the set before it
    can become removable by that.
    """
    before = take_over_slot(sets.rows, node)
    if before != NO_SET and is_removable(sets.rows, before):
        touch(sets, journal, before, log)
        remove(sets.rows, before)


@compiled
def add_touched(sets: LinkedSets, journal: Journal, index: int, log: PairLog) -> None:
    """Adds what one touched unit counts now."""
    unit = journal.units[index]
    if sets.rows[unit // 2, LENGTH] == REMOVED:
        return
    if unit % 2 == INSIDE:
        add_inside(sets, unit // 2, 1, log)
    else:
        add_link(sets, unit // 2, 1, log)


@inlined
def expect_site(sets: LinkedSets, journal: Journal, sites: np.ndarray, ahead: int) -> None:
    """Asks for the memory of a site that is visited soon."""
    prefetch(sets.rows, wide(sites[ahead]))
    prefetch(journal.stamps, wide(sites[ahead]))


@compiled
def count_new_pairs(sets: LinkedSets, sites: np.ndarray, num_sites: int, num_tokens: int) -> int:
    """Most pairs that a merge at these sites can give a total for the first time.

    The new token meets at most every other token. Other tokens become neighbours only where a
    set that is emptied goes away, and a set loses at most both tokens of the pair. There are
    never more than all pairs of all tokens.
    """
    rows, num_columns = sets.rows, len(sets.weights) - 1
    going = 0
    for index in range(num_sites):
        node = wide(sites[index])
        after = wide(rows[node, NEXT])
        going += rows[node, LENGTH] <= 2
        going += after != NO_SET and rows[after, LENGTH] <= 2
    met = min(num_tokens, num_sites * (3 * num_columns + 3))
    needed = met + going * (num_columns * num_columns + 2 * num_columns)
    return min(needed, (num_tokens + 1) * (num_tokens + 2) // 2)


def room_for_sets(num_columns: int) -> int:
    """How many pairs one call of a function here may change, generously."""
    return 8 * num_columns * num_columns + 16
