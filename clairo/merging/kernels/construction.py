"""The construction of a vocabulary, from coded sequences to the list of merges."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import compiled
from clairo.merging.kernels.linked_sets import (
    LENGTH,
    NEXT,
    NO_SET,
    REMOVED,
    LinkedSets,
    add_inside,
    add_link,
    link_sequences,
)
from clairo.merging.kernels.merge_step import (
    add_occurrence,
    add_touched,
    begin_step,
    find_sites,
    list_occurrences,
    merge_at,
    new_journal,
    note_emptied,
    tidy,
)
from clairo.merging.kernels.pair_ranking import (
    NOTHING,
    fill,
    heap_with_room,
    is_crossing,
    largest_total,
    new_heap,
    push,
    ready,
    take,
)
from clairo.merging.kernels.pair_totals import (
    add_change,
    add_total,
    clear_changes,
    find_slot,
    new_changes,
    new_totals,
    total_of,
    totals_with_room,
    with_room,
)

_SMALL_TABLE = 4096


class Corpus(NamedTuple):
    """Coded sequences, and the weights of pairs.

    Attributes:
        states: Initial tokens of each item, one per column.
        items: Item indices of all sequences, one after another.
        offsets: Sequence ``i`` is ``items[offsets[i]:offsets[i + 1]]``.
        inside: Scaled ``2 / m`` by ``m``.
        across: Scaled ``1 / (m n)`` by ``m`` and ``n``.
        modality_bits: Per initial token one bit for its modality, none for *shared*.
    """

    states: np.ndarray
    items: np.ndarray
    offsets: np.ndarray
    inside: np.ndarray
    across: np.ndarray
    modality_bits: np.ndarray


class Plan(NamedTuple):
    """What to build.

    Attributes:
        num_merges: Budget.
        quota: After ``n`` merges at most ``n * quota[0] / quota[1]`` cross modalities.
        release: Count as the public implementation does.
        depth: Under release counting, pairs below ``largest first total >> depth`` are left
            out; the caller goes deeper when the merges run out.
    """

    num_merges: int
    quota: tuple[int, int]
    release: bool
    depth: int


class Merges(NamedTuple):
    """The result: a row for each merge made.

    Attributes:
        pairs: Smaller and larger token.
        totals: Scaled total when it was chosen.
        places: How often it was merged inside a set, and across neighbours.
    """

    pairs: np.ndarray
    totals: np.ndarray
    places: np.ndarray


class _Sequences(NamedTuple):
    """Which sequence a set belongs to, and where each sequence starts now."""

    owners: np.ndarray
    heads: np.ndarray


@compiled
def _room_for_sets(num_columns):
    return 8 * num_columns * num_columns + 16


@compiled
def _settle(table, heaps, changes, modality_bits):
    """Brings a step's changes into the totals and the heaps."""
    table = totals_with_room(table, changes.used[0])
    free = heap_with_room(heaps[0], table, changes.used[0])
    crossing = heap_with_room(heaps[1], table, changes.used[0])
    for index in range(changes.used[0]):
        slot = changes.slots[index]
        key, amount = changes.keys[slot], changes.totals[slot]
        if amount == 0:
            continue
        total = add_total(table, key, amount)
        if total > 0:
            push(crossing if is_crossing(key, modality_bits) else free, key, total)
    clear_changes(changes)
    return table, (free, crossing)


@compiled
def _count_corpus(sets, heaps, modality_bits):
    """Totals of all pairs before the first merge."""
    rows = sets.rows
    num_columns = len(sets.inside) - 1
    num_slots = _SMALL_TABLE
    while num_slots < 4 * len(rows):
        num_slots *= 2
    table, changes = new_totals(num_slots), new_changes(8 * _SMALL_TABLE)
    limit = 4 * _SMALL_TABLE - _room_for_sets(num_columns)
    for node in range(len(rows)):
        if changes.used[0] > limit:
            table, heaps = _settle(table, heaps, changes, modality_bits)
        add_inside(sets, node, 1, changes)
        add_link(sets, node, 1, changes)
    return _settle(table, heaps, changes, modality_bits)


@compiled
def _merge_exact(sets, occurrences, journal, merge, changes):
    """One step under exact counting; the changes, and how often inside and across."""
    room = _room_for_sets(len(sets.inside) - 1)
    begin_step(journal)
    num_sites = find_sites(sets.rows, occurrences, merge[:2], journal.sites)
    inside, across, num_emptied = 0, 0, 0
    for index in range(num_sites):
        node = journal.sites[index]
        changes = with_room(changes, room)
        here = merge_at(sets, journal, np.int64(node), merge, changes)
        if here[0] + here[1] > 0:
            add_occurrence(occurrences, merge[2], node)
            num_emptied = note_emptied(sets.rows, node, journal.emptied, num_emptied)
        inside, across = inside + here[0], across + here[1]
    for index in range(num_emptied):
        changes = with_room(changes, room)
        tidy(sets, journal, np.int64(journal.emptied[index]), changes)
    for index in range(journal.state[1]):
        changes = with_room(changes, room)
        add_touched(sets, journal, index, changes)
    return changes, (inside, across)


@compiled
def _count_sequence(sets, head, counts):
    """Counts all pairs of one sequence."""
    room = _room_for_sets(len(sets.inside) - 1)
    clear_changes(counts)
    node = np.int64(head)
    while node != NO_SET:
        counts = with_room(counts, room)
        add_inside(sets, node, 1, counts)
        add_link(sets, node, 1, counts)
        node = np.int64(sets.rows[node, NEXT])
    return counts


@compiled
def _add_surviving(changes, old, new):
    """Adds a sequence's differences, but only for pairs that it still holds."""
    changes = with_room(changes, new.used[0])
    for index in range(new.used[0]):
        slot = new.slots[index]
        key = new.keys[slot]
        before = old.totals[find_slot(old.keys, key)]
        add_change(changes, key, new.totals[slot] - before)
    return changes


@compiled
def _rewrite_range(sets, occurrences, journal, merge, bounds):
    """Merges and tidies up the sites of one sequence; how often inside and across."""
    unused = new_changes(2)
    inside, across, num_emptied = 0, 0, 0
    for index in range(bounds[0], bounds[1]):
        node = journal.sites[index]
        here = merge_at(sets, journal, np.int64(node), merge, unused)
        if here[0] + here[1] > 0:
            add_occurrence(occurrences, merge[2], node)
            num_emptied = note_emptied(sets.rows, node, journal.emptied, num_emptied)
        inside, across = inside + here[0], across + here[1]
    for index in range(num_emptied):
        tidy(sets, journal, np.int64(journal.emptied[index]), unused)
    return inside, across


@compiled
def _merge_release(sets, occurrences, journal, merge, sequences_and_changes):
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
def _own_sequences(offsets):
    """The sequence of every set, and the first set of every sequence."""
    owners = np.empty(offsets[-1], np.int32)
    for sequence in range(len(offsets) - 1):
        owners[offsets[sequence] : offsets[sequence + 1]] = sequence
    return _Sequences(owners, offsets[:-1].copy())


@compiled
def _choose(table, heaps, modality_bits, may_cross):
    """The best pair that may be taken, ``NOTHING`` if there is none; and the heaps."""
    free = ready(heaps[0], table, modality_bits, False)
    crossing = heaps[1]
    if may_cross:
        crossing = ready(crossing, table, modality_bits, True)
    return take(free, crossing, may_cross), (free, crossing)


@compiled
def construct(corpus, num_initial, plan):
    """Builds a vocabulary.

    Args:
        corpus: A :class:`Corpus`.
        num_initial: Number of tokens before the first merge, padding included.
        plan: A :class:`Plan`.

    Returns:
        The merges, fewer than the budget when no pair was left to take.
    """
    capacity = num_initial + plan.num_merges
    bits = np.zeros(capacity, np.int8)
    bits[:num_initial] = corpus.modality_bits
    rows = link_sequences(corpus.states, corpus.items, corpus.offsets)
    sets = LinkedSets(rows, corpus.inside, corpus.across)
    occurrences = list_occurrences(rows, num_initial, capacity)
    journal = new_journal(len(rows), not plan.release)
    sequences = _own_sequences(corpus.offsets)
    heaps = (new_heap(1024, plan.release), new_heap(1024, plan.release))
    table, heaps = _count_corpus(sets, heaps, bits)
    if plan.release:
        threshold = max(largest_total(table) >> plan.depth, 1)
        heaps = (
            fill(heaps[0], table, bits, False, threshold),
            fill(heaps[1], table, bits, True, threshold),
        )
    changes = new_changes(_SMALL_TABLE)
    merges = Merges(
        np.zeros((plan.num_merges, 2), np.int32),
        np.zeros(plan.num_merges, np.int64),
        np.zeros((plan.num_merges, 2), np.int32),
    )
    crossed = 0
    for number in range(plan.num_merges):
        may_cross = (crossed + 1) * plan.quota[1] <= (number + 1) * plan.quota[0]
        key, heaps = _choose(table, heaps, bits, may_cross)
        if key == NOTHING:
            return Merges(merges.pairs[:number], merges.totals[:number], merges.places[:number])
        crossed += is_crossing(key, bits)
        merge = (np.int64(key >> 32), np.int64(key & 0xFFFFFFFF), np.int64(num_initial + number))
        merges.pairs[number, 0], merges.pairs[number, 1] = merge[0], merge[1]
        merges.totals[number] = total_of(table, key)
        bits[merge[2]] = bits[merge[0]] | bits[merge[1]]
        occurrences.starts[merge[2]] = occurrences.state[0]
        if len(changes.keys) > 16 * _SMALL_TABLE:
            changes = new_changes(_SMALL_TABLE)
        if plan.release:
            changes, places = _merge_release(
                sets, occurrences, journal, merge, (sequences, changes)
            )
        else:
            changes, places = _merge_exact(sets, occurrences, journal, merge, changes)
        merges.places[number, 0], merges.places[number, 1] = places
        table, heaps = _settle(table, heaps, changes, bits)
    return merges
