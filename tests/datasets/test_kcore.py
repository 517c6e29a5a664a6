"""The k-core: a fixed point, the largest one, however the interactions come."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clairo.datasets.kcore import count_pairs, k_core

_USERS, _ITEMS = 6, 5
_PAIRS = st.lists(st.tuples(st.integers(0, _USERS - 1), st.integers(0, _ITEMS - 1)), max_size=40)
_CORES = st.integers(1, 4)


def cored(
    pairs: list[tuple[int, int]], user_core: int, item_core: int, piece: int = 7
) -> tuple[set[int], set[int]]:
    rows = np.array(pairs, dtype=np.int32).reshape(-1, 2)

    def pieces() -> Iterator[np.ndarray]:
        for start in range(0, len(rows), piece):
            yield rows[start : start + piece]

    found = k_core(pieces, _USERS, _ITEMS, user_core=user_core, item_core=item_core)
    users, items = np.flatnonzero(found.users).tolist(), np.flatnonzero(found.items).tolist()
    left = [(user, item) for user, item in pairs if user in users and item in items]
    for number, count in enumerate(found.of_user.tolist()):
        assert count == sum(user == number for user, _ in left)
    for number, count in enumerate(found.of_item.tolist()):
        assert count == sum(item == number for _, item in left)
    return set(users), set(items)


def peeled(
    pairs: list[tuple[int, int]], user_core: int, item_core: int
) -> tuple[set[int], set[int]]:
    """One interaction leaves at a time, the first that is of someone or something rare."""
    left = list(pairs)
    while True:
        users, items = [user for user, _ in left], [item for _, item in left]
        for place, (user, item) in enumerate(left):
            if users.count(user) < user_core or items.count(item) < item_core:
                del left[place]
                break
        else:
            return set(users), set(items)


@given(_PAIRS, _CORES, _CORES)
def test_it_is_what_peeling_one_by_one_leaves(
    pairs: list[tuple[int, int]], user_core: int, item_core: int
) -> None:
    assert cored(pairs, user_core, item_core) == peeled(pairs, user_core, item_core)


@given(_PAIRS, _CORES, _CORES)
def test_it_is_a_fixed_point(pairs: list[tuple[int, int]], user_core: int, item_core: int) -> None:
    users, items = cored(pairs, user_core, item_core)
    left = [(user, item) for user, item in pairs if user in users and item in items]
    for number in users:
        assert sum(user == number for user, _ in left) >= user_core
    for number in items:
        assert sum(item == number for _, item in left) >= item_core
    assert cored(left, user_core, item_core) == (users, items)


@given(_PAIRS, _CORES, _CORES, st.integers(1, 50))
def test_pieces_of_any_size_give_the_same(
    pairs: list[tuple[int, int]], user_core: int, item_core: int, piece: int
) -> None:
    whole = cored(pairs, user_core, item_core, piece=100)
    assert cored(pairs, user_core, item_core, piece) == whole


def test_repeats_count_each_time_and_a_chain_falls_to_its_end() -> None:
    assert cored([(0, 0), (0, 0)], 2, 2) == ({0}, {0})
    # User 5 is rare; without them item 4 is, then user 4, item 3 and so on.
    chain = [(5, 4), (4, 4), (4, 3), (3, 3), (3, 2), (2, 2)]
    assert cored(chain, 2, 2) == (set(), set())


def test_counting_sees_only_pairs_whose_both_ends_are_marked() -> None:
    pairs = np.array([[0, 0], [0, 1], [1, 1], [2, 0]])
    of_user, of_item = count_pairs(
        [pairs[:1], pairs[1:]], np.array([True, True, False]), np.array([True, False])
    )
    assert of_user.tolist() == [1, 0, 0]
    assert of_item.tolist() == [1, 0]
