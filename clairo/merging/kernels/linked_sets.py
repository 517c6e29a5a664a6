"""The corpus while it is merged: one row per set, linked within its sequence.

A row holds the links to its neighbours, the context slot to its right, and its tokens, so that
one cache line answers most questions about a set. Rows of one sequence lie one after another;
a removed row is skipped by the links but keeps its own, which later look-ups rely on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import compiled, inlined, wide
from clairo.merging.kernels.pair_log import PairLog, write
from clairo.merging.kernels.pair_totals import pair_key

NEXT, PREVIOUS, SLOT, LENGTH, FIRST = 0, 1, 2, 3, 4
NO_SET, EMPTY_SLOT, REMOVED = -1, 0, -1


class LinkedSets(NamedTuple):
    """Sets of all sequences, and what a pair adds to its total at a place.

    Attributes:
        rows: Per set: next set, previous set, token of the slot to the right, number of
            tokens, tokens.
        weights: Scaled weight of a pair across sets of ``m`` and ``n`` tokens, ``1 / (m n)``,
            by ``m`` and ``n``; in row 0, of a pair inside a set of ``n`` tokens, ``2 / n``.
    """

    rows: np.ndarray
    weights: np.ndarray


def row_width(num_columns: int) -> int:
    """Numbers in a row: whole cache lines, so that no row is split over one more than needed."""
    return (FIRST + num_columns + 15) // 16 * 16


@compiled
def link_sequences(
    states: np.ndarray, items: np.ndarray, offsets: np.ndarray, rows: np.ndarray
) -> None:
    """Writes the rows of all sequences, slots empty.

    Args:
        states: Tokens of each item, one per column.
        items: Item indices of all sequences, one after another.
        offsets: Sequence ``i`` is ``items[offsets[i]:offsets[i + 1]]``.
        rows: A row per item of the sequences.
    """
    num_columns = states.shape[1]
    for sequence in range(len(offsets) - 1):
        start, stop = offsets[sequence], offsets[sequence + 1]
        for node in range(start, stop):
            rows[node, NEXT] = node + 1 if node + 1 < stop else NO_SET
            rows[node, PREVIOUS] = node - 1 if node > start else NO_SET
            rows[node, SLOT] = EMPTY_SLOT
            rows[node, LENGTH] = num_columns
            for column in range(num_columns):
                rows[node, FIRST + column] = states[items[node], column]


@inlined
def holds(rows: np.ndarray, node: int, token: int) -> bool:
    """Whether a set holds a token."""
    # A loop, because numba compiles no generator expressions.
    for place in range(FIRST, FIRST + rows[node, LENGTH]):  # noqa: SIM110
        if rows[node, place] == token:
            return True
    return False


@compiled
def drop(rows: np.ndarray, node: int, token: int) -> None:
    """Takes a token out of a set; the others keep their order."""
    length = rows[node, LENGTH]
    place = FIRST
    while rows[node, place] != token:
        place += 1
    for later in range(place, FIRST + length - 1):
        rows[node, later] = rows[node, later + 1]
    rows[node, LENGTH] = length - 1


@compiled
def put_first(rows: np.ndarray, node: int, token: int) -> None:
    """Puts a token in front of a set's others."""
    length = rows[node, LENGTH]
    for place in range(FIRST + length, FIRST, -1):
        rows[node, place] = rows[node, place - 1]
    rows[node, FIRST] = token
    rows[node, LENGTH] = length + 1


@compiled
def take_over_slot(rows: np.ndarray, node: int) -> int:
    """Moves the token of the filled slot before an empty set into the set, if that is so.

    Returns:
        The set before, which may have become removable, or ``NO_SET`` if nothing moved.
    """
    before = wide(rows[node, PREVIOUS])
    if rows[node, LENGTH] != 0 or before == NO_SET or rows[before, SLOT] == EMPTY_SLOT:
        return NO_SET
    rows[node, FIRST] = rows[before, SLOT]
    rows[node, LENGTH] = 1
    rows[before, SLOT] = EMPTY_SLOT
    return before


@compiled
def is_removable(rows: np.ndarray, node: int) -> bool:
    """Whether a set and the slot after it are both empty; a last set never goes."""
    return rows[node, LENGTH] == 0 and rows[node, SLOT] == EMPTY_SLOT and rows[node, NEXT] != NO_SET


@compiled
def remove(rows: np.ndarray, node: int) -> None:
    """Unlinks a set together with the slot after it."""
    before, after = wide(rows[node, PREVIOUS]), wide(rows[node, NEXT])
    rows[after, PREVIOUS] = before
    if before != NO_SET:
        rows[before, NEXT] = after
    rows[node, LENGTH] = REMOVED


@compiled
def add_inside(sets: LinkedSets, node: int, sign: int, log: PairLog) -> None:
    """Adds or subtracts what the pairs inside one set count."""
    rows = sets.rows
    stop = FIRST + rows[node, LENGTH]
    weight = sign * sets.weights[0, max(rows[node, LENGTH], 0)]
    for i in range(FIRST, stop):
        for j in range(i + 1, stop):
            write(log, pair_key(rows[node, i], rows[node, j]), weight)


@compiled
def _add_slot_side(sets: LinkedSets, node: int, slot: int, sign: int, log: PairLog) -> None:
    rows = sets.rows
    weight = sign * sets.weights[1, rows[node, LENGTH]]
    for place in range(FIRST, FIRST + rows[node, LENGTH]):
        write(log, pair_key(rows[node, place], slot), weight)


@compiled
def add_link(sets: LinkedSets, node: int, sign: int, log: PairLog) -> None:
    """Adds or subtracts what the pairs between a set, its right slot and the next set count."""
    rows = sets.rows
    after = wide(rows[node, NEXT])
    if rows[node, LENGTH] == REMOVED or after == NO_SET:
        return
    slot = wide(rows[node, SLOT])
    if slot != EMPTY_SLOT:
        _add_slot_side(sets, node, slot, sign, log)
        _add_slot_side(sets, after, slot, sign, log)
        return
    weight = sign * sets.weights[rows[node, LENGTH], rows[after, LENGTH]]
    for i in range(FIRST, FIRST + rows[node, LENGTH]):
        for j in range(FIRST, FIRST + rows[after, LENGTH]):
            write(log, pair_key(rows[node, i], rows[after, j]), weight)
