"""The trie against dictionaries of prefixes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clairo.core.errors import DataError
from clairo.core.ragged import Ragged
from clairo.modeling.prefix_trie import NO_ITEM, PrefixTrie

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
