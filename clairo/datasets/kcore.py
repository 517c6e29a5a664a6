"""Iterative k-core filtering over users and items."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

Pairs = Iterable[Int[np.ndarray, "rows 2"]]
"""(user index, item index) rows, in pieces."""


@dataclass(frozen=True)
class Core:
    """Who remains, and how often.

    Attributes:
        users: Which users remain.
        items: Which items remain.
        of_user: Interactions of each user between those who remain.
        of_item: The same of each item.
    """

    users: Bool[np.ndarray, " users"]
    items: Bool[np.ndarray, " items"]
    of_user: Int[np.ndarray, " users"]
    of_item: Int[np.ndarray, " items"]


def k_core(
    pairs: Callable[[], Pairs], num_users: int, num_items: int, *, user_core: int, item_core: int
) -> Core:
    """Which users and items remain when rare ones are dropped until none is left.

    The result is the largest set in which every user has ``user_core`` and every item
    ``item_core`` interactions; it does not depend on the order of dropping. Repeated
    interactions of one user with one item count each time. An interaction remains where its
    user and its item do.

    Args:
        pairs: Gives all interactions, in pieces, each time it is called; memory does not
            depend on their number.
        num_users: Users are numbered below this.
        num_items: Items are numbered below this.
        user_core: Fewest interactions of a user that stays.
        item_core: Fewest interactions of an item that stays.

    Example:
        >>> rows = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 1]])
        >>> core = k_core(lambda: [rows], 3, 2, user_core=2, item_core=2)
        >>> core.users.tolist(), core.items.tolist()
        ([True, True, False], [True, True])
        >>> core.of_user.tolist(), core.of_item.tolist()
        ([2, 2, 0], [2, 2])
    """
    users, items = np.ones(num_users, dtype=bool), np.ones(num_items, dtype=bool)
    of_user, of_item = count_pairs(pairs(), users, items)
    while True:
        rare_users = users & (of_user < max(1, user_core))
        rare_items = items & (of_item < max(1, item_core))
        if not rare_users.any() and not rare_items.any():
            return Core(users, items, of_user, of_item)
        for piece in pairs():
            # Only what goes is looked at closely: after the first round that is little.
            going = piece[rare_users[piece[:, 0]] | rare_items[piece[:, 1]]]
            going = going[users[going[:, 0]] & items[going[:, 1]]]
            of_user -= np.bincount(going[:, 0], minlength=num_users)
            of_item -= np.bincount(going[:, 1], minlength=num_items)
        users, items = users & ~rare_users, items & ~rare_items


def count_pairs(
    pairs: Pairs, users: Bool[np.ndarray, " users"], items: Bool[np.ndarray, " items"]
) -> tuple[Int[np.ndarray, " users"], Int[np.ndarray, " items"]]:
    """Interactions of each user and of each item, between those that are marked."""
    of_user, of_item = np.zeros(len(users), np.int64), np.zeros(len(items), np.int64)
    for piece in pairs:
        kept = piece[users[piece[:, 0]] & items[piece[:, 1]]]
        of_user += np.bincount(kept[:, 0], minlength=len(users))
        of_item += np.bincount(kept[:, 1], minlength=len(items))
    return of_user, of_item
