"""Where tokens are, so that a merge visits only the sets that hold its pair."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import compiled, inlined, wide
from clairo.merging.kernels.linked_sets import (
    EMPTY_SLOT,
    FIRST,
    LENGTH,
    NEXT,
    NO_SET,
    PREVIOUS,
    REMOVED,
    SLOT,
    holds,
)
from clairo.merging.kernels.prefetching import prefetch

_AHEAD = 8
"""Entries by which sets are asked for in advance."""


class Occurrences(NamedTuple):
    """Where each token was when it came into being; dead entries go when a list is read.

    An entry names a set: the token is in it, in the slot after it, or (after a take-over) in
    the set that followed it.

    Attributes:
        pool: Entries of all tokens, a token's in ascending order.
        starts: First entry of each token.
        lengths: Number of entries of each token.
        state: Number of pool places in use, and of initial tokens (which never leave a set).
    """

    pool: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    state: np.ndarray


@compiled
def list_occurrences(rows: np.ndarray, num_initial: int, occurrences: Occurrences) -> None:
    """Writes where the initial tokens are; everything else starts at zero.

    Args:
        rows: Sets of all sequences, none merged yet.
        num_initial: Number of tokens before the first merge, padding included.
        occurrences: Room for two entries per token of the corpus, and for every token.
    """
    starts, lengths = occurrences.starts, occurrences.lengths
    for node in range(len(rows)):
        for place in range(FIRST, FIRST + rows[node, LENGTH]):
            lengths[rows[node, place]] += 1
    for token in range(1, num_initial):
        starts[token] = starts[token - 1] + lengths[token - 1]
    used = starts[num_initial - 1] + lengths[num_initial - 1]
    for node in range(len(rows)):
        for place in range(FIRST, FIRST + rows[node, LENGTH]):
            token = rows[node, place]
            occurrences.pool[starts[token]] = node
            starts[token] += 1
    for token in range(num_initial):
        starts[token] -= lengths[token]
    occurrences.state[0], occurrences.state[1] = used, num_initial


@inlined
def add_occurrence(occurrences: Occurrences, token: int, node: int) -> None:
    """Appends a place of the newest token."""
    occurrences.pool[occurrences.state[0]] = node
    occurrences.state[0] += 1
    occurrences.lengths[token] += 1


@compiled
def _meets(rows: np.ndarray, node: int, small: int, large: int) -> bool:
    """Whether a pair is inside a set or on the link to its right."""
    has_small, has_large = holds(rows, node, small), holds(rows, node, large)
    if has_small and has_large and small != large:
        return True
    after, slot = wide(rows[node, NEXT]), wide(rows[node, SLOT])
    if after == NO_SET:
        return False
    if slot == EMPTY_SLOT:
        return (has_small and holds(rows, after, large)) or (
            has_large and holds(rows, after, small)
        )
    if slot == small and (has_large or holds(rows, after, large)):
        return True
    return slot == large and (has_small or holds(rows, after, small))


@compiled
def _add_site(sites: np.ndarray, num_sites: int, node: int) -> int:
    """Inserts a set into the ascending list unless it is there; near the end, so cheap."""
    place = num_sites
    while place > 0 and sites[place - 1] > node:
        place -= 1
    if place > 0 and sites[place - 1] == node:
        return num_sites
    for later in range(num_sites, place, -1):
        sites[later] = sites[later - 1]
    sites[place] = node
    return num_sites + 1


@compiled
def _add_sites_around(
    rows: np.ndarray, node: int, pair: tuple[int, int], sites: np.ndarray, num_sites: int
) -> int:
    """Adds the set itself and the one before it, where the pair meets there."""
    before = wide(rows[node, PREVIOUS])
    if before != NO_SET and _meets(rows, before, pair[0], pair[1]):
        num_sites = _add_site(sites, num_sites, before)
    if _meets(rows, node, pair[0], pair[1]):
        num_sites = _add_site(sites, num_sites, node)
    return num_sites


@compiled
def find_sites(
    rows: np.ndarray, occurrences: Occurrences, pair: tuple[int, int], sites: np.ndarray
) -> int:
    """Fills ``sites`` with the sets at which a pair meets; gives their number.

    Reads the shorter of the two tokens' lists and drops its dead entries.
    """
    token = pair[0]
    if occurrences.lengths[pair[1]] < occurrences.lengths[token]:
        token = pair[1]
    start, kept, num_sites = occurrences.starts[token], 0, 0
    may_move = token >= occurrences.state[1]
    stop = start + occurrences.lengths[token]
    for index in range(start, stop):
        prefetch(rows, wide(occurrences.pool[min(index + _AHEAD, stop - 1)]))
        node = wide(occurrences.pool[index])
        alive = False
        if rows[node, LENGTH] != REMOVED and (
            rows[node, SLOT] == token or holds(rows, node, token)
        ):
            alive = True
            num_sites = _add_sites_around(rows, node, pair, sites, num_sites)
        after = wide(rows[node, NEXT])
        if may_move and after != NO_SET and holds(rows, after, token):
            alive = True
            num_sites = _add_sites_around(rows, after, pair, sites, num_sites)
        if alive:
            occurrences.pool[start + kept] = node
            kept += 1
    occurrences.lengths[token] = kept
    return num_sites
