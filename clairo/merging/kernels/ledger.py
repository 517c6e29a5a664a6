"""The totals of all pairs, ranked, and the log of what will change them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import compiled, inlined
from clairo.merging.kernels.linked_sets import LinkedSets, add_inside, add_link
from clairo.merging.kernels.pair_log import PairLog, expect, is_full
from clairo.merging.kernels.pair_ranking import PairHeap, is_crossing, make_room, push, reaches
from clairo.merging.kernels.pair_totals import KEY, TOTAL, PairTotals, add_total, has_room


class Ledger(NamedTuple):
    """All that is known about pairs.

    Attributes:
        table: Total of each pair, times its factor.
        free: Ranking of pairs within a modality.
        crossing: Ranking of pairs that cross modalities.
        log: Changes that are not in the table yet.
        bits: Modalities among each token's leaves, one bit each.
        ranked_bits: The same, or no bits where all pairs are ranked together.
        factors: By the bits of two tokens, what a pair's weight is multiplied with.
    """

    table: PairTotals
    free: PairHeap
    crossing: PairHeap
    log: PairLog
    bits: np.ndarray
    ranked_bits: np.ndarray
    factors: np.ndarray


@inlined
def weigh(ledger: Ledger, key: int, amount: int) -> int:
    """What a pair's total changes by."""
    return amount * ledger.factors[ledger.bits[key >> 32], ledger.bits[key & 0xFFFFFFFF]]


@inlined
def rank(ledger: Ledger, key: int, total: int) -> None:
    """Pushes a total into the ranking that its pair belongs to."""
    if is_crossing(key, ledger.ranked_bits):
        push(ledger.crossing, key, total)
    else:
        push(ledger.free, key, total)


@compiled
def settle(ledger: Ledger) -> None:
    """Brings the log into totals and rankings, and empties it.

    A step writes what it takes away before what it adds, so a total that grows is never above
    what it is after the step, and the ranking's bounds hold.
    """
    table, log = ledger.table, ledger.log
    if table.used[0] + log.used[0] >= len(table.cells):
        raise RuntimeError("The table of pairs is too small for a merge.")
    make_room(ledger.free, table, log.used[0])
    make_room(ledger.crossing, table, log.used[0])
    for index in range(log.used[0]):
        expect(table, log, index)
        key = log.entries[index, KEY]
        amount = weigh(ledger, key, log.entries[index, TOTAL])
        total = add_total(table, key, amount)
        if amount > 0 and (reaches(ledger.free, total) or reaches(ledger.crossing, total)):
            push(
                ledger.crossing if is_crossing(key, ledger.ranked_bits) else ledger.free, key, total
            )
    log.used[0] = 0


@inlined
def settle_full(ledger: Ledger) -> None:
    """Settles a full log; called between pieces of work that write a bounded number."""
    if is_full(ledger.log):
        settle(ledger)


@compiled
def count_corpus(sets: LinkedSets, ledger: Ledger, node: int) -> int:
    """Totals of all pairs before the first merge, as far as the table has room.

    Args:
        sets: Sets of all sequences.
        ledger: Where to count.
        node: The first set to count.

    Returns:
        The set at which a larger table is needed to go on, or the number of sets.
    """
    while node < len(sets.rows):
        if is_full(ledger.log):
            if not has_room(ledger.table, ledger.log.used[0]):
                return node
            settle(ledger)
        add_inside(sets, node, 1, ledger.log)
        add_link(sets, node, 1, ledger.log)
        node += 1
    return node
