"""Significance: arithmetic on paper, and what the tests promise on simulated tables."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from clairo.core.errors import DataError
from clairo.evaluation.significance import (
    bootstrap_users,
    decide,
    effect_size,
    equivalence_p,
    holm,
    paired_interval,
    sign_flip_p,
    standard_error,
    user_shares,
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


def test_sign_flip_counts_every_pattern() -> None:
    # |+-1 +-2 +-3| is at least 4 for (+,+,+), (-,+,+) and their mirror images: 4 of 8.
    assert sign_flip_p([-1.0, 2.0, 3.0]) == 4 / 8
    assert sign_flip_p([0.1, 0.1]) == 2 / 4
    assert sign_flip_p([0.0, 0.0, 0.0]) == 1.0


def test_five_seeds_cannot_go_below_one_sixteenth() -> None:
    assert sign_flip_p([1.0, 2.0, 3.0, 4.0, 5.0]) == 2 / 2**5


@pytest.mark.parametrize("count", [0, 17])
def test_sign_flip_refuses_what_it_cannot_enumerate(count: int) -> None:
    with pytest.raises(DataError, match=f"got {count}"):
        sign_flip_p([0.1] * count)


def test_holm_steps_down_and_never_decreases() -> None:
    adjusted = holm([0.01, 0.04, 0.03, 0.005])
    assert adjusted == pytest.approx((0.03, 0.06, 0.06, 0.02))


def test_holm_counts_the_arms_that_could_not_be_tested() -> None:
    assert holm([0.02, None, None]) == (pytest.approx(0.06), None, None)
    assert holm([]) == ()


def test_equivalence_agrees_with_two_one_sided_tests_of_scipy() -> None:
    deltas, margin = [0.001, -0.002, 0.003, 0.0, 0.001], 0.005
    lower = stats.ttest_1samp(deltas, -margin, alternative="greater").pvalue
    upper = stats.ttest_1samp(deltas, margin, alternative="less").pvalue
    assert equivalence_p(deltas, margin) == pytest.approx(max(lower, upper))
    with pytest.raises(DataError, match="above 0"):
        equivalence_p(deltas, 0.0)


def test_a_verdict_needs_evidence_in_its_direction() -> None:
    assert decide(-0.02, 0.01, 0.9) == "worse"
    assert decide(-0.02, None, None) == "inconclusive"
    assert decide(0.001, 0.01, 0.01) == "equivalent"


def test_user_shares_and_effect_size_average_seeds_first() -> None:
    deltas = np.array([[0.2, 0.0, -0.1, 0.4], [0.0, 0.0, -0.3, np.nan]])
    shares = user_shares(deltas)
    assert (shares.better, shares.equal, shares.worse) == (0.5, 0.25, 0.25)
    means = np.array([0.1, 0.0, -0.2, 0.4])
    assert effect_size(deltas) == pytest.approx(means.mean() / means.std(ddof=1))
    assert effect_size(np.zeros((2, 3))) is None


def test_the_bootstrap_over_users_repeats_itself_and_brackets_the_mean() -> None:
    deltas = np.random.default_rng(3).normal(0.1, 1.0, size=(3, 400))
    low, high = bootstrap_users(deltas)
    assert (low, high) == bootstrap_users(deltas)
    assert low < deltas.mean() < high
    # Users are crossed with seeds: the width is that of the users' means, not of 3 x 400 values.
    width = 2 * 1.96 * deltas.mean(axis=0).std(ddof=1) / np.sqrt(400)
    assert high - low == pytest.approx(width, rel=0.1)


def test_the_bootstrap_refuses_an_empty_table() -> None:
    with pytest.raises(DataError, match="needs users and seeds"):
        bootstrap_users(np.zeros((2, 0)))


def test_the_interval_covers_and_the_family_errs_as_promised() -> None:
    """Users crossed with seeds, effects of both in play: 1,000 simulated families of 3 arms."""
    rng, wrong, covered = np.random.default_rng(11), 0, 0
    for _ in range(1000):
        user_effects = rng.normal(0, 0.02, size=200)
        seed_effects = rng.normal(0, 0.01, size=(3, 5))
        noise = rng.normal(0, 0.1, size=(3, 5, 200))
        per_seed = (seed_effects[..., None] + user_effects - user_effects.mean() + noise).mean(2)
        intervals = [paired_interval(list(arm)) for arm in per_seed]
        covered += sum(i.low <= 0 <= i.high for i in intervals if i.low is not None and i.high)
        adjusted = holm([i.p for i in intervals])
        wrong += any(p is not None and p < 0.05 for p in adjusted)
    assert 0.93 <= covered / 3000 <= 0.97
    assert wrong / 1000 <= 0.064


def test_power_grows_with_seeds_and_effect() -> None:
    rng = np.random.default_rng(5)

    def power(effect: float, seeds: int) -> float:
        found = 0
        for _ in range(200):
            p = paired_interval(list(rng.normal(effect, 0.01, size=seeds))).p
            found += p is not None and p < 0.05
        return found / 200

    assert power(0.005, 3) < power(0.015, 3) < power(0.015, 8)
