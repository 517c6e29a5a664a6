"""Where codes meet in training histories, told by hand for a few short ones."""

from __future__ import annotations

import numpy as np

from clairo.core.ragged import Ragged
from clairo.merging import FeatureSetBPEConfig
from clairo.merging.meetings import TrainingText
from tests.worlds import merge_corpus


def text_of(codes: object, sequences: list[list[int]], num_merges: int) -> TrainingText:
    fitted = FeatureSetBPEConfig(num_merges=num_merges).fit(codes, sequences, seed=0)
    return TrainingText(fitted, Ragged.from_sequences(sequences))


def test_codes_of_one_item_stand_where_an_item_carries_them_all() -> None:
    corpus = merge_corpus()
    text = text_of(corpus.codes, [list(s) for s in corpus.sequences], 3)
    assert text.is_one_item(4)
    # Token 4 is item 0; the histories are 0 | 0 | 1 | 0 0.
    assert text.carriers(4).tolist() == [True, False]
    assert text.places(4)[1].tolist() == [True, True, False, True, True]


def test_a_token_made_between_items_stands_at_neighbours_of_one_history_only() -> None:
    corpus = merge_corpus()
    text = text_of(corpus.codes, [list(s) for s in corpus.sequences], 3)
    assert not text.is_one_item(6)
    places = text.places(6)
    # The first two histories hold item 0 as well, and are not neighbours.
    assert {span: starts.tolist() for span, starts in places.items()} == {
        2: [False, False, False, True, False]
    }


def test_a_third_neighbour_joins_a_pair_without_claiming_its_codes_twice() -> None:
    text = text_of([[0]], [[0, 0, 0], [0, 0]], 2)
    assert [tuple(pair) for pair in text.tokenizer.merge_pairs.tolist()] == [(1, 1), (1, 2)]
    assert text.places(2)[2].tolist() == [True, True, False, True, False]
    assert {span: starts.tolist() for span, starts in text.places(3).items()} == {
        3: [True, False, False, False, False]
    }


def test_codes_without_a_common_column_may_share_an_item_with_a_pair() -> None:
    # Column 0 makes pairs of neighbours; then column 1 of either item joins them.
    codes = [[0, 0, 3], [1, 1, 4]]
    text = text_of(codes, [[0, 1], [1, 0]], 6)
    for token in range(text.tokenizer.num_initial, text.tokenizer.vocab_size):
        for span, starts in text.places(token).items():
            assert span <= 2
            assert starts[[1, 3]].sum() == 0 or span == 1  # nothing leaves its history


def test_stretches_come_with_the_most_frequent_first() -> None:
    text = text_of([[0], [1]], [[0, 1], [1, 0], [1, 0]], 1)
    items, counts = text.stretches(np.array([1, 0, 1, 0, 1, 0], dtype=bool), 2)
    assert items.tolist() == [[1, 0], [0, 1]]
    assert counts.tolist() == [2, 1]
