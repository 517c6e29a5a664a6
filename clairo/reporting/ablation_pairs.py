"""Per-user ranks of an arm and of its reference, paired by seed and user, or why they cannot be."""

from __future__ import annotations

from collections.abc import Mapping

from clairo.evaluation.significance import asked_in_every_seed
from clairo.reporting.pairing import (
    PairedGains,
    asked_alike,
    pair_gains,
    same_over_seeds,
)
from clairo.reporting.selection import why_missing
from clairo.tracking.records import Arm, SweepRecord, TrialRecord


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
        if not asked_alike(left, right):
            return f"refused: in seed {seed} it was measured on other users than its reference"
    if not same_over_seeds([left for left, _ in sides.values()]):
        return "refused: its seeds were measured on different data"
    pairs = pair_gains(sides, metric)
    if not asked_in_every_seed(pairs.deltas).any():
        return "refused: no user was asked in every seed"
    return pairs
