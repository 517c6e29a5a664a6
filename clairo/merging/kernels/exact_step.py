"""Merges under exact counting: totals are always the sum over the sequences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import compiled, inlined, wide
from clairo.merging.kernels.ledger import Ledger, settle, settle_full
from clairo.merging.kernels.linked_sets import LinkedSets
from clairo.merging.kernels.merge_step import (
    Journal,
    Merge,
    Worklists,
    add_touched,
    begin_step,
    count_new_pairs,
    expect_site,
    merge_at,
    note_emptied,
    tidy,
)
from clairo.merging.kernels.occurrences import Occurrences, add_occurrence, find_sites
from clairo.merging.kernels.pair_ranking import crossing_is_better, is_crossing, is_empty, ready
from clairo.merging.kernels.pair_totals import KEY, has_room, total_of

REACHED, EXHAUSTED, TABLE_FULL, FREE_FULL, CROSSING_FULL = 0, 1, 2, 3, 4
"""Why :func:`advance_exact` came back."""

MADE, CROSSED, NEEDED = 0, 1, 2
_AHEAD = 8


class Plan(NamedTuple):
    """What to build.

    Attributes:
        num_initial: Number of tokens before the first merge, padding included.
        quota: After ``n`` merges at most ``n * quota[0] / quota[1]`` cross modalities.
        apart: So many merges stay within modalities first, while there are any.
    """

    num_initial: int
    quota: tuple[int, int]
    apart: int


class Merges(NamedTuple):
    """Merges made so far.

    Attributes:
        pairs: Smaller and larger token.
        totals: Scaled total when it was chosen.
        places: How often it was merged inside a set, and across neighbours.
        progress: Number of merges, of those that cross modalities, and how much room was
            missing.
    """

    pairs: np.ndarray
    totals: np.ndarray
    places: np.ndarray
    progress: np.ndarray


@inlined
def may_cross(plan: Plan, merges: Merges) -> bool:
    """Whether the quota lets the next merge cross modalities."""
    crossed, number = merges.progress[CROSSED] + 1, merges.progress[MADE] + 1
    return crossed * plan.quota[1] <= number * plan.quota[0]


@inlined
def open_merge(
    merges: Merges, key: int, plan: Plan, ledger: Ledger, occurrences: Occurrences
) -> Merge:
    """Notes the next merge and gives its tokens."""
    number = merges.progress[MADE]
    merge = (wide(key >> 32), wide(key & 0xFFFFFFFF), wide(plan.num_initial + number))
    merges.pairs[number, 0], merges.pairs[number, 1] = merge[0], merge[1]
    merges.totals[number] = total_of(ledger.table, key)
    merges.progress[CROSSED] += is_crossing(key, ledger.ranked_bits)
    for bits in (ledger.bits, ledger.ranked_bits):
        bits[merge[2]] = bits[merge[0]] | bits[merge[1]]
    occurrences.starts[merge[2]] = occurrences.state[0]
    return merge


@inlined
def close_merge(merges: Merges, inside: int, across: int) -> None:
    """Notes where the merge was made."""
    number = merges.progress[MADE]
    merges.places[number, 0], merges.places[number, 1] = inside, across
    merges.progress[MADE] += 1


@compiled
def _merge_everywhere(
    sets: LinkedSets,
    occurrences: Occurrences,
    journal_and_lists: tuple[Journal, Worklists],
    num_sites: int,
    merge: Merge,
    ledger: Ledger,
) -> tuple[int, int]:
    """Merges a pair at its sites; how often inside and across."""
    journal, lists = journal_and_lists
    begin_step(journal)
    inside, across, num_emptied = 0, 0, 0
    for index in range(num_sites):
        settle_full(ledger)
        expect_site(sets, journal, lists.sites, min(index + _AHEAD, num_sites - 1))
        node = wide(lists.sites[index])
        here = merge_at(sets, journal, node, merge, ledger.log)
        if here[0] + here[1] > 0:
            add_occurrence(occurrences, merge[2], node)
            num_emptied = note_emptied(sets.rows, node, lists.emptied, num_emptied)
        inside, across = inside + here[0], across + here[1]
    for index in range(num_emptied):
        settle_full(ledger)
        tidy(sets, journal, wide(lists.emptied[index]), ledger.log)
    for index in range(journal.state[1]):
        settle_full(ledger)
        add_touched(sets, journal, index, ledger.log)
    settle(ledger)
    return inside, across


@compiled
def _rank(ledger: Ledger, plan: Plan, merges: Merges) -> tuple[int, int]:
    """Brings the best pair to the top of its ranking.

    Returns:
        ``REACHED`` or what is too small, and the pair's key.
    """
    merges.progress[NEEDED] = ready(ledger.free, ledger.table, ledger.ranked_bits, False)
    if merges.progress[NEEDED] > 0:
        return FREE_FULL, wide(0)
    apart = merges.progress[MADE] < plan.apart and not is_empty(ledger.free)
    crosses = may_cross(plan, merges) and not apart
    if crosses:
        merges.progress[NEEDED] = ready(ledger.crossing, ledger.table, ledger.ranked_bits, True)
        if merges.progress[NEEDED] > 0:
            return CROSSING_FULL, wide(0)
    takes_crossing = crossing_is_better(ledger.free, ledger.crossing, crosses)
    chosen = ledger.crossing if takes_crossing else ledger.free
    if is_empty(chosen):
        return EXHAUSTED, wide(0)
    return REACHED, wide(chosen.entries[0, KEY])


@compiled
def advance_exact(
    sets: LinkedSets,
    occurrences: Occurrences,
    journal_and_lists: tuple[Journal, Worklists],
    ledger: Ledger,
    plan_and_until: tuple[Plan, int],
    merges: Merges,
) -> int:
    """Makes merges until there are so many, no pair is left, or an array is too small.

    An array is found too small before a merge begins, so the caller can replace it by a larger
    one with the same content and call again.

    Returns:
        One of the reasons above; how much room was missing is in ``merges.progress``.
    """
    plan, until = plan_and_until
    while merges.progress[MADE] < until:
        why, key = _rank(ledger, plan, merges)
        if why != REACHED:
            return why
        pair = (wide(key >> 32), wide(key & 0xFFFFFFFF))
        sites = journal_and_lists[1].sites
        num_sites = find_sites(sets.rows, occurrences, pair, sites)
        num_tokens = plan.num_initial + merges.progress[MADE]
        needed = count_new_pairs(sets, sites, num_sites, num_tokens)
        if not has_room(ledger.table, needed):
            merges.progress[NEEDED] = needed
            return TABLE_FULL
        merge = open_merge(merges, key, plan, ledger, occurrences)
        inside, across = _merge_everywhere(
            sets, occurrences, journal_and_lists, num_sites, merge, ledger
        )
        close_merge(merges, inside, across)
    return REACHED
