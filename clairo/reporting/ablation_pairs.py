"""Per-user ranks of an arm and of its reference, paired by seed and user, or why they cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from clairo.core.artifacts import Rankings
from clairo.evaluation.ranking import mrr_per_user, ndcg_per_user, recall_per_user
from clairo.evaluation.significance import (
    asked_in_every_seed,
)
from clairo.reporting.selection import why_missing
from clairo.tracking.records import Arm, SweepRecord, TrialRecord

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


def ranked_runs(trials: Mapping[str, TrialRecord], arm: Arm, split: str) -> dict[int, TrialRecord]:
    """Finished runs of an arm that have ranks, by seed."""
    found = [trials[key] for key in arm.trial_keys if key in trials]
    return {t.seed: t for t in found if t.state == "complete" and split in t.rankings}


def lost_seeds(record: SweepRecord, arm: Arm, split: str) -> tuple[str, ...]:
    """One sentence for each seed of an arm that gave no ranks."""
    trials = record.by_key()
    runs, planned = ranked_runs(trials, arm, split), record.summary.ablation_seeds
    lines, seen = [], set()
    for key in arm.trial_keys:
        trial = trials.get(key)
        if trial is not None:
            seen.add(trial.seed)
        if trial is None or trial.seed not in runs:
            lines.append(_why_unranked(trial, split, key))
    never = [seed for seed in planned if seed not in seen] if arm.trial_keys else list(planned)
    # A key that the tracker does not hold stands for one of the seeds not seen.
    started = sum(key not in trials for key in arm.trial_keys)
    return (*lines, *(f"seed {seed} was not run" for seed in never[started:]))


def _why_unranked(trial: TrialRecord | None, split: str, key: str) -> str:
    if trial is not None and trial.state == "complete":
        return f"seed {trial.seed} kept no per-user {split} ranks"
    return why_missing(trial, split, key)


def pair(
    record: SweepRecord, arm: Arm, reference: Arm, split: str, metric: str
) -> PairedGains | str:
    """Both sides user by user, or why they cannot be compared."""
    trials = record.by_key()
    theirs, ours = ranked_runs(trials, arm, split), ranked_runs(trials, reference, split)
    shared = sorted(set(theirs) & set(ours))
    if not shared:
        reasons = lost_seeds(record, arm, split)
        detail = f": {'; '.join(reasons)}" if reasons else ""
        return f"no seed has per-user {split} ranks of both this arm and its reference{detail}"
    sides = {seed: (theirs[seed].rankings[split], ours[seed].rankings[split]) for seed in shared}
    for seed, (left, right) in sides.items():
        if not _same_questions(left, right):
            return f"refused: in seed {seed} it was measured on other users than its reference"
    if not _same_over_seeds([left for left, _ in sides.values()]):
        return "refused: its seeds were measured on different data"
    pairs = _table(sides, metric)
    if not asked_in_every_seed(pairs.deltas).any():
        return "refused: no user was asked in every seed"
    return pairs


def _same_questions(theirs: Rankings, ours: Rankings) -> bool:
    left, right = np.argsort(theirs.users), np.argsort(ours.users)
    return np.array_equal(theirs.users[left], ours.users[right]) and np.array_equal(
        theirs.targets[left], ours.targets[right]
    )


def _same_over_seeds(asked: list[Rankings]) -> bool:
    """Whether a user who is asked in several seeds is asked for one item."""
    users = np.concatenate([rankings.users for rankings in asked])
    targets = np.concatenate([rankings.targets for rankings in asked])
    pairs = np.unique(np.stack([users, targets]), axis=1)
    return pairs.shape[1] == len(np.unique(users))


def _table(sides: dict[int, tuple[Rankings, Rankings]], metric: str) -> PairedGains:
    joined = np.concatenate([theirs.users for theirs, _ in sides.values()])
    everyone, first = np.unique(joined, return_index=True)
    targets = np.concatenate([theirs.targets for theirs, _ in sides.values()])[first]
    tables = np.full((2, len(sides), len(everyone)), np.nan)
    for row, pair_of_seed in enumerate(sides.values()):
        for side, rankings in enumerate(pair_of_seed):
            tables[side, row, np.searchsorted(everyone, rankings.users)] = gains(rankings, metric)
    return PairedGains(tuple(sides), everyone, targets, tables[0], tables[1])
