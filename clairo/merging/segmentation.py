"""Segmentation of whole batches in compiled code: memory and look-up tables for the kernels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int32, Int64

from clairo.core.ragged import Ragged

if TYPE_CHECKING:
    from clairo.merging.kernels.known_merges import KnownMerges

_SEED_MASK = 0xFFFFFFFFFFFFFFFF


class Segmenter:
    """A vocabulary prepared for segmenting; the kernels do not hold the interpreter's lock."""

    def __init__(
        self,
        states: Int32[np.ndarray, "items columns"],
        merge_pairs: Int32[np.ndarray, "merges 2"],
        num_initial: int,
        priority: Int64[np.ndarray, " tokens"],
    ) -> None:
        """Takes a vocabulary.

        Args:
            states: Initial tokens of each item.
            merge_pairs: Both tokens of each merge.
            num_initial: Tokens before the first merge.
            priority: Of each token; 0 for initial ones.
        """
        self._states, self._priority = states, priority
        self._merge_pairs, self._num_initial = merge_pairs, num_initial

    @cached_property
    def _known(self) -> KnownMerges:
        from clairo.merging.kernels.known_merges import index_merges

        return index_merges(self._merge_pairs, self._num_initial)

    def segment_spr(self, histories: Ragged, seed: int) -> Ragged:
        """Tokens of histories, every set permuted; each history draws from its own generator."""
        from clairo.merging.kernels.compiled import announce
        from clairo.merging.kernels.flat_bpe import encode_batch_spr, new_scratch

        announce(encode_batch_spr)
        result = self._room_for(histories)
        scratch = new_scratch(histories.longest * self._states.shape[1])
        arrays, drawn = (histories.values, histories.offsets), np.uint64(seed & _SEED_MASK)
        encode_batch_spr(self._states, arrays, self._known, drawn, scratch, result)
        return _trim(*result)

    def segment_greedily(self, histories: Ragged) -> Ragged:
        """Tokens of histories, always the highest score first."""
        from clairo.merging.kernels.compiled import announce
        from clairo.merging.kernels.greedy import encode_batch_greedy, new_scratch
        from clairo.merging.kernels.linked_sets import row_width

        announce(encode_batch_greedy)
        result = self._room_for(histories)
        scratch = new_scratch(histories.longest, row_width(self._states.shape[1]))
        arrays = (histories.values, histories.offsets)
        encode_batch_greedy(self._states, arrays, self._known, self._priority, scratch, result)
        return _trim(*result)

    def merge_flat(self, tokens: Int32[np.ndarray, " length"]) -> list[int]:
        """One flat list after plain BPE."""
        from clairo.merging.kernels.flat_bpe import merge_flat, new_scratch

        scratch = new_scratch(len(tokens))
        scratch.tokens[: len(tokens)] = tokens
        length = merge_flat(scratch, len(tokens), self._known)
        merged: list[int] = scratch.tokens[:length].tolist()
        return merged

    def merge_greedily(self, sets: Sequence[Int32[np.ndarray, " length"]]) -> list[int]:
        """One sequence of filled sets of distinct tokens, merged greedily."""
        from clairo.merging.kernels.greedy import encode_rows_greedy, new_scratch
        from clairo.merging.kernels.linked_sets import (
            FIRST,
            LENGTH,
            NEXT,
            NO_SET,
            PREVIOUS,
            row_width,
        )

        scratch = new_scratch(len(sets), row_width(max(map(len, sets))))
        rows = scratch.rows
        rows[:, NEXT] = np.arange(1, len(sets) + 1)
        rows[:, PREVIOUS] = np.arange(-1, len(sets) - 1)
        rows[-1:, NEXT] = NO_SET
        for row, tokens in zip(rows, sets, strict=True):
            row[LENGTH] = len(tokens)
            row[FIRST : FIRST + len(tokens)] = tokens
        values = np.empty(sum(map(len, sets)), dtype=np.int32)
        length = encode_rows_greedy(self._known, self._priority, scratch, values)
        merged: list[int] = values[:length].tolist()
        return merged

    def _room_for(self, histories: Ragged) -> tuple[np.ndarray, np.ndarray]:
        """Values and offsets of a result; merging never makes a history longer."""
        length = len(histories.values) * self._states.shape[1]
        return np.empty(length, dtype=np.int32), np.empty(len(histories) + 1, dtype=np.int64)


def _trim(values: Int32[np.ndarray, " room"], offsets: Int64[np.ndarray, " rows+1"]) -> Ragged:
    # A copy: where many codes have merged, most of the room is unused and should not be kept.
    return Ragged(values[: offsets[-1]].copy(), offsets)
