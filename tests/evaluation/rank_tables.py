"""Simulated rank tables: several arms and one reference, the same users asked in every seed.

A target's rank is ``ceil(exp(z))``, 0 beyond the cut, with a latent ``z`` that sums up:
how hard the user is, the arm's shift, how the arm suits the user (the same in every seed), how
well the arm's model of this seed came out (the same for every user), and noise. All are normal,
so the expected NDCG@10 of an arm is a sum of ten normal probabilities, known without simulation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import norm

from clairo.evaluation.ranking import ndcg_per_user

CUTOFF = 10
DEEPEST = 50


@dataclass(frozen=True)
class World:
    """How large each source of luck is, in units of the latent score (the log of the rank).

    Attributes:
        difficulty: Spread over users, shared by all arms and seeds.
        user_by_arm: Spread over users of what an arm does for them, the same in all seeds.
        seed_by_arm: Spread over trainings of an arm, the same for all users.
        noise: Spread of the rest.
        users: Users of a table.
        center: Mean of the reference's latent score.
    """

    difficulty: float = 1.5
    user_by_arm: float = 0.0
    seed_by_arm: float = 0.0
    noise: float = 1.0
    users: int = 200
    center: float = 2.5

    @property
    def spread(self) -> float:
        """Standard deviation of the latent score of a user drawn anew, of a model trained anew."""
        parts = (self.difficulty, self.user_by_arm, self.seed_by_arm, self.noise)
        return float(np.sqrt(sum(part**2 for part in parts)))


def expected_ndcg(world: World, shift: float) -> float:
    """NDCG@10 that an arm has on average over users and trainings drawn anew."""
    edges = (np.log([1e-300, *range(1, CUTOFF + 1)]) - (world.center - shift)) / world.spread
    gains = ndcg_per_user(np.arange(1, CUTOFF + 1), CUTOFF)
    return float(np.diff(norm.cdf(edges)) @ gains)


def true_delta(world: World, shift: float) -> float:
    """What an arm whose latent score is better by ``shift`` gains on the reference."""
    return expected_ndcg(world, shift) - expected_ndcg(world, 0.0)


def shift_for(world: World, delta: float) -> float:
    """The latent shift that gains ``delta`` NDCG@10."""
    from scipy.optimize import brentq

    return float(brentq(lambda shift: true_delta(world, shift) - delta, -3.0, 3.0))


def rank_table(
    rng: np.random.Generator, world: World, shifts: list[float], seeds: int
) -> Int[np.ndarray, "arms seeds users"]:
    """Ranks of every user by every arm's model of every seed; the reference comes first."""
    arms = np.array([0.0, *shifts])[:, None, None]

    def draw(spread: float, *shape: int) -> Float[np.ndarray, "..."]:
        return np.float32(spread) * rng.standard_normal(shape, dtype=np.float32)

    latent = (
        world.center
        - arms
        + draw(world.difficulty, 1, 1, world.users)
        + draw(world.user_by_arm, len(arms), 1, world.users)
        + draw(world.seed_by_arm, len(arms), seeds, 1)
        + draw(world.noise, len(arms), seeds, world.users)
    )
    ranks = np.ceil(np.exp(np.minimum(latent, np.log(DEEPEST) + 1.0))).astype(np.int32)
    return np.where(ranks <= DEEPEST, ranks, 0)


def delta_table(
    rng: np.random.Generator, world: World, shifts: list[float], seeds: int
) -> Float[np.ndarray, "arms seeds users"]:
    """NDCG@10 of each arm minus that of the one reference, user by user and seed by seed."""
    values = ndcg_per_user(rank_table(rng, world, shifts, seeds), CUTOFF)
    return values[1:] - values[:1]
