"""The trie against dictionaries of prefixes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clairo.core.errors import DataError
from clairo.core.ragged import Ragged
from clairo.modeling.prefix_trie import NO_ITEM, PrefixTrie, list_items

STRINGS = st.lists(
    st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple),
    min_size=1,
    max_size=40,
    unique=True,
)


@given(strings=STRINGS)
@settings(max_examples=60, deadline=None)
def test_every_item_is_found_by_its_string_and_nothing_else_is(
    strings: list[tuple[int, ...]],
) -> None:
    trie = PrefixTrie.build(Ragged.from_sequences(strings))
    for item, string in enumerate(strings):
        assert trie.find(list(string)) == item
    prefixes = {string[:n] for string in strings for n in range(5)}
    for prefix in prefixes - set(strings):
        assert trie.find(list(prefix)) is None
    assert trie.find([6]) is None
    assert len(trie.items) == len(prefixes | {()}) + 1


@given(strings=STRINGS)
@settings(max_examples=60, deadline=None)
def test_children_are_the_tokens_that_may_follow(strings: list[tuple[int, ...]]) -> None:
    trie = PrefixTrie.build(Ragged.from_sequences(strings))
    node_of = {(): 0}
    for prefix in sorted({s[:n] for s in strings for n in range(len(s))}, key=len):
        node = node_of[prefix]
        following = sorted(
            {s[len(prefix)] for s in strings if s[: len(prefix)] == prefix and s != prefix}
        )
        assert trie.children(node).tolist() == following
        for place, token in enumerate(following):
            node_of[(*prefix, token)] = int(trie.child_offsets[node]) + place + 1


@given(strings=STRINGS)
@settings(max_examples=60, deadline=None)
def test_strings_come_back_as_they_were_given(strings: list[tuple[int, ...]]) -> None:
    trie = PrefixTrie.build(Ragged.from_sequences(strings))
    assert [tuple(row.tolist()) for row in trie.strings()] == strings


@given(strings=STRINGS)
@settings(max_examples=30, deadline=None)
def test_nodes_ascend_by_parent_and_token(strings: list[tuple[int, ...]]) -> None:
    trie = PrefixTrie.build(Ragged.from_sequences(strings))
    keys = trie.parents * 10 + trie.tokens
    assert (np.diff(keys) > 0).all()


def test_the_dead_node_leads_nowhere() -> None:
    trie = PrefixTrie.build(Ragged.from_sequences([[1, 2], [3]]))
    assert trie.children(trie.dead_node).tolist() == []
    assert trie.items[trie.dead_node] == NO_ITEM
    assert trie.depth == 2


@pytest.mark.parametrize(
    ("strings", "message"),
    [
        ([], "at least one item"),
        ([[1], []], "item 1 has no token"),
        ([[1, 0]], "must be positive, got 0"),
        ([[1, 2], [3], [1, 2]], "items 0 and 2 share theirs"),
    ],
)
def test_strings_that_cannot_name_items_are_refused(strings: list[list[int]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        PrefixTrie.build(Ragged.from_sequences(strings))


def test_items_may_share_a_string_where_something_says_which_comes_first() -> None:
    # Items 0, 2 and 3 are spelled 1 2; item 3 is the most frequent, 0 and 2 are tied.
    strings = [[1, 2], [1], [1, 2], [1, 2], [3]]
    trie = PrefixTrie.build(Ragged.from_sequences(strings), np.array([4, 9, 4, 7, 0]))
    assert (trie.num_items, trie.num_strings) == (5, 3)
    assert (trie.find([1, 2]), trie.find([1]), trie.find([3])) == (3, 1, 4)
    assert [row.tolist() for row in trie.strings()] == strings


def test_ties_go_by_the_numbers_that_are_given() -> None:
    # All spelled alike: item 2 is the most frequent, the others are tied.
    strings, counts = Ragged.from_sequences([[1]] * 4), np.array([0, 0, 5, 0])
    trie = PrefixTrie.build(strings, counts, np.array([2, 0, 3, 1]))
    assert trie.members.tolist() == [2, 1, 3, 0]
    assert trie.find([1]) == 2


def test_ranks_count_items_and_not_strings() -> None:
    strings = [[1, 2], [1], [1, 2], [1, 2], [3]]
    trie = PrefixTrie.build(Ragged.from_sequences(strings), np.array([4, 9, 4, 7, 0]))
    # Item 1 alone, then the three of string 1 2, of which 3 comes first, then item 4.
    found = np.array([[1, 3, 4], [3, 1, NO_ITEM]])
    items, columns = list_items(trie, found, top_k=6)
    assert items.tolist() == [[1, 3, 0, 2, 4, -1], [3, 0, 2, 1, -1, -1]]
    assert columns.tolist() == [[0, 1, 1, 1, 2, -1], [0, 0, 0, 1, -1, -1]]
    assert list_items(trie, found, top_k=3)[0].tolist() == [[1, 3, 0], [3, 0, 2]]


@given(strings=STRINGS)
@settings(max_examples=30, deadline=None)
def test_lists_of_items_with_strings_of_their_own_stay_as_they_are(
    strings: list[tuple[int, ...]],
) -> None:
    trie = PrefixTrie.build(Ragged.from_sequences(strings))
    found = np.random.default_rng(0).permutation(len(strings))[None]
    assert list_items(trie, found, len(strings))[0].tolist() == found.tolist()
