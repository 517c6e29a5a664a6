"""Where in the training text codes stand, within one item or over neighbours."""

from __future__ import annotations

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

    def is_one_item(self, token: int) -> bool:
        """Whether all codes of a token belong to one item wherever it was mostly made.

        A merge that was made more often between neighbours than within an item, or whose leaves
        repeat a column, does not; nor does one with such a part.
        """
        number = token - self.tokenizer.num_initial
        if number < 0:
            return True
        columns = [column for column, _ in self.tokenizer.leaves(token)]
        inside, across = self.tokenizer.merge_places[number].tolist()
        parts = self.tokenizer.merge_pairs[number].tolist()
        return (
            across <= inside
            and len(set(columns)) == len(columns)
            and all(self.is_one_item(part) for part in parts)
        )

    def carriers(self, token: int) -> Bool[np.ndarray, " items"]:
        """Items of the catalogue that carry all codes of a token."""
        codes = self.tokenizer.codes
        carrying = np.ones(len(codes), dtype=bool)
        for column, value in self.tokenizer.leaves(token):
            carrying &= codes[:, column] == value
        return carrying

    def places(self, token: int) -> Places:
        """Where the codes of a token stand, over three neighbours at most."""
        if token not in self._found:
            self._found[token] = self._find(token)
        return self._found[token]

    def _find(self, token: int) -> Places:
        if self.is_one_item(token):
            return {1: self.carriers(token)[self.histories.values]}
        left, right = self.tokenizer.merge_pairs[token - self.tokenizer.num_initial].tolist()
        found = dict(self.follows(left, right))
        for span, starts in self.follows(right, left).items():
            found[span] = found.get(span, np.zeros_like(starts)) | starts
        return found

    def follows(self, before: int, after: int) -> Places:
        """Where a second token stands right after a first one, or begins in an item of it.

        It may share an item with the first only if the two have no column in common, for else
        both would claim one code; and two tokens of one item each always stand apart.
        """
        found: dict[int, Bool[np.ndarray, " positions"]] = {}
        second = self.places(after)
        for span, starts in self.places(before).items():
            for other, others in second.items():
                apart = span == other == 1 or self._have_a_column_in_common(before, after)
                for shift in range(span if apart else 0, span + 1):
                    whole = max(span, shift + other)
                    if whole <= MAX_SPAN:
                        together = starts & self._ahead(others, shift) & self._has_room(whole)
                        found[whole] = found.get(whole, np.zeros_like(together)) | together
        return found

    def stretches(self, starts: Bool[np.ndarray, " positions"], span: int) -> Stretches:
        """The distinct items of the stretches that start there, the most frequent first."""
        places = np.flatnonzero(starts)[:, None] + np.arange(span)
        items, counts = np.unique(self.histories.values[places], axis=0, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return items[order], counts[order]

    def _have_a_column_in_common(self, one: int, two: int) -> bool:
        columns = [{column for column, _ in self.tokenizer.leaves(t)} for t in (one, two)]
        return bool(columns[0] & columns[1])

    def _ahead(
        self, starts: Bool[np.ndarray, " positions"], shift: int
    ) -> Bool[np.ndarray, " positions"]:
        """What is ``shift`` positions further on."""
        return np.concatenate([starts[shift:], np.zeros(min(shift, len(starts)), dtype=bool)])

    def _has_room(self, span: int) -> Bool[np.ndarray, " positions"]:
        """Where a stretch of that many neighbours ends within its history."""
        return np.arange(len(self._last)) + span - 1 <= self._last
