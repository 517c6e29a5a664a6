"""Slopes over groups: a planted one is found, and the interval covers as often as it says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from clairo.core.errors import DataError
from clairo.evaluation.crossed import crossed_interval
from clairo.evaluation.intervals import Interval, paired_interval
from clairo.evaluation.regression import slope_over_groups

SHARES = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]


def test_a_line_without_noise_is_found_exactly() -> None:
    effects = np.array([[0.01 + 0.05 * share for share in SHARES]] * 2)
    line = slope_over_groups(SHARES, effects)
    assert line.slope.mean == pytest.approx(0.05)
    assert line.intercept == pytest.approx(0.01)
    assert line.effects == pytest.approx(effects[0])
    assert line.by_seed == pytest.approx([0.05, 0.05])
    assert line.slope.p is not None
    assert line.slope.p < 1e-9
    assert not line.exploratory


def test_flat_effects_have_a_slope_of_zero_and_no_evidence() -> None:
    # 0.1 + 0.2 is not 0.3 to the last bit, which makes no slope.
    line = slope_over_groups([0.1, 0.2, 0.4], np.array([[0.3, 0.3, 0.1 + 0.2]] * 2))
    assert (line.slope.mean, line.slope.p) == (0.0, 1.0)
    assert line.by_seed == (0.0, 0.0)
    assert line.intercept == pytest.approx(0.3)


def test_the_slope_is_the_one_worked_on_paper() -> None:
    # Effects 1, 3 and 2 at -1, 0 and 1: slope 1/2, rests -1/2, 1 and -1/2.
    line = slope_over_groups([-1.0, 0.0, 1.0], np.array([[1.0, 3.0, 2.0]]))
    error = np.sqrt((1 / 4 + 1 + 1 / 4) / (3 - 2)) / np.sqrt(2)
    assert line.slope.mean == pytest.approx(1 / 2)
    assert line.slope.error == pytest.approx(error)
    assert line.slope.freedom == 1.0
    assert line.slope.high == pytest.approx(1 / 2 + stats.t(1).ppf(0.975) * error)
    assert line.intercept == pytest.approx(2.0)


def test_the_slope_agrees_with_scipy_and_its_mean_over_seeds_is_the_slope() -> None:
    rng = np.random.default_rng(1)
    effects = 0.05 * np.array(SHARES) + rng.normal(0, 0.01, (5, 6))
    line, reference = (
        slope_over_groups(SHARES, effects),
        stats.linregress(SHARES, effects.mean(axis=0)),
    )
    assert line.slope.p == pytest.approx(reference.pvalue)
    assert line.slope.error == pytest.approx(reference.stderr)
    assert np.mean(line.by_seed) == pytest.approx(line.slope.mean)
    assert line.by_seed[2] == pytest.approx(stats.linregress(SHARES, effects[2]).slope)
    assert line.over_seeds == paired_interval(line.by_seed)
    wide = slope_over_groups(SHARES, effects, confidence=0.99)
    assert wide.slope.high is not None
    assert line.slope.high is not None
    assert wide.slope.high > line.slope.high


def test_intervals_of_groups_count_by_their_means() -> None:
    rng = np.random.default_rng(4)
    tables = [rng.normal(0.1 * share, 1.0, (3, 40)) for share in SHARES]
    line = slope_over_groups(SHARES, [crossed_interval(table) for table in tables])
    by_seed = np.column_stack([table.mean(axis=1) for table in tables])
    assert line.slope.p == pytest.approx(slope_over_groups(SHARES, by_seed).slope.p)
    assert (line.by_seed, line.over_seeds) == ((), None)


def test_one_seed_has_a_slope_over_groups_and_no_interval_over_seeds() -> None:
    line = slope_over_groups(SHARES, np.array([[0.0, 0.1, 0.1, 0.3, 0.2, 0.4]]))
    assert line.slope.low is not None
    assert line.over_seeds == Interval(pytest.approx(line.slope.mean), None, None, None, None)


@pytest.mark.parametrize(("groups", "exploratory"), [(3, True), (5, True), (6, False)])
def test_fewer_than_six_groups_are_exploratory(groups: int, exploratory: bool) -> None:
    effects = np.random.default_rng(2).normal(size=(2, groups))
    assert slope_over_groups(SHARES[:groups], effects).exploratory is exploratory


@pytest.mark.parametrize("groups", [3, 6, 10])
def test_the_interval_of_a_planted_slope_covers_in_93_to_97_percent(groups: int) -> None:
    rng, planted, covered = np.random.default_rng(groups), 0.05, 0
    shares = np.linspace(0.0, 1.0, groups)
    for _ in range(1000):
        # Categories lie off the line; in each the five trainings scatter about its effect.
        effects = 0.02 + planted * shares + rng.normal(0, 0.01, groups)
        line = slope_over_groups(list(shares), effects + rng.normal(0, 0.02, (5, groups)))
        assert line.slope.low is not None
        assert line.slope.high is not None
        covered += line.slope.low <= planted <= line.slope.high
    assert 0.93 <= covered / 1000 <= 0.97


@pytest.mark.parametrize(
    ("covariate", "effects", "message"),
    [
        ([0.0, 1.0], np.zeros((2, 2)), "3 groups or more.*got 2 covariates and 2 effects"),
        ([0.0, 1.0, 2.0], np.zeros((2, 4)), "got 3 covariates and 4 effects"),
        ([0.3, 0.3, 0.3], np.zeros((2, 3)), "got 0.3 in all 3"),
        ([0.0, 1.0, 2.0], np.array([[0.1, np.nan, 0.2]]), "finite"),
        ([0.0, np.inf, 2.0], np.zeros((2, 3)), "finite"),
        ([0.0, 1.0, 2.0], np.zeros((0, 3)), "at least one seed"),
        ([0.0, 1.0], [Interval(0.1, None, None, None, None)] * 2, "got 2 covariates"),
    ],
)
def test_what_has_no_slope_is_refused(
    covariate: list[float], effects: np.ndarray | list[Interval], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        slope_over_groups(covariate, effects)
