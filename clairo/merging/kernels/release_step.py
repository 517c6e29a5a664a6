"""Merges under release counting: totals as the public implementation keeps them.

After a merge it subtracts and adds only for pairs that are still in the changed sequence. A
pair that vanished from it keeps its old contribution for ever, and gets its new count on top
if it returns. That needs counts of whole sequences.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import allocating, compiled, wide
from clairo.merging.kernels.exact_step import (
    EXHAUSTED,
    MADE,
    NEEDED,
    REACHED,
    TABLE_FULL,
    Merges,
    Plan,
    close_merge,
    may_cross,
    open_merge,
)
from clairo.merging.kernels.ledger import Ledger, rank, weigh
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
    Worklists,
    count_new_pairs,
    merge_at,
    note_emptied,
    tidy,
)
from clairo.merging.kernels.occurrences import Occurrences, add_occurrence, find_sites
from clairo.merging.kernels.pair_changes import (
    PairChanges,
    add_change,
    add_log,
    clear_changes,
    new_changes,
    with_room,
)
from clairo.merging.kernels.pair_log import PairLog, is_full
from clairo.merging.kernels.pair_ranking import (
    PairHeap,
    best_total,
    crossing_is_better,
    is_empty,
    keep_more,
    leaves_out,
    pop,
)
from clairo.merging.kernels.pair_totals import KEY, TOTAL, add_total, find_slot, has_room

_SMALL_TABLE = 4096


class Sequences(NamedTuple):
    """What counting whole sequences needs.

    Attributes:
        owners: Sequence of each set.
        heads: Where each sequence starts now.
    """

    owners: np.ndarray
    heads: np.ndarray


@allocating
def _count_sequence(sets: LinkedSets, head: int, log: PairLog, counts: PairChanges) -> PairChanges:
    """Counts all pairs of one sequence."""
    clear_changes(counts)
    node = wide(head)
    while node != NO_SET:
        add_inside(sets, node, 1, log)
        add_link(sets, node, 1, log)
        if is_full(log):
            counts = add_log(counts, log)
        node = wide(sets.rows[node, NEXT])
    return add_log(counts, log)


@allocating
def _add_surviving(changes: PairChanges, old: PairChanges, new: PairChanges) -> PairChanges:
    """Adds a sequence's differences, but only for pairs that it still holds."""
    changes = with_room(changes, new.used[0])
    for index in range(new.used[0]):
        slot = new.slots[index]
        key = new.cells[slot, KEY]
        before = old.cells[find_slot(old.cells, key), TOTAL]
        add_change(changes, key, new.cells[slot, TOTAL] - before)
    return changes


@compiled
def _rewrite_range(
    sets: LinkedSets,
    occurrences: Occurrences,
    journal_and_lists: tuple[Journal, Worklists],
    merge: Merge,
    bounds_and_log: tuple[int, int, PairLog],
) -> tuple[int, int]:
    """Merges and tidies up the sites of one sequence; how often inside and across."""
    journal, lists = journal_and_lists
    start, stop, unused = bounds_and_log
    inside, across, num_emptied = 0, 0, 0
    for index in range(start, stop):
        node = wide(lists.sites[index])
        here = merge_at(sets, journal, node, merge, unused)
        if here[0] + here[1] > 0:
            add_occurrence(occurrences, merge[2], node)
            num_emptied = note_emptied(sets.rows, node, lists.emptied, num_emptied)
        inside, across = inside + here[0], across + here[1]
    for index in range(num_emptied):
        tidy(sets, journal, wide(lists.emptied[index]), unused)
    return inside, across


@allocating
def _merge_everywhere(
    sets: LinkedSets,
    occurrences: Occurrences,
    journal_and_lists: tuple[Journal, Worklists],
    sequences_and_log: tuple[Sequences, PairLog],
    num_sites_and_merge: tuple[int, Merge],
    scratch: tuple[PairChanges, PairChanges, PairChanges],
) -> tuple[tuple[PairChanges, PairChanges, PairChanges], int, int]:
    """Merges a pair at its sites; counts before, after and their differences, and how often."""
    (sequences, log), (num_sites, merge) = sequences_and_log, num_sites_and_merge
    old, new, changes = scratch
    sites = journal_and_lists[1].sites
    inside, across, start = 0, 0, 0
    while start < num_sites:
        owner = sequences.owners[sites[start]]
        stop = start
        while stop < num_sites and sequences.owners[sites[stop]] == owner:
            stop += 1
        old = _count_sequence(sets, sequences.heads[owner], log, old)
        here = _rewrite_range(sets, occurrences, journal_and_lists, merge, (start, stop, log))
        while sets.rows[sequences.heads[owner], LENGTH] == REMOVED:
            sequences.heads[owner] = sets.rows[sequences.heads[owner], NEXT]
        new = _count_sequence(sets, sequences.heads[owner], log, new)
        changes = _add_surviving(changes, old, new)
        inside, across, start = inside + here[0], across + here[1], stop
    return (old, new, changes), inside, across


@compiled
def _settle_changes(ledger: Ledger, changes: PairChanges) -> None:
    """Brings a step's differences into totals and rankings, as the public code does."""
    for index in range(changes.used[0]):
        slot = changes.slots[index]
        key = changes.cells[slot, KEY]
        amount = weigh(ledger, key, changes.cells[slot, TOTAL])
        if amount == 0:
            continue
        total = add_total(ledger.table, key, amount)
        if total > 0:
            rank(ledger, key, total)
    clear_changes(changes)


@compiled
def _takes_crossing(ledger: Ledger, plan: Plan, merges: Merges) -> bool:
    """Whether the next merge crosses modalities; brings current entries to both tops."""
    best_total(ledger.free, ledger.table)
    apart = merges.progress[MADE] < plan.apart and not is_empty(ledger.free)
    crosses = may_cross(plan, merges) and not apart
    if crosses:
        best_total(ledger.crossing, ledger.table)
    return crossing_is_better(ledger.free, ledger.crossing, crosses)


@allocating
def advance_release(
    sets: LinkedSets,
    occurrences: Occurrences,
    journal_and_lists: tuple[Journal, Worklists],
    ledger_and_sequences: tuple[Ledger, Sequences],
    plan_and_until: tuple[Plan, int],
    merges: Merges,
) -> tuple[int, PairHeap, PairHeap]:
    """Makes merges until there are so many, no pair is left, or the table is too small.

    Returns:
        Why it came back, as :func:`~clairo.merging.kernels.exact_step.advance_exact` says it,
        and the rankings, which grow here.
    """
    (ledger, sequences), (plan, until) = ledger_and_sequences, plan_and_until
    scratch = (new_changes(_SMALL_TABLE), new_changes(_SMALL_TABLE), new_changes(_SMALL_TABLE))
    while merges.progress[MADE] < until:
        crosses = _takes_crossing(ledger, plan, merges)
        chosen = ledger.crossing if crosses else ledger.free
        # A joint merge may not be early only because a pair within a modality was left out.
        early = crosses and merges.progress[MADE] < plan.apart and leaves_out(ledger.free)
        if early or is_empty(chosen):
            return EXHAUSTED, ledger.free, ledger.crossing
        key = wide(chosen.entries[0, KEY])
        pair = (wide(key >> 32), wide(key & 0xFFFFFFFF))
        sites = journal_and_lists[1].sites
        num_sites = find_sites(sets.rows, occurrences, pair, sites)
        num_tokens = plan.num_initial + merges.progress[MADE]
        needed = count_new_pairs(sets, sites, num_sites, num_tokens)
        if not has_room(ledger.table, needed):
            merges.progress[NEEDED] = needed
            return TABLE_FULL, ledger.free, ledger.crossing
        pop(chosen)
        merge = open_merge(merges, key, plan, ledger, occurrences)
        scratch, inside, across = _merge_everywhere(
            sets,
            occurrences,
            journal_and_lists,
            (sequences, ledger.log),
            (num_sites, merge),
            scratch,
        )
        extra = scratch[2].used[0]
        free, crossing = keep_more(ledger.free, extra), keep_more(ledger.crossing, extra)
        ledger = Ledger(
            ledger.table,
            free,
            crossing,
            ledger.log,
            ledger.bits,
            ledger.ranked_bits,
            ledger.factors,
        )
        _settle_changes(ledger, scratch[2])
        close_merge(merges, inside, across)
    return REACHED, ledger.free, ledger.crossing


def own_sequences(offsets: np.ndarray) -> Sequences:
    """The sequence of every set, and the first set of every sequence."""
    owners = np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets))
    return Sequences(owners, offsets[:-1].copy())
