"""Where in the training text codes stand, within one item or over neighbours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Int, Int64

from clairo.core.ragged import Ragged
from clairo.merging.tokenizer import Tokenizer

MAX_SPAN = 3
"""Neighbours over which codes are looked for."""

Places = Mapping[int, Bool[np.ndarray, " positions"]]
"""For each number of neighbours, at which positions such a stretch starts."""

Stretches = tuple[Int[np.ndarray, "stretches span"], Int64[np.ndarray, " stretches"]]
"""Items of neighbours, and at how many places these stand."""


@dataclass(frozen=True)
class TrainingText:
    """Finds the places of a tokenizer's tokens in some histories.

    Attributes:
        tokenizer: Whose tokens.
        histories: Item indices, at least one.
    """

    tokenizer: Tokenizer
    histories: Ragged
    _found: dict[int, Places] = field(default_factory=dict, repr=False)

    @cached_property
    def _last(self) -> Int64[np.ndarray, " positions"]:
        """Last position of the history that each position belongs to."""
        return np.repeat(self.histories.offsets[1:] - 1, self.histories.lengths)

    def is_mostly_one_item(self, token: int) -> bool:
        """Whether a token and its parts were made within one item at least as often as between.

        A token whose leaves repeat a column never is. One that is may stand between neighbours
        as well, and one that is not within an item: :meth:`places` holds both.
        """
        number = token - self.tokenizer.num_initial
        if number < 0:
            return True
        inside, across = self.tokenizer.merge_places[number].tolist()
        parts = self.tokenizer.merge_pairs[number].tolist()
        return (
            across <= inside
            and not self._repeats_a_column(token)
            and all(self.is_mostly_one_item(part) for part in parts)
        )

    def carriers(self, token: int) -> Bool[np.ndarray, " items"]:
        """Items of the catalogue that carry all codes of a token; nobody has a column twice."""
        codes = self.tokenizer.codes
        if self._repeats_a_column(token):
            return np.zeros(len(codes), dtype=bool)
        carrying = np.ones(len(codes), dtype=bool)
        for column, value in self.tokenizer.leaves(token):
            carrying &= codes[:, column] == value
        return carrying

    def places(self, token: int) -> Places:
        """Where the codes of a token stand: within one item, and over three neighbours at most.

        These are all places that could have been merged, whatever other merges took first. So
        each place of up to three neighbours where the token was made is among them.
        """
        if token not in self._found:
            self._found[token] = self._find(token)
        return self._found[token]

    def between(self, token: int) -> Places:
        """Where neighbours carry a merged token between them, no stretch around a shorter one."""
        found = {span: starts for span, starts in self.places(token).items() if span > 1}
        if len(found) > 1:
            shorter = found[2] | self._ahead(found[2], 1)
            found[3] = found[3] & ~shorter
        return found

    def next_to(self, before: int, after: int) -> int:
        """How often an item that carries one token is followed by one that carries another."""
        items = self.histories.values
        second = self._ahead(self.carriers(after)[items], 1)
        return int((self.carriers(before)[items] & second & self._has_room(2)).sum())

    def _find(self, token: int) -> Places:
        found = {1: self.carriers(token)[self.histories.values]}
        number = token - self.tokenizer.num_initial
        if number >= 0:
            left, right = self.tokenizer.merge_pairs[number].tolist()
            self._add_stretches(found, left, right)
            self._add_stretches(found, right, left)
        return {span: starts for span, starts in found.items() if starts.any()}

    def _add_stretches(
        self, found: dict[int, Bool[np.ndarray, " positions"]], before: int, after: int
    ) -> None:
        """Adds where a second token stands right after a first one, or begins in an item of it.

        Codes of different columns or values never claim one another's place. Where both tokens
        have the same code, the stretch must hold it as often as both together.
        """
        leaves = Counter(self.tokenizer.leaves(before)), Counter(self.tokenizer.leaves(after))
        both = {leaf: leaves[0][leaf] + leaves[1][leaf] for leaf in leaves[0] & leaves[1]}
        for span, starts in self.places(before).items():
            for other, others in self.places(after).items():
                for shift in range(span + 1):
                    whole = max(span, shift + other)
                    if 1 < whole <= MAX_SPAN:
                        together = starts & self._ahead(others, shift) & self._has_room(whole)
                        for leaf, times in both.items():
                            together &= self._holds(leaf, times, whole)
                        found[whole] = found.get(whole, np.zeros_like(together)) | together

    def _holds(
        self, leaf: tuple[int, int], times: int, span: int
    ) -> Bool[np.ndarray, " positions"]:
        """Where a stretch of so many positions has at least so many items with a code."""
        column, value = leaf
        carried = self.tokenizer.codes[self.histories.values, column] == value
        count = np.zeros(len(carried), dtype=np.int64)
        for shift in range(span):
            count += self._ahead(carried, shift)
        return np.asarray(count >= times)

    def stretches(self, starts: Bool[np.ndarray, " positions"], span: int) -> Stretches:
        """The distinct items of the stretches that start there, the most frequent first."""
        places = np.flatnonzero(starts)[:, None] + np.arange(span)
        items, counts = np.unique(self.histories.values[places], axis=0, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return items[order], counts[order]

    def _repeats_a_column(self, token: int) -> bool:
        columns = [column for column, _ in self.tokenizer.leaves(token)]
        return len(set(columns)) < len(columns)

    def _ahead(
        self, starts: Bool[np.ndarray, " positions"], shift: int
    ) -> Bool[np.ndarray, " positions"]:
        """What is ``shift`` positions further on."""
        return np.concatenate([starts[shift:], np.zeros(min(shift, len(starts)), dtype=bool)])

    def _has_room(self, span: int) -> Bool[np.ndarray, " positions"]:
        """Where a stretch of that many neighbours ends within its history."""
        return np.arange(len(self._last)) + span - 1 <= self._last
