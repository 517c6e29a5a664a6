"""Which pair has the largest total: a heap over the pairs above a threshold.

Under exact counting an entry is an upper bound. A pair is pushed when its total grows; when it
shrinks, its entry stays and is corrected once it reaches the top, so the many pairs that only
lose never touch the heap. When the heap runs empty, the threshold is lowered so far that some
thousand pairs come in, and the heap is filled from the table.

Release counting pushes every changed total and keeps outdated entries until they reach the
top, because the public code does: an entry becomes current again when the total returns to its
value, and a pair with two such entries is chosen twice.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import allocating, compiled, inlined, wide
from clairo.merging.kernels.pair_log import CHUNK
from clairo.merging.kernels.pair_totals import KEY, TOTAL, PairTotals, total_of

_SIZE, _THRESHOLD, _KEEPS = 0, 1, 2
_REFILL = 4096
"""Pairs that a refill aims at; enough for some thousand merges, few enough for the cache."""

_SLACK = 4 * CHUNK
"""Places beside those of a refill: two chunks of the log may always be pushed."""


class PairHeap(NamedTuple):
    """Entries ordered by total, largest first, then by pair, smallest first.

    Attributes:
        entries: Key and total of each entry.
        state: Number of entries, the threshold, and whether outdated entries are kept.
        sizes: Scratch of a refill: pairs by the power of two below their total.
    """

    entries: np.ndarray
    state: np.ndarray
    sizes: np.ndarray


@inlined
def _before(heap: PairHeap, left: int, right: int) -> bool:
    if heap.entries[left, TOTAL] != heap.entries[right, TOTAL]:
        return heap.entries[left, TOTAL] > heap.entries[right, TOTAL]
    return heap.entries[left, KEY] < heap.entries[right, KEY]


@inlined
def _place(heap: PairHeap, place: int, key: int, total: int) -> None:
    heap.entries[place, KEY], heap.entries[place, TOTAL] = key, total


@inlined
def _swap(heap: PairHeap, left: int, right: int) -> None:
    key, total = heap.entries[left, KEY], heap.entries[left, TOTAL]
    _place(heap, left, heap.entries[right, KEY], heap.entries[right, TOTAL])
    _place(heap, right, key, total)


@compiled
def _sink(heap: PairHeap, place: int) -> None:
    size = heap.state[_SIZE]
    while 2 * place + 1 < size:
        child = 2 * place + 1
        if child + 1 < size and _before(heap, child + 1, child):
            child += 1
        if not _before(heap, child, place):
            return
        _swap(heap, place, child)
        place = child


@compiled
def _order(heap: PairHeap) -> None:
    for place in range(heap.state[_SIZE] // 2 - 1, -1, -1):
        _sink(heap, place)


@compiled
def push(heap: PairHeap, key: int, total: int) -> None:
    """Adds an entry if it reaches the threshold; the caller has made room."""
    if total < heap.state[_THRESHOLD]:
        return
    place = heap.state[_SIZE]
    _place(heap, place, key, total)
    heap.state[_SIZE] += 1
    while place > 0 and _before(heap, place, (place - 1) // 2):
        _swap(heap, place, (place - 1) // 2)
        place = (place - 1) // 2


@inlined
def reaches(heap: PairHeap, total: int) -> bool:
    """Whether a total is large enough to be pushed."""
    return total >= heap.state[_THRESHOLD]


@inlined
def leaves_out(heap: PairHeap) -> bool:
    """Whether pairs with a total may be missing because it is below the threshold."""
    return heap.state[_THRESHOLD] > 1


@inlined
def is_kept(heap: PairHeap) -> bool:
    """Whether outdated entries are kept until they reach the top."""
    return heap.state[_KEEPS] == 1


@compiled
def pop(heap: PairHeap) -> None:
    """Takes the top entry out."""
    heap.state[_SIZE] -= 1
    last = heap.state[_SIZE]
    _place(heap, 0, heap.entries[last, KEY], heap.entries[last, TOTAL])
    _sink(heap, 0)


@compiled
def _correct(heap: PairHeap, table: PairTotals) -> None:
    """Lowers every entry to its pair's total; drops what a later entry of the pair exceeds."""
    kept = 0
    for place in range(heap.state[_SIZE]):
        key = heap.entries[place, KEY]
        total = total_of(table, key)
        if total <= heap.entries[place, TOTAL] and reaches(heap, total):
            _place(heap, kept, key, total)
            kept += 1
    heap.state[_SIZE] = kept


@compiled
def make_room(heap: PairHeap, table: PairTotals, extra: int) -> None:
    """Makes place for ``extra`` entries of an exact ranking, which never holds too much.

    Outdated entries go first. If that is not enough, the threshold is raised, and the pairs
    below it come back with the next refill.
    """
    if heap.state[_SIZE] + extra <= len(heap.entries):
        return
    _correct(heap, table)
    while heap.state[_SIZE] > 0 and 2 * (heap.state[_SIZE] + extra) > len(heap.entries):
        raise_threshold(heap)
    _order(heap)


@allocating
def keep_more(heap: PairHeap, extra: int) -> PairHeap:
    """A ranking that keeps every entry, with place for ``extra`` more."""
    size = heap.state[_SIZE]
    if size + extra <= len(heap.entries):
        return heap
    entries = np.empty((2 * (size + extra), 2), np.int64)
    entries[:size] = heap.entries[:size]
    return PairHeap(entries, heap.state, heap.sizes)


@compiled
def raise_threshold(heap: PairHeap) -> None:
    """Drops what is below twice the threshold."""
    heap.state[_THRESHOLD] = 2 * heap.state[_THRESHOLD]
    kept = 0
    for place in range(heap.state[_SIZE]):
        if reaches(heap, heap.entries[place, TOTAL]):
            _place(heap, kept, heap.entries[place, KEY], heap.entries[place, TOTAL])
            kept += 1
    heap.state[_SIZE] = kept


@inlined
def is_crossing(key: int, modality_bits: np.ndarray) -> bool:
    """Whether a pair's leaves belong to more than one modality."""
    bits = modality_bits[key >> 32] | modality_bits[key & 0xFFFFFFFF]
    return bits & (bits - 1) != 0


@compiled
def best_total(heap: PairHeap, table: PairTotals) -> int:
    """Brings a current entry to the top; the largest total then, 0 for an empty heap."""
    while heap.state[_SIZE] > 0:
        key, noted = heap.entries[0, KEY], heap.entries[0, TOTAL]
        total = total_of(table, key)
        if total == noted:
            return total
        if is_kept(heap) or total > noted or not reaches(heap, total):
            pop(heap)
        else:
            heap.entries[0, TOTAL] = total
            _sink(heap, 0)
    return 0


@compiled
def largest_total(table: PairTotals) -> int:
    """The largest total of all pairs."""
    largest = wide(0)
    for slot in range(len(table.cells)):
        largest = max(largest, table.cells[slot, TOTAL])
    return largest


@compiled
def count_above(
    table: PairTotals, modality_bits: np.ndarray, crossing: bool, threshold: int
) -> int:
    """Pairs of a ranking that reach a threshold."""
    found = 0
    for slot in range(len(table.cells)):
        if table.cells[slot, TOTAL] >= threshold:
            found += is_crossing(table.cells[slot, KEY], modality_bits) == crossing
    return found


@compiled
def fill(
    heap: PairHeap, table: PairTotals, modality_bits: np.ndarray, crossing: bool, threshold: int
) -> None:
    """Fills a ranking from the table; the caller has made room.

    Args:
        heap: What it held is forgotten.
        table: All totals.
        modality_bits: Modalities among each token's leaves, one bit each.
        crossing: Take only pairs that cross modalities, or only those that do not.
        threshold: Smallest total that is taken, now and by later pushes; at least 1.
    """
    heap.state[_SIZE], heap.state[_THRESHOLD] = 0, threshold
    for slot in range(len(table.cells)):
        key, total = table.cells[slot, KEY], table.cells[slot, TOTAL]
        if total >= threshold and is_crossing(key, modality_bits) == crossing:
            _place(heap, heap.state[_SIZE], key, total)
            heap.state[_SIZE] += 1
    _order(heap)


@compiled
def _next_threshold(
    heap: PairHeap, table: PairTotals, modality_bits: np.ndarray, crossing: bool
) -> tuple[int, int]:
    """The power of two at which enough pairs come in, 1 where there are fewer; and how many."""
    by_size = heap.sizes
    for size in range(64):
        by_size[size] = 0
    for slot in range(len(table.cells)):
        total = table.cells[slot, TOTAL]
        if total > 0 and is_crossing(table.cells[slot, KEY], modality_bits) == crossing:
            size = 0
            while total > 1:
                total >>= 1
                size += 1
            by_size[size] += 1
    found, size = by_size[63], 63
    while size > 0 and found < _REFILL:
        size -= 1
        found += by_size[size]
    return wide(1) << size, wide(found)


@compiled
def ready(heap: PairHeap, table: PairTotals, modality_bits: np.ndarray, crossing: bool) -> int:
    """Brings a current entry to the top of an exact ranking, or leaves it empty for good.

    Returns:
        0, or the number of entries that the ranking must have room for before it can be
        refilled; the caller gives it larger arrays and asks again.
    """
    if best_total(heap, table) > 0 or heap.state[_THRESHOLD] <= 1:
        return 0
    threshold, found = _next_threshold(heap, table, modality_bits, crossing)
    needed = 2 * found + _SLACK
    if needed > len(heap.entries):
        return needed
    fill(heap, table, modality_bits, crossing, threshold)
    return 0


@inlined
def is_empty(heap: PairHeap) -> bool:
    """Whether no pair is left, once :func:`ready` has given 0."""
    return heap.state[_SIZE] == 0


@compiled
def crossing_is_better(free: PairHeap, crossing: PairHeap, may_cross: bool) -> bool:
    """Whether the top of the crossing ranking is taken; either may be empty."""
    if not may_cross or is_empty(crossing):
        return False
    key, total = crossing.entries[0, KEY], crossing.entries[0, TOTAL]
    return (
        is_empty(free)
        or total > free.entries[0, TOTAL]
        or (total == free.entries[0, TOTAL] and key < free.entries[0, KEY])
    )
