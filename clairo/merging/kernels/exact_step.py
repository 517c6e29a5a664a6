"""One merge under exact counting: totals are always the sum over the sequences."""

from __future__ import annotations

from clairo.merging.kernels.compiled import compiled, wide
from clairo.merging.kernels.linked_sets import LinkedSets
from clairo.merging.kernels.merge_step import (
    Journal,
    Merge,
    Occurrences,
    add_occurrence,
    add_touched,
    begin_step,
    find_sites,
    merge_at,
    note_emptied,
    room_for_sets,
    tidy,
)
from clairo.merging.kernels.pair_totals import PairChanges, with_room


@compiled
def merge_exact(
    sets: LinkedSets, occurrences: Occurrences, journal: Journal, merge: Merge, changes: PairChanges
) -> tuple[PairChanges, tuple[int, int]]:
    """One step under exact counting; the changes, and how often inside and across."""
    room = room_for_sets(len(sets.inside) - 1)
    begin_step(journal)
    num_sites = find_sites(sets.rows, occurrences, merge[:2], journal.sites)
    inside, across, num_emptied = 0, 0, 0
    for index in range(num_sites):
        node = wide(journal.sites[index])
        changes = with_room(changes, room)
        here = merge_at(sets, journal, node, merge, changes)
        if here[0] + here[1] > 0:
            add_occurrence(occurrences, merge[2], node)
            num_emptied = note_emptied(sets.rows, node, journal.emptied, num_emptied)
        inside, across = inside + here[0], across + here[1]
    for index in range(num_emptied):
        changes = with_room(changes, room)
        tidy(sets, journal, wide(journal.emptied[index]), changes)
    for index in range(journal.state[1]):
        changes = with_room(changes, room)
        add_touched(sets, journal, index, changes)
    return changes, (inside, across)
