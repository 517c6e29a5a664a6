"""The rule on paper: eta = 3, so the best third of what is known at a rung goes on."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from clairo.sweep.halving import RungRecord, RungSnapshot, always


def snapshot(*values: float, eta: int = 3) -> RungSnapshot:
    return RungSnapshot(eta, {2: values})


def test_the_first_trials_of_a_rung_all_pass() -> None:
    assert snapshot()(2, 0.0)
    assert snapshot(0.9, 0.8)(2, 0.1)


def test_among_four_values_one_third_is_one_so_only_the_best_passes() -> None:
    assert snapshot(0.1, 0.2, 0.3)(2, 0.31)
    assert not snapshot(0.1, 0.2, 0.3)(2, 0.29)


def test_among_six_values_the_best_two_pass() -> None:
    known = (0.1, 0.2, 0.3, 0.4, 0.5)

    assert snapshot(*known)(2, 0.6)
    assert snapshot(*known)(2, 0.45)
    assert not snapshot(*known)(2, 0.35)


def test_a_tie_with_the_best_passes() -> None:
    assert snapshot(0.1, 0.2, 0.3)(2, 0.3)


def test_rungs_are_judged_apart() -> None:
    judge = RungSnapshot(3, {2: (0.5, 0.6, 0.7)})

    assert not judge(2, 0.1)
    assert judge(4, 0.1)


def test_a_value_that_is_not_finite_never_passes_and_is_never_kept() -> None:
    assert not snapshot()(2, math.nan)
    assert not snapshot()(2, math.inf)
    assert RungRecord().add({2: math.nan, 4: 0.1}).values == {4: (0.1,)}


def test_a_snapshot_does_not_see_what_is_added_later() -> None:
    record = RungRecord().add({2: 0.5}).add({2: 0.6})
    before = record.snapshot()
    record = record.add({2: 0.7})

    assert before(2, 0.1)
    assert not record.snapshot()(2, 0.1)


def test_a_fixed_plan_never_prunes() -> None:
    assert always(1, -math.inf)


@given(st.lists(st.floats(0, 1), min_size=3), st.integers(2, 5))
def test_the_best_so_far_always_goes_on_and_a_better_value_never_fares_worse(
    known: list[float], eta: int
) -> None:
    judge = snapshot(*known, eta=eta)

    assert judge(2, max(known))
    decisions = [judge(2, value) for value in sorted(known)]
    assert decisions == sorted(decisions)
