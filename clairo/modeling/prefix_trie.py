"""All item strings as a prefix trie in flat arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Int, Int32, Int64, Integer

from clairo.core.errors import DataError
from clairo.core.ragged import Ragged

ROOT = 0
NO_ITEM = -1


@dataclass(frozen=True)
class PrefixTrie:
    """The prefixes of item strings, numbered level by level, siblings by token.

    The numbering makes the links implicit: the children of node ``n`` are the nodes
    ``child_offsets[n] + 1`` to ``child_offsets[n + 1]``. A last, extra node has neither
    children nor an item: search parks dead hypotheses there.

    Attributes:
        child_offsets: One entry per node and one more.
        tokens: ``tokens[n - 1]`` is the last token of node ``n``; the root has none.
        items: Item whose string ends at a node, or -1. A string may be the prefix of another.
            Of items that share a string, the first.
        ends: Node at which each item's string ends.
        members: All items, those that share a string one after another, the first of them in
            front: ``members[places[i] : places[i] + sizes[i]]`` for the first item ``i``.
        places: Where an item stands among ``members``.
        sizes: How many items share the item's string, itself included.

    Example:
        >>> trie = PrefixTrie.build(Ragged.from_sequences([[5, 7], [5], [6, 7]]))
        >>> trie.find([5]), trie.find([5, 7]), trie.find([7])
        (1, 0, None)
        >>> trie.depth, trie.num_items
        (2, 3)
    """

    child_offsets: Int64[np.ndarray, " nodes+1"]
    tokens: Int32[np.ndarray, " nodes-2"]
    items: Int32[np.ndarray, " nodes"]
    ends: Int64[np.ndarray, " items"]
    members: Int32[np.ndarray, " items"]
    places: Int64[np.ndarray, " items"]
    sizes: Int64[np.ndarray, " items"]
    depth: int

    @classmethod
    def build(
        cls,
        items: Ragged,
        counts: Int[np.ndarray, " items"] | None = None,
        ties: Integer[np.ndarray, " items"] | None = None,
    ) -> Self:
        """Makes the trie of all items.

        Args:
            items: Row ``i`` holds the tokens of item ``i``, all positive.
            counts: How often each item occurs in training, where items may share a string: of
                those the most frequent is the first. ``None`` refuses shared strings.
            ties: Of items as frequent as one another that with the smallest number comes first;
                see :meth:`~clairo.core.dataset.ItemCatalog.impartial_order`. ``None`` takes the
                position.

        Raises:
            DataError: There is no item, a string is empty, a token is not positive, or two
                items have one string and nothing says which is the first.
        """
        _check_strings(items)
        lengths = items.lengths
        depth = int(lengths.max())
        columns = np.arange(depth)
        padded = np.full((len(items), depth), -1, dtype=np.int64)
        padded[columns < lengths[:, None]] = items.values
        order = np.lexsort(padded.T[::-1])
        padded, lengths = padded[order], lengths[order]
        node_of = np.full(len(items), ROOT, dtype=np.int64)
        num_nodes, parents, tokens = 1, [], []
        for level in range(depth):
            rows = np.flatnonzero(lengths > level)
            above, token = node_of[rows], padded[rows, level]
            first = np.ones(len(rows), dtype=bool)
            first[1:] = (above[1:] != above[:-1]) | (token[1:] != token[:-1])
            node_of[rows] = num_nodes - 1 + np.cumsum(first)
            parents.append(above[first])
            tokens.append(token[first])
            num_nodes += int(first.sum())
        ends = np.empty(len(items), dtype=np.int64)
        ends[order] = node_of
        if counts is None:
            _refuse_duplicates(node_of, order)
            counts = np.zeros(len(items), dtype=np.int64)
        # The sort is stable: without ties the position decides.
        members = np.lexsort((-counts, ends) if ties is None else (ties, -counts, ends)).astype(
            np.int32
        )
        places = np.empty(len(items), dtype=np.int64)
        places[members] = np.arange(len(items))
        first_item = np.full(num_nodes + 1, NO_ITEM, dtype=np.int32)
        # Written from the last to the first: of several the first remains.
        first_item[ends[members[::-1]]] = members[::-1]
        children = np.bincount(np.concatenate(parents), minlength=num_nodes + 1)
        return cls(
            child_offsets=np.concatenate([[0], np.cumsum(children)]).astype(np.int64),
            tokens=np.concatenate(tokens).astype(np.int32),
            items=first_item,
            ends=ends,
            members=members,
            places=places,
            sizes=np.bincount(ends)[ends],
            depth=depth,
        )

    @property
    def num_items(self) -> int:
        """How many items there are."""
        return len(self.ends)

    @property
    def num_strings(self) -> int:
        """How many different strings they have."""
        return int((self.items != NO_ITEM).sum())

    @property
    def dead_node(self) -> int:
        """The node that leads nowhere."""
        return len(self.items) - 1

    @property
    def parents(self) -> Int64[np.ndarray, " nodes-2"]:
        """Parent of node ``n`` at position ``n - 1``."""
        return np.repeat(np.arange(len(self.items)), np.diff(self.child_offsets))

    def children(self, node: int) -> Int32[np.ndarray, " children"]:
        """Tokens that may follow a node, ascending."""
        return self.tokens[self.child_offsets[node] : self.child_offsets[node + 1]]

    def strings(self) -> Ragged:
        """The string of every item, as :meth:`build` was given them."""
        node = self.ends
        above = np.concatenate([[ROOT], self.parents])
        backwards = []
        while (node != ROOT).any():
            backwards.append(np.where(node == ROOT, 0, self.tokens[node - 1]))
            node = above[node]
        columns = np.stack(backwards[::-1], axis=1)
        lengths = (columns != 0).sum(axis=1)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Ragged(columns[columns != 0].astype(np.int32), offsets)

    def find(self, tokens: Int[np.ndarray, " length"] | list[int]) -> int | None:
        """The item with exactly this string, the first of several."""
        node = ROOT
        for token in tokens:
            children = self.children(node)
            place = int(np.searchsorted(children, token))
            if place == len(children) or children[place] != token:
                return None
            node = int(self.child_offsets[node]) + place + 1
        item = int(self.items[node])
        return None if item == NO_ITEM else item


def list_items(
    trie: PrefixTrie, strings: Int[np.ndarray, "rows found"], top_k: int
) -> tuple[Int32[np.ndarray, "rows top_k"], Int64[np.ndarray, "rows top_k"]]:
    """Items of ranked strings: where several share one they follow one another.

    A rank is that of an item, not of a string. What comes after a string of three items has
    three ranks more to its own.

    Args:
        trie: Knows who shares a string.
        strings: The first item of each string that was found, best first; -1 for none.
        top_k: Length of the lists; what is too short is filled with -1.

    Returns:
        The items, and the column of the string that each came from, -1 for none.

    Example:
        >>> trie = PrefixTrie.build(Ragged.from_sequences([[1], [2], [1]]), np.array([4, 9, 5]))
        >>> list_items(trie, np.array([[2, 1], [1, -1]]), top_k=3)[0].tolist()
        [[2, 0, 1], [1, -1, -1]]
    """
    items = np.full((len(strings), top_k), NO_ITEM, dtype=np.int32)
    columns = np.full((len(strings), top_k), NO_ITEM, dtype=np.int64)
    sizes = np.where(strings == NO_ITEM, 0, trie.sizes[strings])
    before = np.cumsum(sizes, axis=1) - sizes
    for later in range(min(top_k, int(sizes.max(initial=0)))):
        row, column = np.nonzero((later < sizes) & (before + later < top_k))
        rank = before[row, column] + later
        items[row, rank] = trie.members[trie.places[strings[row, column]] + later]
        columns[row, rank] = column
    return items, columns


def _check_strings(items: Ragged) -> None:
    if len(items) == 0:
        raise DataError("A prefix trie needs at least one item, got none; check the catalogue.")
    if (items.lengths == 0).any():
        item = int(np.flatnonzero(items.lengths == 0)[0])
        raise DataError(f"Every item needs a string, item {item} has no token; encode it.")
    if items.values.min() < 1:
        raise DataError(
            f"Item tokens must be positive, got {items.values.min()}; 0 is padding and ends "
            "are added by the model."
        )


def _refuse_duplicates(node_of: np.ndarray, order: np.ndarray) -> None:
    same = np.flatnonzero(node_of[1:] == node_of[:-1])
    if len(same):
        one, other = sorted(int(i) for i in order[same[0] : same[0] + 2])
        raise DataError(
            f"Item strings must be unique, items {one} and {other} share theirs "
            f"({len(same)} clashes); disambiguate the codes, or say by counts which comes first."
        )
