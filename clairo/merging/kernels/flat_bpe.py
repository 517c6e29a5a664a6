"""Plain BPE over flat token lists, one list or a whole batch of histories."""

from __future__ import annotations

import numpy as np

from clairo.merging.kernels.compiled import compiled, narrow, wide
from clairo.merging.kernels.pair_totals import (
    PairTotals,
    find_slot,
    new_totals,
    pair_key,
    total_of,
)

_NO_MERGE = np.iinfo(np.int32).max


@compiled
def index_merges(pairs: np.ndarray, num_initial: int) -> PairTotals:
    """Table from a pair to its token; of a pair that was merged twice, the later token."""
    num_slots = 64
    while num_slots < 4 * len(pairs):
        num_slots *= 2
    table = new_totals(num_slots)
    for number in range(len(pairs)):
        key = pair_key(pairs[number, 0], pairs[number, 1])
        slot = find_slot(table.keys, key)
        table.keys[slot] = key
        table.totals[slot] = num_initial + number
    return table


@compiled
def _merged(known: PairTotals, left: int, right: int) -> int:
    token = total_of(known, pair_key(left, right))
    return narrow(token) if token > 0 else narrow(_NO_MERGE)


@compiled
def merge_flat(tokens: np.ndarray, length: int, merged: np.ndarray, known: PairTotals) -> int:
    """Merges a list in place, always the earliest merge that applies, leftmost first.

    Args:
        tokens: The list, in its first ``length`` places.
        length: Number of tokens.
        merged: Scratch of the same size: what each token and its successor would become.
        known: Table of :func:`index_merges`.

    Returns:
        The new length.
    """
    for place in range(length - 1):
        merged[place] = _merged(known, tokens[place], tokens[place + 1])
    while length > 1:
        best, at = narrow(_NO_MERGE), 0
        for place in range(length - 1):
            if merged[place] < best:
                best, at = merged[place], place
        if best == _NO_MERGE:
            break
        tokens[at] = best
        length -= 1
        for place in range(at + 1, length):
            tokens[place] = tokens[place + 1]
            merged[place - 1] = merged[place]
        for place in range(max(at - 1, 0), min(at + 1, length - 1)):
            merged[place] = _merged(known, tokens[place], tokens[place + 1])
    return length


@compiled
def encode_list(tokens: np.ndarray, known: PairTotals) -> np.ndarray:
    """A flat list after plain BPE."""
    flat = tokens.copy()
    return flat[: merge_flat(flat, len(flat), np.empty_like(flat), known)].copy()


@compiled
def _mix(value: np.uint64) -> np.uint64:
    """The output function of SplitMix64: 64 well-mixed bits of a counter."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@compiled
def _shuffle(tokens: np.ndarray, start: int, stop: int, state: np.uint64) -> np.uint64:
    """Permutes ``tokens[start:stop]`` (Fisher and Yates); gives the generator's new state."""
    for place in range(stop - 1, start, -1):
        state = state + np.uint64(0x9E3779B97F4A7C15)
        size = np.uint64(place - start + 1)
        other = start + wide(((_mix(state) >> np.uint64(32)) * size) >> np.uint64(32))
        tokens[place], tokens[other] = tokens[other], tokens[place]
    return state


@compiled
def encode_batch_spr(
    states: np.ndarray, histories: tuple[np.ndarray, np.ndarray], known: PairTotals, seed: np.uint64
) -> tuple[np.ndarray, np.ndarray]:
    """Segments histories with set permutation regularization.

    Args:
        states: Initial tokens of each item, one per column.
        histories: Item indices of all histories, and their offsets.
        known: Table of :func:`index_merges`.
        seed: Every history draws from a generator of its own, made of this and its row.

    Returns:
        Tokens of all histories, and their offsets.
    """
    items, offsets = histories
    num_columns = states.shape[1]
    longest = 1
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    flat = np.empty(longest * num_columns, np.int32)
    merged = np.empty(longest * num_columns, np.int32)
    values = np.empty(len(items) * num_columns, np.int32)
    bounds = np.zeros(len(offsets), np.int64)
    for row in range(len(offsets) - 1):
        state = _mix(np.uint64(seed) + _mix(np.uint64(row)))
        length = 0
        for position in range(offsets[row], offsets[row + 1]):
            for column in range(num_columns):
                flat[length + column] = states[items[position], column]
            state = _shuffle(flat, length, length + num_columns, state)
            length += num_columns
        length = merge_flat(flat, length, merged, known)
        start = bounds[row]
        for place in range(length):
            values[start + place] = flat[place]
        bounds[row + 1] = start + length
    return values[: bounds[-1]].copy(), bounds
