"""Plain BPE over flat token lists, one list or a whole batch of histories."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import compiled, inlined, wide
from clairo.merging.kernels.known_merges import NO_TOKEN, KnownMerges, token_of

_END = -1


class FlatScratch(NamedTuple):
    """Room for the longest list: one number per place, and one place more.

    Attributes:
        tokens: The list; a merged token stands at the left of its two places.
        after: The next place that holds a token.
        before: The previous one.
        merged: What the token and the next one merge into.
        open: Places at which something may be merged, in no order.
    """

    tokens: np.ndarray
    after: np.ndarray
    before: np.ndarray
    merged: np.ndarray
    open: np.ndarray


def new_scratch(longest: int) -> FlatScratch:
    """Scratch for lists of up to ``longest`` tokens."""
    return FlatScratch(*(np.zeros(longest + 1, np.int32) for _ in range(5)))


@inlined
def _look_at(scratch: FlatScratch, known: KnownMerges, place: int, num_open: int) -> int:
    """Looks a place and the next one up, and opens it if they merge; the number of open places."""
    was_open = scratch.merged[place] != NO_TOKEN
    after, token = scratch.after[place], wide(NO_TOKEN)
    if after != _END:
        token = wide(token_of(known, scratch.tokens[place], scratch.tokens[after]))
    scratch.merged[place] = token
    if token != NO_TOKEN and not was_open:
        scratch.open[num_open] = place
        num_open += 1
    return num_open


@compiled
def _link(scratch: FlatScratch, length: int, known: KnownMerges) -> int:
    """Links the places of a fresh list and opens those that merge; their number."""
    num_open = 0
    for place in range(length):
        scratch.after[place] = place + 1
        scratch.before[place] = place - 1
        scratch.merged[place] = NO_TOKEN
    scratch.after[length - 1] = _END
    for place in range(length - 1):
        num_open = _look_at(scratch, known, place, num_open)
    return num_open


@inlined
def _earliest(scratch: FlatScratch, num_open: int) -> tuple[int, int]:
    """The open place with the earliest merge, of equal ones the leftmost; and how many are open.

    Places where nothing merges any more are dropped on the way.
    """
    best, at, index = wide(np.iinfo(np.int32).max), wide(_END), 0
    while index < num_open:
        place = wide(scratch.open[index])
        token = wide(scratch.merged[place])
        if token == NO_TOKEN:
            num_open -= 1
            scratch.open[index] = scratch.open[num_open]
            continue
        if token < best or (token == best and place < at):
            best, at = token, place
        index += 1
    return at, num_open


@compiled
def merge_flat(scratch: FlatScratch, length: int, known: KnownMerges) -> int:
    """Merges a list, always the earliest merge that applies, leftmost first.

    Args:
        scratch: The list is in the first ``length`` places of its tokens, and the result too.
        length: Number of tokens.
        known: The merges.

    Returns:
        The new length.
    """
    if length < 2:
        return length
    num_open = _link(scratch, length, known)
    while True:
        at, num_open = _earliest(scratch, num_open)
        if at == _END:
            break
        gone = scratch.after[at]
        scratch.tokens[at] = scratch.merged[at]
        scratch.merged[gone] = NO_TOKEN
        later = scratch.after[gone]
        scratch.after[at] = later
        if later != _END:
            scratch.before[later] = at
        num_open = _look_at(scratch, known, at, num_open)
        earlier = wide(scratch.before[at])
        if earlier != _END:
            num_open = _look_at(scratch, known, earlier, num_open)
    place, kept = wide(0), 0
    while place != _END:
        scratch.tokens[kept] = scratch.tokens[place]
        kept += 1
        place = wide(scratch.after[place])
    return kept


@inlined
def _mix(value: np.uint64) -> np.uint64:
    """The output function of SplitMix64: 64 well-mixed bits of a counter."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@inlined
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
    states: np.ndarray,
    histories: tuple[np.ndarray, np.ndarray],
    known: KnownMerges,
    seed: np.uint64,
    scratch: FlatScratch,
    result: tuple[np.ndarray, np.ndarray],
) -> None:
    """Segments histories with set permutation regularization.

    Args:
        states: Initial tokens of each item, one per column.
        histories: Item indices of all histories, and their offsets.
        known: The merges.
        seed: Every history draws from a generator of its own, made of this and its row.
        scratch: For the longest history.
        result: Where to write the tokens of all histories, and their offsets.
    """
    (items, offsets), (values, bounds) = histories, result
    num_columns = states.shape[1]
    bounds[0] = 0
    for row in range(len(offsets) - 1):
        state = _mix(np.uint64(seed) + _mix(np.uint64(row)))
        length = 0
        for position in range(offsets[row], offsets[row + 1]):
            for column in range(num_columns):
                scratch.tokens[length + column] = states[items[position], column]
            state = _shuffle(scratch.tokens, length, length + num_columns, state)
            length += num_columns
        length = merge_flat(scratch, length, known)
        start = bounds[row]
        for place in range(length):
            values[start + place] = scratch.tokens[place]
        bounds[row + 1] = start + length
