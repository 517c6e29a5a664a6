"""One merge under release counting: totals as the public implementation keeps them.

After a merge it subtracts and adds only for pairs that are still in the changed sequence. A
pair that vanished from it keeps its old contribution for ever, and gets its new count on top
if it returns. That needs counts of whole sequences.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import compiled, wide
from clairo.merging.kernels.linked_sets import (
    LENGTH,
    NEXT,
    NO_SET,
    REMOVED,
    LinkedSets,
    add_inside,
    add_link,
)
from clairo.merging.kernels.merge_step import (
    Journal,
    Merge,
    Occurrences,
    add_occurrence,
    find_sites,
    merge_at,
    note_emptied,
    room_for_sets,
    tidy,
)
from clairo.merging.kernels.pair_totals import (
    PairChanges,
    add_change,
    clear_changes,
    find_slot,
    new_changes,
    with_room,
)

_SMALL_TABLE = 4096


class Sequences(NamedTuple):
    """Which sequence a set belongs to, and where each sequence starts now."""

    owners: np.ndarray
    heads: np.ndarray


@compiled
def _count_sequence(sets: LinkedSets, head: int, counts: PairChanges) -> PairChanges:
    """Counts all pairs of one sequence."""
    room = room_for_sets(len(sets.inside) - 1)
    clear_changes(counts)
    node = wide(head)
    while node != NO_SET:
        counts = with_room(counts, room)
        add_inside(sets, node, 1, counts)
        add_link(sets, node, 1, counts)
        node = wide(sets.rows[node, NEXT])
    return counts


@compiled
def _add_surviving(changes: PairChanges, old: PairChanges, new: PairChanges) -> PairChanges:
    """Adds a sequence's differences, but only for pairs that it still holds."""
    changes = with_room(changes, new.used[0])
    for index in range(new.used[0]):
        slot = new.slots[index]
        key = new.keys[slot]
        before = old.totals[find_slot(old.keys, key)]
        add_change(changes, key, new.totals[slot] - before)
    return changes


@compiled
def _rewrite_range(
    sets: LinkedSets,
    occurrences: Occurrences,
    journal: Journal,
    merge: Merge,
    bounds: tuple[int, int],
) -> tuple[int, int]:
    """Merges and tidies up the sites of one sequence; how often inside and across."""
    unused = new_changes(wide(2))
    inside, across, num_emptied = 0, 0, 0
    for index in range(bounds[0], bounds[1]):
        node = wide(journal.sites[index])
        here = merge_at(sets, journal, node, merge, unused)
        if here[0] + here[1] > 0:
            add_occurrence(occurrences, merge[2], node)
            num_emptied = note_emptied(sets.rows, node, journal.emptied, num_emptied)
        inside, across = inside + here[0], across + here[1]
    for index in range(num_emptied):
        tidy(sets, journal, wide(journal.emptied[index]), unused)
    return inside, across


@compiled
def merge_release(
    sets: LinkedSets,
    occurrences: Occurrences,
    journal: Journal,
    merge: Merge,
    sequences_and_changes: tuple[Sequences, PairChanges],
) -> tuple[PairChanges, tuple[int, int]]:
    """One step under release counting, sequence by sequence."""
    sequences, changes = sequences_and_changes
    old, new = new_changes(_SMALL_TABLE), new_changes(_SMALL_TABLE)
    num_sites = find_sites(sets.rows, occurrences, merge[:2], journal.sites)
    inside, across, start = 0, 0, 0
    while start < num_sites:
        owner = sequences.owners[journal.sites[start]]
        stop = start
        while stop < num_sites and sequences.owners[journal.sites[stop]] == owner:
            stop += 1
        old = _count_sequence(sets, sequences.heads[owner], old)
        here = _rewrite_range(sets, occurrences, journal, merge, (start, stop))
        while sets.rows[sequences.heads[owner], LENGTH] == REMOVED:
            sequences.heads[owner] = sets.rows[sequences.heads[owner], NEXT]
        new = _count_sequence(sets, sequences.heads[owner], new)
        changes = _add_surviving(changes, old, new)
        inside, across, start = inside + here[0], across + here[1], stop
    return changes, (inside, across)


@compiled
def own_sequences(offsets: np.ndarray) -> Sequences:
    """The sequence of every set, and the first set of every sequence."""
    owners = np.empty(offsets[-1], np.int32)
    for sequence in range(len(offsets) - 1):
        owners[offsets[sequence] : offsets[sequence + 1]] = sequence
    return Sequences(owners, offsets[:-1].copy())
