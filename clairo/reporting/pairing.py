"""Per-user ranks of two models side by side: were the same users asked, and who gained how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from clairo.core.artifacts import Rankings
from clairo.evaluation.ranking import mrr_per_user, ndcg_per_user, recall_per_user

Pairs = Mapping[int, tuple[Rankings, Rankings]]
"""By seed: the ranks of the one model and of the reference, of the same split."""

_PER_USER = {"ndcg": ndcg_per_user, "recall": recall_per_user, "mrr": mrr_per_user}


@dataclass(frozen=True)
class PairedGains:
    """What every user got from an arm and from its reference.

    Attributes:
        seeds: Seeds that both have.
        users: Index of each user who was asked in any of them, ascending.
        targets: Item that each user's recommendation was to hold.
        arm: The metric by seed and user; ``nan`` where the user was not asked.
        reference: The same of the reference.
    """

    seeds: tuple[int, ...]
    users: Int[np.ndarray, " users"]
    targets: Int[np.ndarray, " users"]
    arm: Float[np.ndarray, "seeds users"]
    reference: Float[np.ndarray, "seeds users"]

    @property
    def deltas(self) -> Float[np.ndarray, "seeds users"]:
        """Arm minus reference."""
        return self.arm - self.reference

    @property
    def level(self) -> float:
        """The reference's mean: over users in each seed, then over seeds."""
        return float(np.nanmean(self.reference, axis=1).mean())

    @property
    def fewest_users(self) -> int:
        """Users asked, in the seed with the fewest."""
        return int((~np.isnan(self.arm)).sum(axis=1).min())


def is_per_user(metric: str) -> bool:
    """Whether a metric is a mean over users' ranks, so that it can be paired."""
    name, _, cutoff = metric.rpartition("_at_")
    return name in _PER_USER and cutoff.isdigit()


def gains(rankings: Rankings, metric: str) -> Float[np.ndarray, " users"]:
    """The metric of every asked user, in the order of the rankings."""
    name, _, cutoff = metric.rpartition("_at_")
    found: Float[np.ndarray, " users"] = _PER_USER[name](rankings.ranks, int(cutoff))
    return found


def asked_alike(theirs: Rankings, ours: Rankings) -> bool:
    """Whether both were asked for the same targets of the same users."""
    left, right = np.argsort(theirs.users), np.argsort(ours.users)
    return np.array_equal(theirs.users[left], ours.users[right]) and np.array_equal(
        theirs.targets[left], ours.targets[right]
    )


def same_over_seeds(asked: Sequence[Rankings]) -> bool:
    """Whether a user who is asked in several seeds is asked for one item."""
    users = np.concatenate([rankings.users for rankings in asked])
    targets = np.concatenate([rankings.targets for rankings in asked])
    pairs = np.unique(np.stack([users, targets]), axis=1)
    return pairs.shape[1] == len(np.unique(users))


def pair_gains(sides: Pairs, metric: str) -> PairedGains:
    """Both models user by user.

    Args:
        sides: Ranks that were :func:`asked_alike` in each seed.
        metric: Key without the split, of a metric that :func:`is_per_user`.
    """
    joined = np.concatenate([theirs.users for theirs, _ in sides.values()])
    everyone, first = np.unique(joined, return_index=True)
    targets = np.concatenate([theirs.targets for theirs, _ in sides.values()])[first]
    tables = np.full((2, len(sides), len(everyone)), np.nan)
    for row, pair_of_seed in enumerate(sides.values()):
        for side, rankings in enumerate(pair_of_seed):
            tables[side, row, np.searchsorted(everyone, rankings.users)] = gains(rankings, metric)
    return PairedGains(tuple(sides), everyone, targets, tables[0], tables[1])
