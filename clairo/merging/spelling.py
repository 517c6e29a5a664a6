"""The first merges in words: which titles and pictures carry their sides, alone and together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64

from clairo.core.dataset import Dataset
from clairo.merging.description import NUM_TOP_MERGES, spread_sequences
from clairo.merging.distinctive_words import TitleWords
from clairo.merging.meetings import TrainingText
from clairo.merging.spelled import (
    Example,
    ItemGroup,
    Side,
    SpelledMerge,
    SpelledVocabulary,
    items_of,
)
from clairo.merging.tokenizer import Tokenizer

READ_ITEMS = 200_000
"""History items in which meetings of neighbours are looked for."""

_NUM_TITLES, _NUM_ITEMS, _NUM_EXAMPLES, _MAX_TITLE = 3, 4, 2, 140
_SEARCHED_TITLES = 50
_MAX_DEPTH = 2


def spell_merges(tokenizer: Tokenizer, dataset: Dataset) -> SpelledVocabulary:
    """The first hundred merges of a tokenizer in words.

    Args:
        tokenizer: Of the dataset's catalogue.
        dataset: Whose titles, or ids where it has none, and training parts are read.
    """
    counts = dataset.train_counts()
    training = dataset.train_sequences()
    text = TrainingText(tokenizer, spread_sequences(training, READ_ITEMS))
    titles, item_ids = dataset.catalog.titles, dataset.catalog.item_ids
    # A catalogue without any title is shown by its ids; a single missing title stays missing.
    shown = titles if any(titles) else item_ids
    speller = _Speller(text, shown, TitleWords.of(titles), counts)
    first = range(tokenizer.num_initial, tokenizer.vocab_size)[:NUM_TOP_MERGES]
    merges = tuple(speller.merge(token) for token in first)
    named = dict.fromkeys(item for merge in merges for item in items_of(merge))
    has_image = dataset.catalog.has_image
    return SpelledVocabulary(
        merges=merges,
        titles={item: _short(titles[item] or item_ids[item]) for item in named},
        pictures=frozenset(item for item in named if has_image[item]),
        read_items=len(text.histories.values),
        training_items=len(training.values),
    )


@dataclass(frozen=True)
class _Speller:
    """Spells tokens of one tokenizer."""

    text: TrainingText
    titles: tuple[str, ...]
    words: TitleWords
    train_counts: Int64[np.ndarray, " items"]

    def merge(self, token: int) -> SpelledMerge:
        tokenizer, text = self.text.tokenizer, self.text
        left, right = tokenizer.merge_pairs[token - tokenizer.num_initial].tolist()
        carrying, places = text.carriers(token), text.between(token)
        ordered = left != right and text.is_mostly_one_item(left) and text.is_mostly_one_item(right)
        return SpelledMerge(
            token,
            self.side(left),
            self.side(right),
            between_neighbours=not text.is_mostly_one_item(token),
            both=self.group(carrying) if carrying.any() else None,
            examples=self.examples(places),
            places=sum(int(starts.sum()) for starts in places.values()),
            left_first=text.next_to(left, right) if ordered else None,
            right_first=text.next_to(right, left) if ordered else None,
        )

    def side(self, token: int, depth: int = 0) -> Side:
        tokenizer = self.text.tokenizer
        leaves, carrying = tuple(tokenizer.leaves(token)), self.text.carriers(token)
        carriers = self.group(carrying) if carrying.any() else None
        if self.text.is_mostly_one_item(token) or depth == _MAX_DEPTH:
            return Side(leaves, carriers)
        pair = tokenizer.merge_pairs[token - tokenizer.num_initial].tolist()
        return Side(leaves, carriers, tuple(self.side(part, depth + 1) for part in pair))

    def group(self, carrying: Bool[np.ndarray, " items"]) -> ItemGroup:
        items = np.flatnonzero(carrying)
        frequent = items[np.argsort(-self.train_counts[items], kind="stable")].tolist()
        titles = dict.fromkeys(
            _short(self.titles[item]) for item in frequent[:_SEARCHED_TITLES] if self.titles[item]
        )
        return ItemGroup(
            num_items=len(items),
            titles=tuple(titles)[:_NUM_TITLES],
            words=self.words.distinctive(carrying),
            items=tuple(frequent[:_NUM_ITEMS]),
        )

    def examples(self, places: Mapping[int, Bool[np.ndarray, " positions"]]) -> tuple[Example, ...]:
        found = []
        for span, starts in sorted(places.items()):
            items, counts = self.text.stretches(starts, span)
            found += [
                Example(tuple(row), count)
                for row, count in zip(
                    items[:_NUM_EXAMPLES].tolist(), counts[:_NUM_EXAMPLES].tolist(), strict=True
                )
            ]
        return tuple(sorted(found, key=lambda example: -example.places)[:_NUM_EXAMPLES])


def _short(title: str) -> str:
    """A title without line breaks, cut with an ellipsis."""
    whole = " ".join(title.split())
    return whole if len(whole) <= _MAX_TITLE else whole[: _MAX_TITLE - 1].rstrip() + "…"
