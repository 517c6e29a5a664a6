"""Order, repeats and cores of interactions."""

from __future__ import annotations

import numpy as np
from clairo.datasets.events import Events, count_tied_users
from hypothesis import given
from hypothesis import strategies as st

from clairo.core.dataset import InteractionLog
from clairo.datasets.kcore import k_core
from clairo.datasets.splits import leave_last_out
from tests.datasets.amazon_files import REVIEWS

_ROWS = st.lists(
    st.tuples(st.sampled_from("uvwxyz"), st.sampled_from("abcde"), st.integers(0, 3)),
    min_size=1,
    max_size=40,
)


def _histories(log: InteractionLog, item_ids: tuple[str, ...]) -> dict[str, list[str]]:
    return {
        user: [item_ids[item] for item in log.history(index)]
        for index, user in enumerate(log.user_ids)
    }


def test_ties_keep_the_order_of_the_file() -> None:
    events = Events.of(REVIEWS)
    assert _histories(events.to_log(), events.item_ids) == {
        "ann": ["pan", "pot", "lid", "cup"],
        "bob": ["pot", "cup"],
        "cat": ["pan"],
    }


def test_ids_are_numbered_by_first_appearance() -> None:
    events = Events.of(REVIEWS)
    assert events.user_ids == ("ann", "bob", "cat")
    assert events.item_ids == ("cup", "pot", "pan", "lid")


@given(_ROWS)
def test_histories_are_those_of_a_stable_sort(rows: list[tuple[str, str, int]]) -> None:
    events = Events.of(rows)
    expected = {
        user: [item for _, item, _ in sorted((r for r in rows if r[0] == user), key=lambda r: r[2])]
        for user in dict.fromkeys(row[0] for row in rows)
    }
    assert _histories(events.to_log(), events.item_ids) == expected


@given(_ROWS)
def test_dropping_repeats_keeps_the_first_in_time(rows: list[tuple[str, str, int]]) -> None:
    events = Events.of(rows)
    full = _histories(events.to_log(), events.item_ids)
    once = events.without_repeats()
    expected = {user: list(dict.fromkeys(items)) for user, items in full.items()}
    assert _histories(once.to_log(), once.item_ids) == expected


@given(_ROWS)
def test_tied_users_are_counted(rows: list[tuple[str, str, int]]) -> None:
    times: dict[str, list[int]] = {}
    for user, _, time in rows:
        times.setdefault(user, []).append(time)
    expected = sum(len(set(of_user)) < len(of_user) for of_user in times.values())
    assert count_tied_users(Events.of(rows).to_log()) == expected


@given(_ROWS)
def test_splits_do_not_leak(rows: list[tuple[str, str, int]]) -> None:
    log = Events.of(rows).to_log()
    splits = leave_last_out(log)
    for user in range(len(log.user_ids)):
        length = len(log.history(user))
        parts = (
            splits.train_lengths[user],
            splits.valid_positions[user],
            splits.test_positions[user],
        )
        # Training ends where the validation target stands, the test target is the last one.
        assert parts == ((length - 2, length - 2, length - 1) if length >= 3 else (length, -1, -1))


@given(_ROWS, st.integers(1, 3), st.integers(1, 3))
def test_a_core_holds_its_promise_and_is_the_largest(
    rows: list[tuple[str, str, int]], user_core: int, item_core: int
) -> None:
    events = Events.of(rows)
    keep = k_core(events.users, events.items, user_core, item_core)
    core = events.core(user_core, item_core)
    assert len(core) == keep.sum()
    if len(core):
        assert np.bincount(core.users).min() >= user_core
        assert np.bincount(core.items).min() >= item_core
    # Dropping one by one, in another order, ends at the same interactions.
    left = list(range(len(rows)))
    while True:
        rare = [
            row
            for row in left
            if sum(rows[other][0] == rows[row][0] for other in left) < user_core
            or sum(rows[other][1] == rows[row][1] for other in left) < item_core
        ]
        if not rare:
            break
        left.remove(rare[-1])
    assert np.flatnonzero(keep).tolist() == left


def test_a_core_leaves_no_index_without_interactions() -> None:
    rows = [("u", "a", 1), ("u", "b", 2), ("v", "b", 3), ("v", "a", 1), ("w", "c", 1)]
    core = Events.of(rows).core(2, 2)
    assert core.user_ids == ("u", "v")
    assert core.item_ids == ("a", "b")
    assert core.users.tolist() == [0, 0, 1, 1]
    assert core.items.tolist() == [0, 1, 1, 0]


def test_a_core_may_be_empty() -> None:
    assert len(Events.of([("u", "a", 1), ("v", "b", 2)]).core(2, 1)) == 0
