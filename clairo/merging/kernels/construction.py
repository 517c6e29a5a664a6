"""The construction of a vocabulary, from coded sequences to the list of merges."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import compiled, wide
from clairo.merging.kernels.exact_step import merge_exact
from clairo.merging.kernels.linked_sets import LinkedSets, add_inside, add_link, link_sequences
from clairo.merging.kernels.merge_step import Merge, list_occurrences, new_journal, room_for_sets
from clairo.merging.kernels.pair_ranking import (
    NOTHING,
    PairHeap,
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
    PairChanges,
    PairTotals,
    add_total,
    clear_changes,
    new_changes,
    new_totals,
    total_of,
    totals_with_room,
)
from clairo.merging.kernels.release_step import merge_release, own_sequences

_SMALL_TABLE = 4096

Heaps = tuple[PairHeap, PairHeap]
"""Pairs within a modality (or all, without a quota), and pairs that cross modalities."""


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


@compiled
def _settle(
    table: PairTotals, heaps: Heaps, changes: PairChanges, modality_bits: np.ndarray
) -> tuple[PairTotals, Heaps]:
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
def _count_corpus(sets: LinkedSets) -> PairTotals:
    """Totals of all pairs before the first merge."""
    rows = sets.rows
    num_slots = _SMALL_TABLE
    while num_slots < 4 * len(rows):
        num_slots *= 2
    table, changes = new_totals(num_slots), new_changes(8 * _SMALL_TABLE)
    limit = 4 * _SMALL_TABLE - room_for_sets(len(sets.inside) - 1)
    for node in range(len(rows)):
        add_inside(sets, node, 1, changes)
        add_link(sets, node, 1, changes)
        if changes.used[0] > limit or node == len(rows) - 1:
            table = totals_with_room(table, changes.used[0])
            for index in range(changes.used[0]):
                slot = changes.slots[index]
                add_total(table, changes.keys[slot], changes.totals[slot])
            clear_changes(changes)
    return table


@compiled
def _choose(
    table: PairTotals, heaps: Heaps, modality_bits: np.ndarray, may_cross: bool
) -> tuple[int, Heaps]:
    """The best pair that may be taken, ``NOTHING`` if there is none; and the heaps."""
    free = ready(heaps[0], table, modality_bits, False)
    crossing = heaps[1]
    if may_cross:
        crossing = ready(crossing, table, modality_bits, True)
    return take(free, crossing, may_cross), (free, crossing)


@compiled
def _first_heaps(table: PairTotals, modality_bits: np.ndarray, plan: Plan) -> Heaps:
    """Heaps before the first merge: filled once under release counting, else when asked."""
    free, crossing = new_heap(1024, plan.release), new_heap(1024, plan.release)
    if plan.release:
        threshold = max(largest_total(table) >> plan.depth, 1)
        free = fill(free, table, modality_bits, False, threshold)
        crossing = fill(crossing, table, modality_bits, True, threshold)
    return free, crossing


@compiled
def _new_merges(num_merges: int) -> Merges:
    return Merges(
        np.zeros((num_merges, 2), np.int32),
        np.zeros(num_merges, np.int64),
        np.zeros((num_merges, 2), np.int32),
    )


@compiled
def _note_merge(merges: Merges, number: int, merge: Merge, total: int) -> None:
    merges.pairs[number, 0], merges.pairs[number, 1] = merge[0], merge[1]
    merges.totals[number] = total


@compiled
def construct(corpus: Corpus, num_initial: int, plan: Plan) -> Merges:
    """Builds a vocabulary.

    Args:
        corpus: The coded sequences.
        num_initial: Number of tokens before the first merge, padding included.
        plan: What to build.

    Returns:
        The merges, fewer than the budget when no pair was left to take.
    """
    capacity = num_initial + plan.num_merges
    bits = np.zeros(capacity, np.int8)
    bits[:num_initial] = corpus.modality_bits
    sets = LinkedSets(
        link_sequences(corpus.states, corpus.items, corpus.offsets), corpus.inside, corpus.across
    )
    occurrences = list_occurrences(sets.rows, num_initial, capacity)
    journal = new_journal(len(sets.rows), not plan.release)
    sequences = own_sequences(corpus.offsets)
    table = _count_corpus(sets)
    heaps = _first_heaps(table, bits, plan)
    changes, merges = new_changes(_SMALL_TABLE), _new_merges(plan.num_merges)
    crossed = 0
    for number in range(plan.num_merges):
        may_cross = (crossed + 1) * plan.quota[1] <= (number + 1) * plan.quota[0]
        key, heaps = _choose(table, heaps, bits, may_cross)
        if key == NOTHING:
            return Merges(merges.pairs[:number], merges.totals[:number], merges.places[:number])
        crossed += is_crossing(key, bits)
        merge = (wide(key >> 32), wide(key & 0xFFFFFFFF), wide(num_initial + number))
        _note_merge(merges, number, merge, total_of(table, key))
        bits[merge[2]] = bits[merge[0]] | bits[merge[1]]
        occurrences.starts[merge[2]] = occurrences.state[0]
        if plan.release:
            changes, places = merge_release(sets, occurrences, journal, merge, (sequences, changes))
        else:
            changes, places = merge_exact(sets, occurrences, journal, merge, changes)
        merges.places[number, 0], merges.places[number, 1] = places
        table, heaps = _settle(table, heaps, changes, bits)
        if len(changes.keys) > 16 * _SMALL_TABLE:
            changes = new_changes(_SMALL_TABLE)
    return merges
