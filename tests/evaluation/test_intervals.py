"""Intervals of Student's t: the arithmetic on paper and SciPy's own tests."""

from __future__ import annotations

import pytest
from scipy import stats

from clairo.core.errors import DataError
from clairo.evaluation.intervals import (
    Interval,
    equivalence_p,
    equivalent_within,
    paired_interval,
    standard_error,
    student_interval,
)


def test_the_interval_over_seeds_is_the_one_of_scipy() -> None:
    deltas = [0.011, 0.013, 0.004, 0.009, 0.015]
    interval, reference = paired_interval(deltas), stats.ttest_1samp(deltas, 0.0)
    low, high = reference.confidence_interval(0.95)
    assert interval.p == pytest.approx(reference.pvalue)
    assert (interval.low, interval.high) == (pytest.approx(low), pytest.approx(high))
    assert interval.error == pytest.approx(stats.sem(deltas)) == standard_error(deltas)


def test_one_seed_has_a_mean_and_no_interval() -> None:
    interval = paired_interval([0.02])
    assert interval.mean == 0.02
    assert (interval.low, interval.high, interval.error, interval.p) == (None, None, None, None)
    assert equivalence_p([0.02], 0.1) is None


def test_two_seeds_reach_12_7_standard_errors() -> None:
    interval = paired_interval([0.01, 0.02])
    assert interval.high is not None
    assert interval.high - interval.mean == pytest.approx(12.706 * 0.005, rel=1e-4)


def test_equal_differences_leave_no_spread() -> None:
    assert paired_interval([0.25, 0.25]).p == 0.0
    assert paired_interval([0.0, 0.0]).p == 1.0
    assert equivalence_p([0.0, 0.0], 0.01) == 0.0
    assert equivalence_p([0.25, 0.25], 0.01) == 1.0


def test_equivalence_agrees_with_two_one_sided_tests_of_scipy() -> None:
    deltas, margin = [0.001, -0.002, 0.003, 0.0, 0.001], 0.005
    lower = stats.ttest_1samp(deltas, -margin, alternative="greater").pvalue
    upper = stats.ttest_1samp(deltas, margin, alternative="less").pvalue
    assert equivalence_p(deltas, margin) == pytest.approx(max(lower, upper))
    with pytest.raises(DataError, match="above 0"):
        equivalence_p(deltas, 0.0)


def test_equivalence_over_seeds_is_that_of_the_paired_interval() -> None:
    deltas = [0.001, -0.002, 0.003, 0.0, 0.001]
    assert equivalence_p(deltas, 0.005) == equivalent_within(paired_interval(deltas), 0.005)


@pytest.mark.parametrize("mean", [0.004, -0.004])
def test_equivalence_is_found_where_the_90_percent_interval_lies_within(mean: float) -> None:
    edge = abs(mean) + stats.t(3.5).ppf(0.95) * 0.002
    interval = student_interval(mean, 0.002, freedom=3.5, confidence=0.90)
    assert max(abs(interval.low or 0.0), abs(interval.high or 0.0)) == pytest.approx(edge)
    assert equivalent_within(interval, edge) == pytest.approx(0.05)


@pytest.mark.parametrize("margin", [0.0, -0.01, float("nan")])
def test_a_margin_that_is_none_is_refused(margin: float) -> None:
    with pytest.raises(DataError, match="must be above 0"):
        equivalent_within(Interval(0.0, None, None, None, None), margin)


def test_no_seed_at_all_is_refused() -> None:
    with pytest.raises(DataError, match="at least one seed, got none"):
        paired_interval([])
    with pytest.raises(DataError, match="at least one seed, got none"):
        equivalence_p([], 0.1)


def test_rounding_is_no_spread() -> None:
    # 0.1 + 0.2 is not 0.3 to the last bit.
    assert standard_error([0.1 + 0.2, 0.3]) == 0.0
    assert paired_interval([0.1 + 0.2, 0.3]).p == 0.0
