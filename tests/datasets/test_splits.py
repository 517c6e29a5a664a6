"""Splits that do not leak, checks that find every leak, and ties."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from clairo.core.dataset import InteractionLog, Splits
from clairo.core.errors import DataError
from clairo.datasets.leaks import check_splits
from clairo.datasets.preparing import cut_training
from clairo.datasets.splits import (
    GlobalTime,
    global_time,
    leave_last_out,
    moments_of,
    official,
)
from clairo.datasets.ties import count_tied_users, shuffle_ties, tied_targets


def log_of(histories: Sequence[Sequence[int]]) -> InteractionLog:
    """Histories given by their timestamps; items are numbered through."""
    lengths = [len(history) for history in histories]
    return InteractionLog(
        tuple(f"u{number}" for number in range(len(histories))),
        np.arange(sum(lengths), dtype=np.int32),
        np.array([time for history in histories for time in history], dtype=np.int64),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
    )


def parts(splits: Splits) -> list[tuple[int, int, int]]:
    """Training length, validation and test position of each user."""
    arrays = (splits.train_lengths, splits.valid_positions, splits.test_positions)
    return list(zip(*(array.tolist() for array in arrays), strict=True))


def splits_of(*users: tuple[int, int, int]) -> Splits:
    train, valid, test = (np.array(column, dtype=np.int32) for column in zip(*users, strict=True))
    return Splits(train, valid, test)


_HISTORIES = st.lists(
    st.lists(st.integers(0, 6), min_size=1, max_size=8).map(sorted), min_size=1, max_size=8
)


@given(_HISTORIES)
def test_leave_last_out_asks_the_last_two_of_whoever_has_three(histories: list[list[int]]) -> None:
    for history, (train, valid, test) in zip(
        histories, parts(leave_last_out(log_of(histories))), strict=True
    ):
        places = range(len(history))
        if len(history) < 3:
            assert (train, valid, test) == (len(history), -1, -1)
        else:
            assert [*places[:train], valid, test] == list(places)


@given(_HISTORIES, st.integers(1, 6), st.integers(1, 6))
def test_a_split_by_time_never_leaks(histories: list[list[int]], one: int, two: int) -> None:
    assume(one != two)
    valid_from, test_from = sorted((one, two))
    log = log_of(histories)
    splits = global_time(log, valid_from, test_from)
    for history, (train, valid, test) in zip(histories, parts(splits), strict=True):
        # All that lies before the first moment trains, and nothing else does.
        assert history[:train] == [time for time in history if time < valid_from]
        between = [p for p, time in enumerate(history) if valid_from <= time < test_from]
        behind = [p for p, time in enumerate(history) if time >= test_from]
        assert valid == (between[0] if train and between else -1)
        assert test == (behind[0] if train and behind else -1)
    assert len(check_splits(log, splits, (valid_from, test_from))) == 9


@given(_HISTORIES)
def test_no_split_by_place_is_refused_by_the_checks(histories: list[list[int]]) -> None:
    log = log_of(histories)
    assert check_splits(log, leave_last_out(log), None) == [
        "no interactions out of time order",
        "no validation targets within the training part",
        "no test targets within the training part",
        "no test targets before the validation target",
        "no targets beyond the history",
    ]


TIMES = [[1, 2, 5, 6, 8, 9], [1, 5, 9]]
"""With the moments 5 and 8: (2, 2, 4) and (1, 1, 2)."""


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        ((3, 2, 4), "1 users have validation targets within the training part"),
        ((2, 1, 4), "1 users have validation targets within the training part"),
        ((5, -1, 4), "1 users have test targets within the training part"),
        ((2, 4, 4), "1 users have test targets before the validation target"),
        ((2, 4, 2), "1 users have test targets before the validation target"),
        ((2, 2, 6), "1 users have targets beyond the history"),
        ((2, 6, -1), "1 users have targets beyond the history"),
        ((7, -1, -1), "1 users have targets beyond the history"),
        ((3, 3, 4), "1 users have training interactions after the training cut"),
        ((1, 1, 4), "1 users have validation targets before the training cut"),
        ((2, 4, 5), "1 users have validation targets in the time of the test"),
        ((2, 2, 3), "1 users have test targets before the test cut"),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_every_planted_leak_is_found(
    planted: tuple[int, int, int], words: str, is_first: bool
) -> None:
    order = slice(None, None, 1 if is_first else -1)
    log = log_of(TIMES[order])
    assert parts(global_time(log, 5, 8)) == [(2, 2, 4), (1, 1, 2)][order]
    splits = splits_of(*[planted, (1, 1, 2)][order])
    with pytest.raises(DataError, match=f"Splits must not leak, {words}; this data set must not"):
        check_splits(log, splits, (5, 8))


@pytest.mark.parametrize("user", [0, 1])
def test_a_history_out_of_order_is_found(user: int) -> None:
    # A training interaction of the future would otherwise pass: only the last one is looked at.
    turned = [list(times) for times in TIMES]
    turned[user][0] = 99
    log = log_of(turned)
    with pytest.raises(DataError, match="1 users have interactions out of time order"):
        check_splits(log, splits_of((2, 2, 4), (1, 1, 2)), (5, 8))


@given(_HISTORIES, st.data())
def test_a_target_that_moves_into_the_training_part_is_always_found(
    histories: list[list[int]], data: st.DataObject
) -> None:
    log = log_of(histories)
    splits = leave_last_out(log)
    asked = np.flatnonzero(splits.test_positions >= 0)
    assume(len(asked))
    user = data.draw(st.sampled_from(asked.tolist()))
    which: Callable[[Splits], np.ndarray] = data.draw(
        st.sampled_from([lambda s: s.valid_positions, lambda s: s.test_positions])
    )
    which(splits)[user] = data.draw(st.integers(0, int(splits.train_lengths[user]) - 1))
    with pytest.raises(DataError, match="Splits must not leak, 1 users have"):
        check_splits(log, splits, None)


def test_official_splits_are_taken_as_they_are() -> None:
    log = log_of([[1, 2, 3, 4], [1, 2], [5], [1, 9], [7, 7, 7]])
    sources = np.array([0, 0, 1, 2, 0, 0, 2, 0, 1, 0, 1, 2], dtype=np.int32)
    found = official(log, sources)
    assert parts(found) == [(2, 2, 3), (2, -1, -1), (0, -1, -1), (1, 1, -1), (1, 1, 2)]
    assert check_splits(log, found, None)


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ([0, 1, 0, 2], "got 1 rows out of order and 0 users"),
        ([2, 0, 0, 0], "got 1 rows out of order and 0 users"),
        ([0, 1, 1, 2], "got 0 rows out of order and 1 users"),
        ([0, 1, 2, 2], "got 0 rows out of order and 1 users"),
        ([2, 1, 0, 0], "got 2 rows out of order and 0 users"),
    ],
)
def test_broken_official_splits_are_refused(sources: list[int], words: str) -> None:
    with pytest.raises(DataError, match=f"Official splits must hold .*{words}.* fetch the three"):
        official(log_of([[1, 2, 3, 4]]), np.array(sources, dtype=np.int32))


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=60),
    st.sampled_from([0.05, 0.1, 0.25, 0.4]),
    st.sampled_from([0.05, 0.1, 0.25, 0.4]),
)
def test_moments_leave_the_shares_behind_them(
    times: list[int], valid_share: float, test_share: float
) -> None:
    split = GlobalTime(valid_share=valid_share, test_share=test_share)
    timestamps = np.array(times, dtype=np.int64)
    try:
        valid_from, test_from = moments_of(split, timestamps)
    except DataError as error:
        # Only where one moment holds more than a part, or there is too little of all.
        assert "two moments with interactions before, between and after" in str(error)  # noqa: PT017
        most = max(times.count(time) for time in times)
        assert most + 1 >= len(times) * min(valid_share, test_share, 1 - valid_share - test_share)
        return
    assert min(times) < valid_from < test_from <= max(times)
    # Equal timestamps are never torn apart, so a part may only be larger than its share.
    assert (timestamps >= test_from).sum() >= len(times) * test_share
    assert (timestamps >= valid_from).sum() >= len(times) * (test_share + valid_share) - 1e-9


def test_moments_of_evenly_spread_times_are_exact() -> None:
    times = np.random.default_rng(0).permutation(100).astype(np.int64)
    assert moments_of(GlobalTime(valid_share=0.25, test_share=0.25), times) == (50, 75)


@pytest.mark.parametrize("times", [[1], [1, 2], [5] * 100, [1] * 95 + [2] * 5])
def test_times_that_cannot_be_split_are_refused(times: list[int]) -> None:
    with pytest.raises(DataError, match="choose other shares, or leave-last-out"):
        moments_of(GlobalTime(), np.array(times, dtype=np.int64))


def test_a_share_of_nothing_still_holds_the_latest() -> None:
    tiny = GlobalTime(valid_share=0.5, test_share=1e-18)
    assert moments_of(tiny, np.arange(10)) == (5, 9)


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.9, 0.2), (0.0, 0.1), (0.1, 1.0)])
def test_shares_must_leave_something_to_train_on(shares: tuple[float, float]) -> None:
    with pytest.raises(ValidationError):
        GlobalTime(valid_share=shares[0], test_share=shares[1])


@given(_HISTORIES)
def test_tied_users_and_targets_are_counted(histories: list[list[int]]) -> None:
    log = log_of(histories)
    assert count_tied_users(log) == sum(len(set(times)) < len(times) for times in histories)
    splits = leave_last_out(log)
    for positions in (splits.valid_positions, splits.test_positions):
        expected = sum(
            times.count(times[position]) > 1
            for times, position in zip(histories, positions.tolist(), strict=True)
            if position >= 0
        )
        assert tied_targets(log, positions) == expected


@given(_HISTORIES, st.integers(0, 1000))
def test_shuffled_ties_change_nothing_but_the_order_within_them(
    histories: list[list[int]], seed: int
) -> None:
    log = log_of(histories)
    order = shuffle_ties(log, seed)
    assert sorted(order.tolist()) == list(range(len(log)))
    owners = np.repeat(np.arange(len(histories)), np.diff(log.offsets))
    np.testing.assert_array_equal(owners[order], owners)
    np.testing.assert_array_equal(log.timestamps[order], log.timestamps)
    np.testing.assert_array_equal(shuffle_ties(log, seed), order)


def test_all_orders_of_a_tie_are_drawn() -> None:
    log = log_of([[1, 5, 5, 5], [2, 3]])
    orders = {tuple(shuffle_ties(log, seed).tolist()) for seed in range(60)}
    assert len(orders) == 6
    assert all(order[0] == 0 and order[4:] == (4, 5) for order in orders)


@given(_HISTORIES, st.integers(1, 4))
def test_a_cut_takes_the_oldest_training_interactions_and_nothing_else(
    histories: list[list[int]], max_history: int
) -> None:
    log = log_of(histories)
    splits = leave_last_out(log)
    cut, moved = cut_training(log, splits, max_history)
    check_splits(cut, moved, None)
    for user, (train, valid, test) in enumerate(parts(splits)):
        items, kept = log.history(user), cut.history(user)
        new_train, new_valid, new_test = parts(moved)[user]
        assert new_train == min(train, max_history)
        assert kept[:new_train].tolist() == items[:train][-max_history:].tolist()
        assert kept[new_train:].tolist() == items[train:].tolist()
        for old, new in ((valid, new_valid), (test, new_test)):
            assert (new == -1) if old == -1 else (kept[new] == items[old])
    np.testing.assert_array_equal(cut.timestamps, log.timestamps[cut.items])


def test_a_cut_longer_than_all_histories_is_none() -> None:
    log = log_of(TIMES)
    cut, moved = cut_training(log, leave_last_out(log), 50)
    np.testing.assert_array_equal(cut.items, log.items)
    assert parts(moved) == parts(leave_last_out(log))
    assert cut.user_ids == log.user_ids
