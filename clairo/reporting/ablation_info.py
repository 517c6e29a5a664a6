"""Effects of an ablation: every arm against the unchanged winner, paired by seed and user.

The rule is fixed here, before any run: the metric is NDCG@10 (the sweep's objective), the
minimum relevant effect is :data:`RELEVANT_SHARE` of the unchanged winner's mean, the family of
Holm's correction is all arms of one table, for the equivalence tests as for the differences. Test
ranks are used where every arm with ranks has them, validation ranks otherwise; the page says
which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from clairo.evaluation.significance import (
    MAX_EXACT_SEEDS,
    Interval,
    UserShares,
    Verdict,
    bootstrap_users,
    decide,
    effect_size,
    equivalence_p,
    holm,
    paired_interval,
    sign_flip_p,
    user_shares,
)
from clairo.reporting.labels import digits_for, plural
from clairo.reporting.pairing import Pairs, asked_alike, gains_of, user_deltas
from clairo.reporting.search_info import Absent
from clairo.reporting.selection import EXPLORATORY_SEEDS, why_missing
from clairo.tracking.records import Arm, SweepRecord, TrialRecord

RELEVANT_SHARE = 0.05
"""Declared before any run: an effect below 5 % of the winner's mean is too small to matter."""

REFERENCE = "full"
"""Name of the arm that changes nothing."""

Family = Literal["modality_masking", "components"]


@dataclass(frozen=True)
class ArmInfo:
    """One arm's own result.

    Attributes:
        name: Identifier.
        title: For people.
        changes: Dotted settings that differ from the winner.
        by_seed: Mean metric of each seed that has per-user ranks.
        missing: Sentences on seeds without a result.
        wanted: Seeds that were planned.
        example: One finished run, for its facts; ``None`` without any.
    """

    name: str
    title: str
    changes: Mapping[str, object]
    by_seed: Mapping[int, float]
    missing: tuple[str, ...]
    wanted: int
    example: TrialRecord | None

    @property
    def mean(self) -> float | None:
        """Mean over seeds."""
        return float(np.mean(list(self.by_seed.values()))) if self.by_seed else None


@dataclass(frozen=True)
class EffectInfo:
    """An arm minus the unchanged winner.

    Attributes:
        arm: The arm.
        deltas: Difference of means, by shared seed.
        interval: Paired t over seeds: mean, 95 % interval, raw p.
        percent: Mean difference over the winner's mean on the same seeds, ``None`` if that is 0.
        users: 95 % interval over users, for these trained models only.
        shares: Users better, equal and worse.
        effect_size: d_z over users.
        sign_flip: Exact sign-flip p over seeds, ``None`` beyond 16 seeds.
        adjusted_p: Holm-adjusted p.
        equivalence_p: Holm-adjusted p of the equivalence test, ``None`` where there is none.
        verdict: By adjusted p and equivalence test.
    """

    arm: ArmInfo
    deltas: Mapping[int, float]
    interval: Interval
    percent: float | None
    users: tuple[float, float]
    shares: UserShares
    effect_size: float | None
    sign_flip: float | None
    adjusted_p: float | None
    equivalence_p: float | None
    verdict: Verdict

    @property
    def agreed(self) -> bool:
        """Whether at least two seeds all point the same way."""
        signs = {delta > 0 for delta in self.deltas.values()}
        return len(self.deltas) > 1 and len(signs) == 1


@dataclass(frozen=True)
class AblationInfo:
    """One family of arms.

    Attributes:
        family: Which one.
        split: ``valid`` or ``test``.
        metric: Key of the metric, without the split.
        reference: The unchanged winner.
        effects: Arms that can be compared, in the order planned.
        refused: (title, reason) of arms that cannot be compared.
        margin: Minimum relevant effect, in the metric's unit; ``None`` where the winner's
            mean is 0.
        num_users: Users asked in each seed, smallest over seeds.
    """

    family: Family
    split: Literal["valid", "test"]
    metric: str
    reference: ArmInfo
    effects: tuple[EffectInfo, ...]
    refused: tuple[tuple[str, str], ...]
    margin: float | None
    num_users: int

    @property
    def num_seeds(self) -> int:
        """Fewest paired seeds of any compared arm."""
        return min((len(effect.deltas) for effect in self.effects), default=0)

    @property
    def seeds_text(self) -> str:
        """Paired seeds as words, a range where arms differ."""
        counts = sorted({len(effect.deltas) for effect in self.effects} or {0})
        if len(counts) == 1:
            return plural(counts[0], "paired seed")
        return f"{counts[0]} to {counts[-1]} paired seeds"

    @property
    def digits(self) -> int:
        """Decimals of differences: one more than the shortest interval justifies, up to 4.

        Intervals over seeds count; where one seed leaves none, those over users.
        """
        seeds = [(e.interval.low, e.interval.high) for e in self.effects]
        bounds = [(low, high) for low, high in seeds if low is not None and high is not None]
        bounds = bounds or [effect.users for effect in self.effects]
        halves = [(high - low) / 2 for low, high in bounds if high > low]
        return min(4, digits_for(min(halves, default=None)))

    @property
    def exploratory(self) -> bool:
        """Whether there are too few seeds for a claim."""
        return self.num_seeds < EXPLORATORY_SEEDS


def compute_ablation(record: SweepRecord, family: Family) -> AblationInfo | Absent:
    """Effects of one family of arms against the unchanged winner."""
    arms = [arm for arm in record.summary.arms if arm.family == family and arm.name != REFERENCE]
    full = next((arm for arm in record.summary.arms if arm.name == REFERENCE), None)
    if not arms:
        return Absent("This sweep planned no such arms.")
    if full is None:
        return Absent("The unchanged winner is not among the arms, so nothing can be compared.")
    split = _split(record)
    metric = record.summary.objective.rpartition("/")[2]
    reference = _arm_info(record, full, split, metric)
    if not reference.by_seed:
        return Absent(
            "The unchanged winner has no per-user ranks to compare with: "
            + "; ".join(reference.missing)
            + "."
        )
    margin = RELEVANT_SHARE * (reference.mean or 0.0) or None
    drafts, refused, sizes = [], [], []
    for arm in arms:
        pairs = _pairs(record, arm, full, split)
        problem = _why_not(record, arm, pairs, split)
        if problem:
            refused.append((arm.title, problem))
            continue
        drafts.append((_arm_info(record, arm, split, metric), pairs))
        sizes += [len(ranks.users) for ranks, _ in pairs.values()]
    effects = [_effect(info, pairs, metric) for info, pairs in drafts]
    return AblationInfo(
        family=family,
        split=split,
        metric=metric,
        reference=reference,
        effects=_judged(effects, margin, num_refused=len(refused)),
        refused=tuple(refused),
        margin=margin,
        num_users=min(sizes, default=0),
    )


def _split(record: SweepRecord) -> Literal["valid", "test"]:
    """``test`` where every arm run that has ranks at all has test ranks."""
    trials = record.by_key()
    runs = [trials[k] for arm in record.summary.arms for k in arm.trial_keys if k in trials]
    ranked = [run for run in runs if run.rankings]
    return "test" if ranked and all("test" in run.rankings for run in ranked) else "valid"


def _runs(record: SweepRecord, arm: Arm, split: str) -> dict[int, TrialRecord]:
    """Finished runs of an arm that have ranks, by seed."""
    trials = record.by_key()
    found = [trials[key] for key in arm.trial_keys if key in trials]
    return {t.seed: t for t in found if t.state == "complete" and split in t.rankings}


def _arm_info(record: SweepRecord, arm: Arm, split: str, metric: str) -> ArmInfo:
    trials, runs = record.by_key(), _runs(record, arm, split)
    missing = []
    for key in arm.trial_keys:
        trial = trials.get(key)
        if trial is None or trial.seed not in runs:
            missing.append(_why_unranked(trial, split, key))
    return ArmInfo(
        name=arm.name,
        title=arm.title,
        changes=arm.changes,
        by_seed={
            seed: float(gains_of(run.rankings[split], metric).mean()) for seed, run in runs.items()
        },
        missing=tuple(missing),
        wanted=max(len(record.summary.ablation_seeds), len(arm.trial_keys)),
        example=next(iter(runs.values()), None),
    )


def _why_unranked(trial: TrialRecord | None, split: str, key: str) -> str:
    if trial is not None and trial.state == "complete":
        return f"seed {trial.seed} kept no per-user {split} ranks"
    return why_missing(trial, split, key)


def _pairs(record: SweepRecord, arm: Arm, full: Arm, split: str) -> Pairs:
    theirs, ours = _runs(record, arm, split), _runs(record, full, split)
    shared = sorted(set(theirs) & set(ours))
    return {seed: (theirs[seed].rankings[split], ours[seed].rankings[split]) for seed in shared}


def _why_not(record: SweepRecord, arm: Arm, pairs: Pairs, split: str) -> str:
    """Why an arm cannot be compared; empty where it can."""
    if not pairs:
        reasons = _arm_info(record, arm, split, "ndcg_at_10").missing
        detail = f": {'; '.join(reasons)}" if reasons else ""
        return f"no seed has per-user {split} ranks of both this arm and the winner{detail}"
    for seed, (theirs, ours) in pairs.items():
        if not asked_alike(theirs, ours):
            return f"refused: in seed {seed} it was measured on other users than the winner"
    return ""


def _effect(arm: ArmInfo, pairs: Pairs, metric: str) -> EffectInfo:
    table = user_deltas(pairs, metric)
    deltas = {seed: float(np.nanmean(row)) for seed, row in zip(pairs, table, strict=True)}
    level = float(np.mean([gains_of(ours, metric).mean() for _, ours in pairs.values()]))
    interval = paired_interval(list(deltas.values()))
    return EffectInfo(
        arm=arm,
        deltas=deltas,
        interval=interval,
        percent=interval.mean / level if level else None,
        users=bootstrap_users(table),
        shares=user_shares(table),
        effect_size=effect_size(table),
        sign_flip=sign_flip_p(list(deltas.values())) if len(deltas) <= MAX_EXACT_SEEDS else None,
        adjusted_p=None,
        equivalence_p=None,
        verdict="inconclusive",
    )


def _judged(
    effects: list[EffectInfo], margin: float | None, num_refused: int
) -> tuple[EffectInfo, ...]:
    """Adds adjusted p and verdict; refused arms count in the family."""
    absent = [None] * num_refused
    raw = [effect.interval.p for effect in effects]
    within = [
        equivalence_p(list(effect.deltas.values()), margin) if margin else None
        for effect in effects
    ]
    pairs = zip(holm([*raw, *absent]), holm([*within, *absent]), strict=True)
    return tuple(
        replace(
            effect,
            adjusted_p=differs,
            equivalence_p=equal,
            verdict=decide(effect.interval.mean, differs, equal),
        )
        for effect, (differs, equal) in zip(effects, pairs, strict=False)
    )
