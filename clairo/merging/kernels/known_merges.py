"""From a pair of tokens to the token it merges into."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clairo.merging.kernels.compiled import compiled, inlined, wide
from clairo.merging.kernels.pair_totals import (
    EMPTY,
    KEY,
    TOTAL,
    clear_cells,
    find_slot,
    pair_key,
)

NO_TOKEN = 0
_SPREAD = -4417276706812531889  # another odd number than the table's
_BITS_PER_MERGE = 8


class KnownMerges(NamedTuple):
    """The merges of a vocabulary.

    Most pairs that are looked up are no merge. A bit per hash value, few enough to stay in the
    nearest caches, answers that without the table.

    Attributes:
        cells: Key and merged token of each slot; a power of two of slots.
        maybe: One bit for each of a power of two of hash values: whether any merge has it.
    """

    cells: np.ndarray
    maybe: np.ndarray


@inlined
def _bit_of(maybe: np.ndarray, key: int) -> int:
    return ((key * _SPREAD) >> 24) & (64 * len(maybe) - 1)


def index_merges(pairs: np.ndarray, num_initial: int) -> KnownMerges:
    """The merges by pair; of a pair that was merged twice, the later token.

    Args:
        pairs: Both tokens of each merge.
        num_initial: Number of tokens before the first merge.
    """
    num_slots, num_words = 64, 1
    while num_slots < 4 * len(pairs):
        num_slots *= 2
    while 64 * num_words < _BITS_PER_MERGE * len(pairs):
        num_words *= 2
    known = KnownMerges(np.empty((num_slots, 2), np.int64), np.zeros(num_words, np.int64))
    _note_merges(known, pairs, num_initial)
    return known


@compiled
def _note_merges(known: KnownMerges, pairs: np.ndarray, num_initial: int) -> None:
    cells, maybe = known.cells, known.maybe
    clear_cells(cells)
    for number in range(len(pairs)):
        key = pair_key(pairs[number, 0], pairs[number, 1])
        slot = find_slot(cells, key)
        cells[slot, KEY], cells[slot, TOTAL] = key, num_initial + number
        bit = _bit_of(maybe, key)
        maybe[bit >> 6] |= wide(1) << (bit & 63)


@inlined
def token_of(known: KnownMerges, left: int, right: int) -> int:
    """What a pair merges into, ``NO_TOKEN`` if it does not."""
    key = pair_key(left, right)
    bit = _bit_of(known.maybe, key)
    if (known.maybe[bit >> 6] >> (bit & 63)) & 1 == 0:
        return NO_TOKEN
    slot = find_slot(known.cells, key)
    return known.cells[slot, TOTAL] if known.cells[slot, KEY] != EMPTY else NO_TOKEN
