"""Where codes meet in training histories, told by hand for a few short ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clairo.core.ragged import Ragged
from clairo.merging import FeatureSetBPEConfig
from clairo.merging.meetings import Places, TrainingText
from tests.worlds import merge_corpus


def text_of(codes: object, sequences: list[list[int]], num_merges: int) -> TrainingText:
    fitted = FeatureSetBPEConfig(num_merges=num_merges).fit(codes, sequences, seed=0)
    return TrainingText(fitted, Ragged.from_sequences(sequences))


def text_with(
    text: TrainingText, pairs: list[tuple[int, int]], made: tuple[int, int] = (-1, -1)
) -> TrainingText:
    """The same text with these merges, each made at so many places within and between items."""
    return TrainingText(
        replace(
            text.tokenizer,
            merge_pairs=np.array(pairs, dtype=np.int32),
            merge_totals=np.ones(len(pairs), dtype=np.int64),
            merge_places=np.array([made] * len(pairs), dtype=np.int32),
        ),
        text.histories,
    )


def as_lists(places: Places) -> dict[int, list[bool]]:
    return {span: starts.tolist() for span, starts in places.items()}


def test_codes_of_one_item_stand_where_an_item_carries_them_all() -> None:
    corpus = merge_corpus()
    text = text_of(corpus.codes, [list(s) for s in corpus.sequences], 3)
    assert text.is_mostly_one_item(4)
    # Token 4 is item 0; the histories are 0 | 0 | 1 | 0 0.
    assert text.carriers(4).tolist() == [True, False]
    assert text.places(4)[1].tolist() == [True, True, False, True, True]


def test_a_token_made_between_items_stands_at_neighbours_of_one_history_only() -> None:
    corpus = merge_corpus()
    text = text_of(corpus.codes, [list(s) for s in corpus.sequences], 3)
    assert not text.is_mostly_one_item(6)
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
    # Tokens 1 and 2 are column 0, tokens 3 and 4 column 1; items are {1, 3} and {2, 4}.
    text = text_of([[0, 3], [1, 4]], [[0, 1], [1, 0]], 0)
    pair = text_with(text, [(1, 2), (3, 5)])
    # The pair stands at both neighbours, in either order; token 3 shares its first item.
    assert as_lists(pair.places(5)) == {2: [True, False, True, False]}
    assert as_lists(pair.places(6)) == {2: [True, False, True, False]}
    # With the pair's own code once more nobody shares: that takes a third item.
    again = text_with(text, [(1, 2), (1, 5)])
    assert as_lists(again.places(6)) == {}


def test_a_merge_stands_within_one_item_and_between_neighbours() -> None:
    # Item 0 carries both codes, items 1 and 2 one each; made at more places between items.
    codes = [[0, 0], [0, 1], [1, 0]]
    plain = text_of(codes, [[1, 2], [2, 1], [1, 2], [0]], 0)
    text, token = text_with(plain, [(1, 3)], (1, 3)), plain.tokenizer.num_initial
    assert not text.is_mostly_one_item(token)
    assert as_lists(text.places(token)) == {
        1: [False] * 6 + [True],
        2: [True, False, True, False, True, False, False],
    }
    assert list(text.between(token)) == [2]
    assert (text.next_to(1, 3), text.next_to(3, 1)) == (2, 1)


def test_three_neighbours_around_two_that_carry_it_are_not_counted_again() -> None:
    text = text_with(text_of([[0], [1]], [[0, 1, 0]], 0), [(1, 2), (1, 3)])
    # 0 1 and 1 0 are pairs; with another 0 it takes all three.
    assert as_lists(text.between(3)) == {2: [True, True, False]}
    assert as_lists(text.between(4)) == {3: [True, False, False]}


@pytest.mark.parametrize("seed", range(30))
def test_every_merge_is_found_where_histories_are_no_longer_than_a_stretch(seed: int) -> None:
    # Earlier merges take codes away, so there are at least as many places as merges were made
    # at only for the very first; of all others some are found.
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, (12, 3))
    sequences = [rng.integers(0, 12, rng.integers(1, 4)).tolist() for _ in range(60)]
    text = text_of(codes, sequences, 60)
    tokenizer = text.tokenizer
    for token, made in enumerate(tokenizer.merge_places.tolist(), start=tokenizer.num_initial):
        found = text.places(token)
        assert sum(int(starts.sum()) for starts in found.values()) > 0, (token, made)
        assert set(found) <= {1, 2, 3}
    (left, right), (inside, across) = tokenizer.merge_pairs[0], tokenizer.merge_places[0]
    within = text.places(tokenizer.num_initial).get(1, np.zeros(1)).sum()
    assert within >= inside
    assert text.next_to(left, right) + text.next_to(right, left) >= across


def test_stretches_come_with_the_most_frequent_first() -> None:
    text = text_of([[0], [1]], [[0, 1], [1, 0], [1, 0]], 1)
    items, counts = text.stretches(np.array([1, 0, 1, 0, 1, 0], dtype=bool), 2)
    assert items.tolist() == [[1, 0], [0, 1]]
    assert counts.tolist() == [2, 1]
