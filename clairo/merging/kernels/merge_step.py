"""One merge: find its places, rewrite them from left to right, tidy up, tell what changed.

Only sets that hold the pair are visited. Before a set changes for the first time in a step,
what it and its two links counted is subtracted; after the tidy-up the new counts are added.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import compiled, wide
from clairo.merging.kernels.linked_sets import (
    EMPTY_SLOT,
    FIRST,
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
from clairo.merging.kernels.pair_totals import PairChanges

INSIDE, ACROSS = 0, 1
_STEP, _UNITS = 0, 1

Merge = tuple[int, int, int]
"""Smaller token, larger token, new token."""


class Occurrences(NamedTuple):
    """Where each token was when it came into being; dead entries go when a list is read.

    An entry names a set: the token is in it, in the slot after it, or (after a take-over) in
    the set that followed it.

    Attributes:
        pool: Entries of all tokens, a token's in ascending order.
        starts: First entry of each token.
        lengths: Number of entries of each token.
        state: Number of pool places in use, and of initial tokens (which never leave a set).
    """

    pool: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    state: np.ndarray


class Journal(NamedTuple):
    """What one step has touched.

    Attributes:
        stamps: Step in which a set's inside and its right link were last subtracted.
        units: What was subtracted, as ``2 * set + (1 for its link)``.
        sites: Sets at which the pair may be merged, ascending.
        emptied: Sets that lost their last token, ascending.
        state: Number of the step, and of units.
        counts_changes: False under release counting, which counts whole sequences.
    """

    stamps: np.ndarray
    units: np.ndarray
    sites: np.ndarray
    emptied: np.ndarray
    state: np.ndarray
    counts_changes: bool


@compiled
def new_journal(num_sets: int, counts_changes: bool) -> Journal:
    """A journal for as many sets."""
    return Journal(
        np.zeros((num_sets, 2), np.int32),
        np.empty(2 * num_sets, np.int32),
        np.empty(num_sets, np.int32),
        np.empty(2 * num_sets, np.int32),
        np.zeros(2, np.int64),
        counts_changes,
    )


@compiled
def begin_step(journal: Journal) -> None:
    """Forgets what the last step touched."""
    journal.state[_STEP] += 1
    journal.state[_UNITS] = 0


@compiled
def list_occurrences(rows: np.ndarray, num_tokens: int, capacity: int) -> Occurrences:
    """Occurrences of the initial tokens; room for ``capacity`` tokens."""
    lengths = np.zeros(capacity, np.int64)
    for node in range(len(rows)):
        for place in range(FIRST, FIRST + rows[node, LENGTH]):
            lengths[rows[node, place]] += 1
    starts = np.zeros(capacity, np.int64)
    for token in range(1, num_tokens):
        starts[token] = starts[token - 1] + lengths[token - 1]
    used = lengths.sum()
    pool = np.empty(2 * used, np.int32)
    filled = starts.copy()
    for node in range(len(rows)):
        for place in range(FIRST, FIRST + rows[node, LENGTH]):
            pool[filled[rows[node, place]]] = node
            filled[rows[node, place]] += 1
    return Occurrences(pool, starts, lengths, np.array([used, num_tokens]))


@compiled
def _meets(rows: np.ndarray, node: int, small: int, large: int) -> bool:
    """Whether a pair is inside a set or on the link to its right."""
    has_small, has_large = holds(rows, node, small), holds(rows, node, large)
    if has_small and has_large and small != large:
        return True
    after, slot = wide(rows[node, NEXT]), wide(rows[node, SLOT])
    if after == NO_SET:
        return False
    if slot == EMPTY_SLOT:
        return (has_small and holds(rows, after, large)) or (
            has_large and holds(rows, after, small)
        )
    if slot == small and (has_large or holds(rows, after, large)):
        return True
    return slot == large and (has_small or holds(rows, after, small))


@compiled
def _add_site(sites: np.ndarray, num_sites: int, node: int) -> int:
    """Inserts a set into the ascending list unless it is there; near the end, so cheap."""
    place = num_sites
    while place > 0 and sites[place - 1] > node:
        place -= 1
    if place > 0 and sites[place - 1] == node:
        return num_sites
    for later in range(num_sites, place, -1):
        sites[later] = sites[later - 1]
    sites[place] = node
    return num_sites + 1


@compiled
def _add_sites_around(
    rows: np.ndarray, node: int, pair: tuple[int, int], sites: np.ndarray, num_sites: int
) -> int:
    """Adds the set itself and the one before it, where the pair meets there."""
    before = wide(rows[node, PREVIOUS])
    if before != NO_SET and _meets(rows, before, pair[0], pair[1]):
        num_sites = _add_site(sites, num_sites, before)
    if _meets(rows, node, pair[0], pair[1]):
        num_sites = _add_site(sites, num_sites, node)
    return num_sites


@compiled
def find_sites(
    rows: np.ndarray, occurrences: Occurrences, pair: tuple[int, int], sites: np.ndarray
) -> int:
    """Fills ``sites`` with the sets at which a pair meets; gives their number.

    Reads the shorter of the two tokens' lists and drops its dead entries.
    """
    token = pair[0]
    if occurrences.lengths[pair[1]] < occurrences.lengths[token]:
        token = pair[1]
    start, kept, num_sites = occurrences.starts[token], 0, 0
    may_move = token >= occurrences.state[1]
    for index in range(start, start + occurrences.lengths[token]):
        node = wide(occurrences.pool[index])
        alive = False
        if rows[node, LENGTH] != REMOVED and (
            rows[node, SLOT] == token or holds(rows, node, token)
        ):
            alive = True
            num_sites = _add_sites_around(rows, node, pair, sites, num_sites)
        after = wide(rows[node, NEXT])
        if may_move and after != NO_SET and holds(rows, after, token):
            alive = True
            num_sites = _add_sites_around(rows, after, pair, sites, num_sites)
        if alive:
            occurrences.pool[start + kept] = node
            kept += 1
    occurrences.lengths[token] = kept
    return num_sites


@compiled
def _touch_unit(journal: Journal, node: int, kind: int) -> bool:
    """Notes a unit; whether it is new in this step."""
    if journal.stamps[node, kind] == journal.state[_STEP]:
        return False
    journal.stamps[node, kind] = journal.state[_STEP]
    journal.units[journal.state[_UNITS]] = 2 * node + kind
    journal.state[_UNITS] += 1
    return True


@compiled
def touch(sets: LinkedSets, journal: Journal, node: int, changes: PairChanges) -> None:
    """Subtracts what a set and its two links count, once a step, before the set changes."""
    if not journal.counts_changes:
        return
    if _touch_unit(journal, node, INSIDE):
        add_inside(sets, node, -1, changes)
    if _touch_unit(journal, node, ACROSS):
        add_link(sets, node, -1, changes)
    before = wide(sets.rows[node, PREVIOUS])
    if before != NO_SET and _touch_unit(journal, before, ACROSS):
        add_link(sets, before, -1, changes)


@compiled
def _merge_with_slot(
    sets: LinkedSets, journal: Journal, nodes: tuple[int, int], merge: Merge, changes: PairChanges
) -> int:
    """Tries the slot after ``nodes[0]`` with the set ``nodes[1]`` beside it."""
    rows, (at, side), (small, large, new) = sets.rows, nodes, merge
    slot = wide(rows[at, SLOT])
    other = large if slot == small else small
    if (slot != small and slot != large) or not holds(rows, side, other):
        return 0
    touch(sets, journal, side, changes)
    drop(rows, side, other)
    rows[at, SLOT] = new
    return 1


@compiled
def _merge_across(
    sets: LinkedSets, journal: Journal, node: int, merge: Merge, changes: PairChanges
) -> int:
    """Merges on the link to the right of a set; how often."""
    rows, (small, large, new) = sets.rows, merge
    after = wide(rows[node, NEXT])
    if after == NO_SET:
        return 0
    if rows[node, SLOT] != EMPTY_SLOT:
        return _merge_with_slot(
            sets, journal, (node, wide(node)), merge, changes
        ) + _merge_with_slot(sets, journal, (node, after), merge, changes)
    if holds(rows, node, small) and holds(rows, after, large):
        left, right = small, large
    elif holds(rows, node, large) and holds(rows, after, small):
        left, right = large, small
    else:
        return 0
    touch(sets, journal, node, changes)
    touch(sets, journal, after, changes)
    drop(rows, node, left)
    drop(rows, after, right)
    rows[node, SLOT] = new
    return 1


@compiled
def merge_at(
    sets: LinkedSets, journal: Journal, node: int, merge: Merge, changes: PairChanges
) -> tuple[int, int]:
    """Applies a merge at one set and its right link; how often inside and across."""
    rows, (small, large, new) = sets.rows, merge
    inside = 0
    if small != large and holds(rows, node, small) and holds(rows, node, large):
        touch(sets, journal, node, changes)
        drop(rows, node, small)
        drop(rows, node, large)
        put_first(rows, node, new)
        inside = 1
    return inside, _merge_across(sets, journal, node, merge, changes)


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
def tidy(sets: LinkedSets, journal: Journal, node: int, changes: PairChanges) -> None:
    """Tidies up around one set that a merge has emptied.

    Going through the emptied sets from left to right does what repeated passes over the
    whole sequence would: only such a set can take over a slot, and only the set before it
    can become removable by that.
    """
    before = take_over_slot(sets.rows, node)
    if before != NO_SET and is_removable(sets.rows, before):
        touch(sets, journal, before, changes)
        remove(sets.rows, before)


@compiled
def add_touched(sets: LinkedSets, journal: Journal, index: int, changes: PairChanges) -> None:
    """Adds what one touched unit counts now."""
    unit = journal.units[index]
    if sets.rows[unit // 2, LENGTH] == REMOVED:
        return
    if unit % 2 == INSIDE:
        add_inside(sets, unit // 2, 1, changes)
    else:
        add_link(sets, unit // 2, 1, changes)


@compiled
def room_for_sets(num_columns: int) -> int:
    """How many pairs one call of a function here may change, generously."""
    return 8 * num_columns * num_columns + 16


@compiled
def add_occurrence(occurrences: Occurrences, token: int, node: int) -> None:
    """Appends a place of the newest token."""
    occurrences.pool[occurrences.state[0]] = node
    occurrences.state[0] += 1
    occurrences.lengths[token] += 1
