"""Greedy segmentation on the set structure: the highest score first, one place at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import compiled, wide
from clairo.merging.kernels.known_merges import KnownMerges, token_of
from clairo.merging.kernels.linked_sets import (
    EMPTY_SLOT,
    FIRST,
    LENGTH,
    NEXT,
    NO_SET,
    PREVIOUS,
    REMOVED,
    SLOT,
    drop,
    is_removable,
    link_sequences,
    put_first,
    remove,
    take_over_slot,
)

_INSIDE, _ACROSS = 0, 1


class Candidates(NamedTuple):
    """The best merge inside each set, and on the link to its right.

    Attributes:
        scores: 0 where nothing can be merged.
        pairs: Left and right token of each.
    """

    scores: np.ndarray
    pairs: np.ndarray


class GreedyScratch(NamedTuple):
    """Room for the longest sequence, one row per set.

    Attributes:
        rows: The sets.
        candidates: Their best merges.
        ends: Start and end of the one sequence in ``rows``.
    """

    rows: np.ndarray
    candidates: Candidates
    ends: np.ndarray


def new_scratch(longest: int, width: int) -> GreedyScratch:
    """Scratch for sequences of up to ``longest`` sets in rows of ``width`` numbers."""
    candidates = Candidates(np.zeros((longest, 2)), np.zeros((longest, 2, 2), np.int32))
    return GreedyScratch(np.zeros((longest, width), np.int32), candidates, np.zeros(2, np.int64))


@compiled
def _offer(
    candidates: Candidates, node: int, kind: int, pair: tuple[int, int], score: float
) -> None:
    """Keeps the better candidate; of equal ones the one that came first."""
    if score > candidates.scores[node, kind]:
        candidates.scores[node, kind] = score
        candidates.pairs[node, kind, 0], candidates.pairs[node, kind, 1] = pair


@compiled
def _score(known: KnownMerges, priority: np.ndarray, left: int, right: int) -> float:
    """Priority of the pair's token as a float, 0 for a pair that is not in the vocabulary."""
    return np.float64(priority[token_of(known, left, right)])


@compiled
def _score_inside(
    rows: np.ndarray, known: KnownMerges, priority: np.ndarray, candidates: Candidates, node: int
) -> None:
    candidates.scores[node, _INSIDE] = 0.0
    length = rows[node, LENGTH]
    for i in range(FIRST, FIRST + length):
        for j in range(i + 1, FIRST + length):
            pair = (wide(rows[node, i]), wide(rows[node, j]))
            score = _score(known, priority, pair[0], pair[1]) * 2.0 / length
            _offer(candidates, node, _INSIDE, pair, score)


@compiled
def _score_across(
    rows: np.ndarray, known: KnownMerges, priority: np.ndarray, candidates: Candidates, node: int
) -> None:
    candidates.scores[node, _ACROSS] = 0.0
    after, slot = wide(rows[node, NEXT]), wide(rows[node, SLOT])
    if after == NO_SET:
        return
    left_stop, right_stop = FIRST + rows[node, LENGTH], FIRST + rows[after, LENGTH]
    if slot == EMPTY_SLOT:
        size = rows[node, LENGTH] * rows[after, LENGTH]
        for i in range(FIRST, left_stop):
            for j in range(FIRST, right_stop):
                pair = (wide(rows[node, i]), wide(rows[after, j]))
                score = _score(known, priority, pair[0], pair[1]) / size
                _offer(candidates, node, _ACROSS, pair, score)
        return
    for i in range(FIRST, left_stop):
        score = _score(known, priority, rows[node, i], slot) / rows[node, LENGTH]
        _offer(candidates, node, _ACROSS, (wide(rows[node, i]), EMPTY_SLOT), score)
    for j in range(FIRST, right_stop):
        score = _score(known, priority, slot, rows[after, j]) / rows[after, LENGTH]
        _offer(candidates, node, _ACROSS, (EMPTY_SLOT, wide(rows[after, j])), score)


@compiled
def _merge_across(rows: np.ndarray, known: KnownMerges, node: int, left: int, right: int) -> None:
    """Merges on a link; of a pair with the slot, the slot's side is ``EMPTY_SLOT``."""
    after, slot = wide(rows[node, NEXT]), wide(rows[node, SLOT])
    first = slot if left == EMPTY_SLOT else left
    second = slot if right == EMPTY_SLOT else right
    if left != EMPTY_SLOT:
        drop(rows, node, left)
    if right != EMPTY_SLOT:
        drop(rows, after, right)
    rows[node, SLOT] = token_of(known, first, second)
    for emptied in (node, after):
        before = take_over_slot(rows, emptied)
        if before != NO_SET and is_removable(rows, before):
            remove(rows, before)


@compiled
def _merge_inside(rows: np.ndarray, known: KnownMerges, node: int, left: int, right: int) -> None:
    drop(rows, node, left)
    drop(rows, node, right)
    put_first(rows, node, token_of(known, left, right))


@compiled
def _best(rows: np.ndarray, candidates: Candidates, head: int) -> tuple[int, int, float]:
    """The best place of a sequence, from left to right; its kind; and its score."""
    best, at, kind = 0.0, wide(head), _INSIDE
    node = wide(head)
    while node != NO_SET:
        for option in (_INSIDE, _ACROSS):
            if candidates.scores[node, option] > best:
                best, at, kind = candidates.scores[node, option], node, option
        node = wide(rows[node, NEXT])
    return at, kind, best


@compiled
def _score_again(
    rows: np.ndarray,
    known: KnownMerges,
    priority: np.ndarray,
    candidates: Candidates,
    changed: tuple[int, int, int, int],
) -> None:
    """Scores what a merge has altered: the inside of two sets, and the links of four."""
    for place in range(4):
        node = changed[place]
        if node != NO_SET and rows[node, LENGTH] != REMOVED:
            _score_across(rows, known, priority, candidates, node)
            if place >= 2:
                _score_inside(rows, known, priority, candidates, node)


@compiled
def _flatten(rows: np.ndarray, head: int, values: np.ndarray, start: int) -> int:
    """Writes a sequence's tokens, each slot after the set before it; the end."""
    node = wide(head)
    while node != NO_SET:
        for place in range(FIRST, FIRST + rows[node, LENGTH]):
            values[start] = rows[node, place]
            start += 1
        if rows[node, SLOT] != EMPTY_SLOT:
            values[start] = rows[node, SLOT]
            start += 1
        node = wide(rows[node, NEXT])
    return start


@compiled
def _merge_sequence(
    rows: np.ndarray, known: KnownMerges, priority: np.ndarray, candidates: Candidates, head: int
) -> int:
    """Merges one sequence until nothing applies; its first set then."""
    node = wide(head)
    while node != NO_SET:
        _score_inside(rows, known, priority, candidates, node)
        _score_across(rows, known, priority, candidates, node)
        node = wide(rows[node, NEXT])
    while True:
        node, kind, score = _best(rows, candidates, head)
        if score == 0.0:
            return head
        left, right = wide(candidates.pairs[node, kind, 0]), wide(candidates.pairs[node, kind, 1])
        before, after = wide(rows[node, PREVIOUS]), wide(NO_SET)
        earlier = wide(NO_SET) if before == NO_SET else wide(rows[before, PREVIOUS])
        if kind == _INSIDE:
            _merge_inside(rows, known, node, left, right)
        else:
            after = wide(rows[node, NEXT])
            _merge_across(rows, known, node, left, right)
        while rows[head, LENGTH] == REMOVED:
            head = wide(rows[head, NEXT])
        _score_again(rows, known, priority, candidates, (earlier, before, node, after))


@compiled
def encode_batch_greedy(
    states: np.ndarray,
    histories: tuple[np.ndarray, np.ndarray],
    known: KnownMerges,
    priority: np.ndarray,
    scratch: GreedyScratch,
    result: tuple[np.ndarray, np.ndarray],
) -> None:
    """Segments histories greedily.

    Args:
        states: Initial tokens of each item, one per column.
        histories: Item indices of all histories, and their offsets.
        known: The merges.
        priority: Scaled priority of each token.
        scratch: For the longest history.
        result: Where to write the tokens of all histories, and their offsets.
    """
    (items, offsets), (values, bounds) = histories, result
    bounds[0] = 0
    for row in range(len(offsets) - 1):
        start, stop = offsets[row], offsets[row + 1]
        bounds[row + 1] = bounds[row]
        if stop > start:
            scratch.ends[1] = stop - start
            link_sequences(states, items[start:stop], scratch.ends, scratch.rows)
            head = _merge_sequence(scratch.rows, known, priority, scratch.candidates, wide(0))
            bounds[row + 1] = _flatten(scratch.rows, head, values, bounds[row])


@compiled
def encode_rows_greedy(
    known: KnownMerges, priority: np.ndarray, scratch: GreedyScratch, values: np.ndarray
) -> int:
    """Segments one sequence given as linked rows, which are used up; the number of tokens."""
    head = _merge_sequence(scratch.rows, known, priority, scratch.candidates, wide(0))
    return _flatten(scratch.rows, head, values, 0)
