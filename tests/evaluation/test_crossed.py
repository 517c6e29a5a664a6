"""Users crossed with seeds: the arithmetic on paper, and what a table cannot tell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from clairo.core.errors import DataError
from clairo.evaluation.crossed import (
    MeanSquares,
    asked_in_every_seed,
    crossed_interval,
    mean_squares,
)
from clairo.evaluation.intervals import Interval, equivalent_within, paired_interval


def test_mean_squares_are_those_of_a_table_worked_on_paper() -> None:
    # Seeds' means 2 and 4, users' means 1, 3 and 5, and one cell pair off by 1 each way.
    table = np.array([[1.0, 2.0, 3.0], [1.0, 4.0, 7.0]])
    squares = mean_squares(table)
    assert squares.seeds == 3 * ((2 - 3) ** 2 + (4 - 3) ** 2) / (2 - 1)
    assert squares.users == 2 * ((1 - 3) ** 2 + 0 + (5 - 3) ** 2) / (3 - 1)
    assert squares.rest == pytest.approx((1 + 0 + 1 + 1 + 0 + 1) / ((2 - 1) * (3 - 1)))


def test_the_interval_follows_from_the_mean_squares() -> None:
    table = np.array([[1.0, 2.0, 3.0], [1.0, 4.0, 7.0]])
    interval = crossed_interval(table)
    seeds, users = 6.0, 8.0 - 2.0
    assert interval.mean == 3.0
    assert interval.error == pytest.approx(np.sqrt((seeds + users) / (2 * 3)))
    # Half of the variance has 1 degree of freedom, half has 2: 1 / (0.5 / 1 + 0.5 / 2).
    assert interval.freedom == pytest.approx(4 / 3)
    reference = stats.t(df=4 / 3)
    assert interval.high == pytest.approx(3.0 + reference.ppf(0.975) * np.sqrt(2.0))
    assert interval.p == pytest.approx(2 * reference.sf(3.0 / np.sqrt(2.0)))


def test_users_that_add_nothing_leave_the_paired_t_over_seeds() -> None:
    seeds = np.array([0.01, 0.04, 0.02, 0.05])
    # The same three values in another order for each seed: users' means are closer than chance.
    wobble = np.array([[0.1, 0.0, -0.1], [0.0, -0.1, 0.1], [-0.1, 0.1, 0.0], [0.1, -0.1, 0.0]])
    crossed, paired = crossed_interval(seeds[:, None] + wobble), paired_interval(list(seeds))
    for name in ("mean", "low", "high", "error", "p", "freedom"):
        assert getattr(crossed, name) == pytest.approx(getattr(paired, name)), name


def test_seeds_that_add_nothing_leave_the_paired_t_over_users() -> None:
    users = np.array([0.3, -0.1, 0.2, 0.4, 0.0])
    crossed, paired = crossed_interval(np.tile(users, (3, 1))), paired_interval(list(users))
    assert crossed.error == pytest.approx(paired.error)
    assert crossed.freedom == 4.0
    assert crossed.p == pytest.approx(paired.p)


def test_users_who_differ_lastingly_widen_the_interval() -> None:
    rng = np.random.default_rng(0)
    table = 0.1 + rng.normal(0, 0.01, (5, 1)) + rng.normal(0, 1.0, 50)
    crossed, paired = crossed_interval(table), paired_interval(list(table.mean(axis=1)))
    assert crossed.mean == pytest.approx(paired.mean)
    assert crossed.error is not None
    assert paired.error is not None
    # Users alone contribute about 1 / root 50, seeds about 0.01 / root 5.
    assert crossed.error == pytest.approx(1 / np.sqrt(50), rel=0.3)
    assert paired.error < 0.01


def test_the_confidence_moves_the_bounds_alone() -> None:
    table = np.array([[1.0, 2.0, 3.0], [1.0, 4.0, 7.0]])
    wide, narrow = crossed_interval(table, 0.99), crossed_interval(table, 0.5)
    assert (wide.p, wide.error) == (narrow.p, narrow.error)
    assert wide.high is not None
    assert narrow.high is not None
    assert wide.high > narrow.high > 3.0
    with pytest.raises(DataError, match="between 0 and 1, got 95"):
        crossed_interval(table, 95)


@pytest.mark.parametrize("shape", [(1, 4), (4, 1)])
def test_one_seed_or_one_user_has_a_mean_and_no_interval(shape: tuple[int, int]) -> None:
    interval = crossed_interval(np.array([0.1, 0.2, 0.3, 0.4]).reshape(shape))
    assert interval == Interval(pytest.approx(0.25), None, None, None, None, None)
    assert equivalent_within(interval, 1.0) is None


def test_equal_differences_leave_no_spread() -> None:
    # Three times 0.1 does not add up to 0.3 in floating point; that is no spread either.
    flat = crossed_interval(np.full((3, 7), 0.1))
    assert (flat.low, flat.high, flat.p, flat.error) == (flat.mean, flat.mean, 0.0, 0.0)
    assert crossed_interval(np.zeros((3, 7))).p == 1.0
    assert equivalent_within(flat, 0.05) == 1.0
    assert equivalent_within(flat, 0.2) == 0.0
    assert mean_squares(np.full((3, 7), 0.1)) == MeanSquares(0.0, 0.0, 0.0)


def test_seeds_that_agree_by_chance_are_not_taken_for_certainty() -> None:
    # Both seeds gain 0.5 on average, for different users.
    table = np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]])
    assert paired_interval(list(table.mean(axis=1))).p == 0.0
    interval = crossed_interval(table)
    rest = 8 * 0.5**2 / (1 * 3)
    assert interval.error == pytest.approx(np.sqrt(rest / 8))
    assert interval.p is not None
    assert interval.p > 0.1


def test_users_not_asked_in_every_seed_stay_out_of_mean_and_interval() -> None:
    rng = np.random.default_rng(3)
    table = rng.normal(0.1, 1.0, (4, 20))
    gaps = np.column_stack([table, np.full((4, 2), 50.0)])
    gaps[1, 20] = gaps[3, 21] = np.nan
    assert asked_in_every_seed(gaps).tolist() == [True] * 20 + [False] * 2
    assert crossed_interval(gaps) == crossed_interval(table)


@pytest.mark.parametrize(
    "table", [np.array([[0.1, np.nan], [np.nan, 0.2]]), np.zeros((2, 0)), np.zeros((0, 2))]
)
def test_a_table_that_nobody_completes_is_refused(table: np.ndarray) -> None:
    with pytest.raises(DataError, match="asked in every seed, got none"):
        crossed_interval(table)


def test_an_infinite_difference_is_refused() -> None:
    with pytest.raises(DataError, match="finite"):
        crossed_interval(np.array([[0.1, np.inf], [0.2, 0.3]]))


def test_the_order_of_users_and_seeds_does_not_matter() -> None:
    rng = np.random.default_rng(8)
    table = rng.normal(0.1, 1.0, (5, 30)) + rng.normal(0, 1.0, 30)
    shuffled = table[rng.permutation(5)][:, rng.permutation(30)]
    assert crossed_interval(shuffled).p == pytest.approx(crossed_interval(table).p)
    mirrored = crossed_interval(-table)
    assert mirrored.p == pytest.approx(crossed_interval(table).p)
    assert mirrored.high == pytest.approx(-(crossed_interval(table).low or 0.0))
