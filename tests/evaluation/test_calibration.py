"""What the verdicts promise, counted on 1,000 simulated rank tables of five arms each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from jaxtyping import Float
from scipy import stats

from clairo.evaluation.crossed import crossed_interval
from clairo.evaluation.intervals import Interval, equivalent_within
from clairo.evaluation.significance import Verdict, decide, holm
from tests.evaluation.rank_tables import (
    World,
    delta_table,
    expected_ndcg,
    rank_table,
    shift_for,
    true_delta,
)

TABLES, ARMS, SEEDS = 1000, 5, 5
DELTA = 0.06
"""True difference in NDCG@10 of every arm that has one; the reference's is about 0.3."""

WORLDS = {
    "seeds": World(seed_by_arm=0.3),
    "users": World(user_by_arm=1.2, noise=0.6),
    "both": World(user_by_arm=1.0, seed_by_arm=0.12),
    "both, weakly": World(user_by_arm=0.5, seed_by_arm=0.1),
    "neither": World(),
}
"""Which effects an arm has beside its mean; their sizes make the named ones dominate."""


@dataclass(frozen=True)
class Family:
    """One simulated ablation: intervals of its arms, and their mean differences by seed."""

    intervals: tuple[Interval, ...]
    by_seed: Float[np.ndarray, "arms seeds"]

    def verdicts(self, margin: float) -> list[Verdict]:
        """As a page gives them: Holm over the family, for both tests."""
        raw = holm([interval.p for interval in self.intervals])
        within = holm([equivalent_within(interval, margin) for interval in self.intervals])
        parts = zip(self.intervals, raw, within, strict=True)
        return [decide(interval.mean, p, inside) for interval, p, inside in parts]


@cache
def families(
    world: str, delta: float, seeds: int = SEEDS, tables: int = TABLES
) -> tuple[Family, ...]:
    """Ablations of five arms, each of which truly gains ``delta``, against one reference."""
    rng = np.random.default_rng([20, *map(ord, world)])
    shifts = [shift_for(WORLDS[world], delta)] * ARMS
    found = []
    for _ in range(tables):
        deltas = delta_table(rng, WORLDS[world], shifts, seeds)
        found.append(Family(tuple(map(crossed_interval, deltas)), deltas.mean(axis=2)))
    return tuple(found)


def share(flags: Sequence[bool]) -> float:
    return float(np.mean(flags))


def covered(world: str, delta: float) -> float:
    """Share of crossed intervals that hold the true difference."""
    found = [interval for family in families(world, delta) for interval in family.intervals]
    return share([i.low <= delta <= i.high for i in found if i.low is not None and i.high])


def covered_by_seeds(world: str, delta: float) -> tuple[float, float]:
    """The same for the paired t and for a plain percentile bootstrap, both over seeds alone."""
    by_seed = np.concatenate([family.by_seed for family in families(world, delta)])
    reach = stats.t.ppf(0.975, SEEDS - 1) * by_seed.std(axis=1, ddof=1) / np.sqrt(SEEDS)
    draws = np.random.default_rng(4).multinomial(SEEDS, [1 / SEEDS] * SEEDS, size=500) / SEEDS
    low, high = np.quantile(by_seed @ draws.T, [0.025, 0.975], axis=1)
    return (
        float(np.mean(np.abs(by_seed.mean(axis=1) - delta) <= reach)),
        float(np.mean((low <= delta) & (delta <= high))),
    )


def power(world: str, delta: float, seeds: int) -> float:
    """Share of arms with a small p-value, before any correction."""
    found = [i for family in families(world, delta, seeds, 200) for i in family.intervals]
    return share([interval.p is not None and interval.p < 0.05 for interval in found])


def test_the_difference_of_a_simulated_arm_is_known_without_simulation() -> None:
    world, rng = World(user_by_arm=1.0, seed_by_arm=0.2, users=400), np.random.default_rng(1)
    shift = shift_for(world, DELTA)
    assert true_delta(world, shift) == pytest.approx(DELTA)
    means = [delta_table(rng, world, [shift], SEEDS).mean() for _ in range(500)]
    assert np.mean(means) == pytest.approx(DELTA, abs=4 * stats.sem(means))
    ranks = rank_table(rng, world, [shift], SEEDS)
    assert ranks.shape == (2, SEEDS, 400)
    assert (ranks.min(), ranks.max()) == (0, 50)
    assert 0.2 < expected_ndcg(world, 0.0) < expected_ndcg(world, shift) < 0.4


@pytest.mark.parametrize("world", WORLDS)
def test_an_interval_of_95_percent_covers_in_93_to_97_percent(world: str) -> None:
    assert 0.93 <= covered(world, DELTA) <= 0.97


@pytest.mark.parametrize("world", WORLDS)
def test_a_family_without_effects_errs_in_at_most_6_4_percent(world: str) -> None:
    wrong = [
        any(verdict in ("better", "worse") for verdict in family.verdicts(margin=DELTA / 1000))
        for family in families(world, 0.0)
    ]
    assert len(wrong) == TABLES
    assert share(wrong) <= 0.064


@pytest.mark.parametrize("world", WORLDS)
def test_a_verdict_in_the_wrong_direction_is_rare_and_a_right_one_is_not(world: str) -> None:
    verdicts = [family.verdicts(margin=DELTA / 6) for family in families(world, DELTA)]
    assert share(["worse" in family for family in verdicts]) <= 0.01
    assert share(["better" in family for family in verdicts]) > 0.25


@pytest.mark.parametrize("world", WORLDS)
def test_equivalent_is_rarely_said_of_an_effect_at_the_margin(world: str) -> None:
    found = families(world, DELTA)
    verdicts = [family.verdicts(margin=DELTA) for family in found]
    assert share(["equivalent" in family for family in verdicts]) <= 0.064
    alone = [equivalent_within(i, DELTA) for family in found for i in family.intervals]
    assert share([p is not None and p < 0.05 for p in alone]) <= 0.064


def test_equivalent_is_often_said_of_no_effect_where_the_margin_is_wide() -> None:
    verdicts = [v for family in families("neither", 0.0) for v in family.verdicts(margin=DELTA)]
    assert share([verdict == "equivalent" for verdict in verdicts]) > 0.9


@pytest.mark.parametrize("world", WORLDS)
def test_a_plain_bootstrap_over_seeds_covers_too_seldom_in_every_world(world: str) -> None:
    assert covered_by_seeds(world, DELTA)[1] < 0.88 < 0.93 <= covered(world, DELTA)


@pytest.mark.parametrize(("world", "at_most"), [("users", 0.6), ("both", 0.9)])
def test_the_paired_t_over_seeds_covers_too_seldom_where_users_differ(
    world: str, at_most: float
) -> None:
    assert covered_by_seeds(world, DELTA)[0] < at_most < covered(world, DELTA)


def test_the_paired_t_over_seeds_covers_where_only_seeds_differ() -> None:
    paired = covered_by_seeds("seeds", DELTA)[0]
    assert 0.93 <= paired <= 0.97
    assert covered("seeds", DELTA) == pytest.approx(paired, abs=0.01)


@pytest.mark.parametrize("world", ["seeds", "both", "neither"])
def test_power_grows_with_seeds(world: str) -> None:
    assert power(world, DELTA / 2, 3) < power(world, DELTA / 2, 5) < power(world, DELTA / 2, 8)


@pytest.mark.parametrize("world", WORLDS)
def test_power_grows_with_the_effect(world: str) -> None:
    assert power(world, DELTA / 4, 5) < power(world, DELTA / 2, 5) < power(world, DELTA, 5)
