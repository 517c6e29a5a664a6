"""Which pair has the largest total: a heap over the pairs above a threshold.

The heap is lazy: every changed total is pushed, and an entry counts only while it equals the
pair's total. It holds totals from the threshold upwards; when it runs empty, the threshold is
lowered to half of the largest remaining total and the heap refilled from the table.

Release counting keeps outdated entries until they reach the top, because the public code does:
an entry becomes current again when the total returns to its value, and a pair with two such
entries is chosen twice.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import compiled, wide
from clairo.merging.kernels.pair_totals import PairTotals, total_of

NOTHING = -1
_SIZE, _THRESHOLD, _KEEPS = 0, 1, 2


class PairHeap(NamedTuple):
    """Entries ordered by total, largest first, then by pair, smallest first.

    Attributes:
        totals: Total of each entry.
        keys: Pair of each entry.
        state: Number of entries, the threshold, and whether outdated entries are kept.
    """

    totals: np.ndarray
    keys: np.ndarray
    state: np.ndarray


@compiled
def new_heap(capacity: int, keeps: bool) -> PairHeap:
    """An empty heap whose threshold nothing reaches."""
    state = np.array([0, np.iinfo(np.int64).max, keeps])
    return PairHeap(np.empty(capacity, np.int64), np.empty(capacity, np.int64), state)


@compiled
def _before(heap: PairHeap, left: int, right: int) -> bool:
    if heap.totals[left] != heap.totals[right]:
        return heap.totals[left] > heap.totals[right]
    return heap.keys[left] < heap.keys[right]


@compiled
def _swap(heap: PairHeap, left: int, right: int) -> None:
    total, key = heap.totals[left], heap.keys[left]
    heap.totals[left], heap.keys[left] = heap.totals[right], heap.keys[right]
    heap.totals[right], heap.keys[right] = total, key


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
def push(heap: PairHeap, key: int, total: int) -> None:
    """Adds an entry if it reaches the threshold; the caller has made room."""
    if total < heap.state[_THRESHOLD]:
        return
    place = heap.state[_SIZE]
    heap.totals[place], heap.keys[place] = total, key
    heap.state[_SIZE] += 1
    while place > 0 and _before(heap, place, (place - 1) // 2):
        _swap(heap, place, (place - 1) // 2)
        place = (place - 1) // 2


@compiled
def is_kept(heap: PairHeap) -> bool:
    """Whether outdated entries are kept until they reach the top."""
    return heap.state[_KEEPS] == 1


@compiled
def pop(heap: PairHeap) -> None:
    """Takes the top entry out."""
    heap.state[_SIZE] -= 1
    last = heap.state[_SIZE]
    heap.totals[0], heap.keys[0] = heap.totals[last], heap.keys[last]
    _sink(heap, 0)


@compiled
def heap_with_room(heap: PairHeap, table: PairTotals, extra: int) -> PairHeap:
    """The same heap with place for ``extra`` entries; outdated ones are dropped on the way."""
    if heap.state[_SIZE] + extra <= len(heap.keys):
        return heap
    kept = 0
    for place in range(heap.state[_SIZE]):
        if is_kept(heap) or total_of(table, heap.keys[place]) == heap.totals[place]:
            heap.totals[kept], heap.keys[kept] = heap.totals[place], heap.keys[place]
            kept += 1
    heap.state[_SIZE] = kept
    roomy = heap
    if 2 * (kept + extra) > len(heap.keys):
        roomy = new_heap(4 * (kept + extra), heap.state[_KEEPS])
        roomy.totals[:kept], roomy.keys[:kept] = heap.totals[:kept], heap.keys[:kept]
        roomy.state[:] = heap.state
    for place in range(kept // 2 - 1, -1, -1):
        _sink(roomy, place)
    return roomy


@compiled
def is_crossing(key: int, modality_bits: np.ndarray) -> bool:
    """Whether a pair's leaves belong to more than one modality."""
    bits = modality_bits[key >> 32] | modality_bits[key & 0xFFFFFFFF]
    return bits & (bits - 1) != 0


@compiled
def best_total(heap: PairHeap, table: PairTotals) -> int:
    """Drops outdated entries from the top; the largest total then, 0 for an empty heap."""
    while heap.state[_SIZE] > 0:
        if total_of(table, heap.keys[0]) == heap.totals[0]:
            return heap.totals[0]
        pop(heap)
    return 0


@compiled
def largest_total(table: PairTotals) -> int:
    """The largest total of all pairs."""
    largest = wide(0)
    for slot in range(len(table.keys)):
        largest = max(largest, table.totals[slot])
    return largest


@compiled
def fill(
    heap: PairHeap, table: PairTotals, modality_bits: np.ndarray, crossing: bool, threshold: int
) -> PairHeap:
    """Fills an empty heap from the table.

    Args:
        heap: Empty.
        table: All totals.
        modality_bits: Modalities among each token's leaves, one bit each.
        crossing: Take only pairs that cross modalities, or only those that do not.
        threshold: Smallest total that is taken, now and by later pushes; at least 1.
    """
    found = 0
    for slot in range(len(table.keys)):
        found += table.totals[slot] >= threshold
    roomy = heap_with_room(heap, table, found)
    roomy.state[_THRESHOLD] = threshold
    for slot in range(len(table.keys)):
        key = table.keys[slot]
        if table.totals[slot] >= threshold and is_crossing(key, modality_bits) == crossing:
            place = roomy.state[_SIZE]
            roomy.totals[place], roomy.keys[place] = table.totals[slot], key
            roomy.state[_SIZE] += 1
    for place in range(roomy.state[_SIZE] // 2 - 1, -1, -1):
        _sink(roomy, place)
    return roomy


@compiled
def ready(heap: PairHeap, table: PairTotals, modality_bits: np.ndarray, crossing: bool) -> PairHeap:
    """The heap with a current entry on top, or empty when no pair is left.

    A heap that keeps every entry is never refilled: pairs below its threshold stay out.
    """
    while best_total(heap, table) == 0 and not is_kept(heap) and heap.state[_THRESHOLD] > 1:
        reachable = min(heap.state[_THRESHOLD], largest_total(table))
        heap = fill(heap, table, modality_bits, crossing, max(reachable // 2, 1))
    return heap


@compiled
def take(free: PairHeap, crossing: PairHeap, may_cross: bool) -> int:
    """Key of the better of two tops, ``NOTHING`` when there is none to take.

    A kept entry is taken out; otherwise the changed total outdates it.
    """
    chosen = free
    if (
        may_cross
        and crossing.state[_SIZE] > 0
        and (
            free.state[_SIZE] == 0
            or crossing.totals[0] > free.totals[0]
            or (crossing.totals[0] == free.totals[0] and crossing.keys[0] < free.keys[0])
        )
    ):
        chosen = crossing
    if chosen.state[_SIZE] == 0:
        return NOTHING
    key = chosen.keys[0]
    if is_kept(chosen):
        pop(chosen)
    return key
