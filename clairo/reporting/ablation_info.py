"""Effects of an ablation: every arm against its reference, paired by seed and user.

Metric, split, margin and the family of Holm's correction are those declared before the run, see
:mod:`clairo.reporting.ablation_families`. The adjustment is the same for the equivalence tests as
for the differences, and arms that could not be compared count in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

import numpy as np

from clairo.evaluation.significance import (
    MAX_EXACT_SEEDS,
    Interval,
    UserShares,
    Verdict,
    bootstrap_users,
    crossed_interval,
    decide,
    effect_size,
    equivalent_within,
    holm,
    paired_interval,
    sign_flip_p,
    user_shares,
)
from clairo.reporting.ablation_families import (
    REFERENCE,
    RELEVANT_SHARE,
    Rule,
    compared_arms,
    families,
    group_title,
    reference_of,
    rule,
)
from clairo.reporting.ablation_pairs import (
    PairedGains,
    gains,
    is_per_user,
    lost_seeds,
    pair,
    ranked_runs,
)
from clairo.reporting.labels import digits_for, plural
from clairo.reporting.search_info import Absent
from clairo.reporting.selection import EXPLORATORY_SEEDS
from clairo.tracking.records import Arm, ArmFamily, SweepRecord, TrialRecord

__all__ = ["REFERENCE", "RELEVANT_SHARE", "AblationInfo", "ArmInfo", "EffectInfo"]


@dataclass(frozen=True)
class ArmInfo:
    """One arm's own result.

    Attributes:
        name: Identifier.
        title: For people, with the group where there are several.
        changes: Dotted settings that differ from the base.
        by_seed: Mean metric of each seed that has per-user ranks.
        missing: Sentences on seeds without a result.
        wanted: Seeds that were planned.
        runs: Its finished runs with ranks, by seed.
        plan: The arm as planned.
        group: Name of its group.
    """

    name: str
    title: str
    changes: Mapping[str, object]
    by_seed: Mapping[int, float]
    missing: tuple[str, ...]
    wanted: int
    runs: tuple[TrialRecord, ...]
    plan: Arm
    group: str = ""

    @property
    def mean(self) -> float | None:
        """Mean over seeds."""
        return float(np.mean(list(self.by_seed.values()))) if self.by_seed else None

    @property
    def example(self) -> TrialRecord | None:
        """One finished run, for its facts; ``None`` without any."""
        return self.runs[0] if self.runs else None


@dataclass(frozen=True)
class EffectInfo:
    """An arm minus its reference.

    Attributes:
        arm: The arm.
        reference: What it is compared with.
        pairs: Both, user by user.
        deltas: Difference of means, by shared seed.
        interval: Users crossed with seeds: mean, 95 % interval, raw p.
        over_seeds: Paired t over seeds alone.
        percent: Mean difference over the reference's mean on the same seeds, ``None`` if that
            is 0.
        users: 95 % interval over users, for these trained models only.
        shares: Users better, equal and worse.
        effect_size: d_z over users.
        sign_flip: Exact sign-flip p over seeds, ``None`` beyond 16 seeds.
        margin: Minimum relevant effect, ``None`` where the reference's mean is 0.
        adjusted_p: Holm-adjusted p.
        equivalence_p: Holm-adjusted p of the equivalence test, ``None`` where there is none.
        verdict: By adjusted p and equivalence test.
    """

    arm: ArmInfo
    reference: ArmInfo
    pairs: PairedGains
    deltas: Mapping[int, float]
    interval: Interval
    over_seeds: Interval
    percent: float | None
    users: tuple[float, float]
    shares: UserShares
    effect_size: float | None
    sign_flip: float | None
    margin: float | None
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
        rule: What was declared.
        references: What its arms are compared with; one, unless the arms say otherwise.
        effects: Arms that can be compared, in the order planned.
        refused: (title, reason) of arms that cannot be compared.
        corrected: Comparisons in the family of the correction.
    """

    family: ArmFamily
    rule: Rule
    references: tuple[ArmInfo, ...]
    effects: tuple[EffectInfo, ...]
    refused: tuple[tuple[str, str], ...]
    corrected: int

    @property
    def split(self) -> Literal["valid", "test"]:
        """Where arms are compared."""
        return self.rule.split

    @property
    def metric(self) -> str:
        """Key of the metric, without the split."""
        return self.rule.metric

    @property
    def reference(self) -> ArmInfo:
        """What the first arms are compared with."""
        return self.references[0]

    @property
    def arms(self) -> tuple[ArmInfo, ...]:
        """References, then the compared arms; each once."""
        found = [*self.references, *(effect.arm for effect in self.effects)]
        return tuple({(arm.group, arm.name): arm for arm in found}.values())

    @property
    def margin(self) -> float | None:
        """The minimum relevant effect where all arms have the same one."""
        margins = {self.rule.margin_for(arm.mean or 0.0) for arm in self.references}
        return margins.pop() if len(margins) == 1 else None

    @property
    def num_users(self) -> int:
        """Users asked in each seed, smallest over seeds and arms."""
        return min((effect.pairs.fewest_users for effect in self.effects), default=0)

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
    def against(self) -> str:
        """What the arms are compared with, in words."""
        titles = list(dict.fromkeys(arm.plan.title for arm in self.references))
        if all(arm.name == REFERENCE for arm in self.references):
            return "the full configuration"
        return f"“{titles[0]}”" if len(titles) == 1 else "each arm's reference"

    @property
    def digits(self) -> int:
        """Decimals of differences: one more than the shortest interval justifies, up to 4.

        Intervals that the verdict comes from count; where one seed leaves none, those over users.
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


Ablations = Mapping[str, AblationInfo | Absent]
"""Each family's comparison by the family's name, or why there is none."""


def compute_ablation(record: SweepRecord, family: ArmFamily) -> AblationInfo | Absent:
    """Effects of one family of arms against their references."""
    return compute_ablations(record)[family.name]


def compute_ablations(record: SweepRecord) -> Ablations:
    """All families of an ablation, judged together where the correction runs over all tables."""
    drafts = {family.name: _draft(record, family) for family in families(record)}
    infos = [info for info in drafts.values() if isinstance(info, AblationInfo)]
    if rule(record).correction == "all":
        absent = [f for f in families(record) if isinstance(drafts[f.name], Absent)]
        planned = sum(len(compared_arms(record, family)) for family in absent)
        names = [info.family.name for info in infos]
        judged = dict(zip(names, _judged(infos, planned), strict=True))
    else:
        judged = {info.family.name: _judged([info])[0] for info in infos}
    return {**drafts, **judged}


def _draft(record: SweepRecord, family: ArmFamily) -> AblationInfo | Absent:
    """A family without its verdicts."""
    declared, arms = rule(record), compared_arms(record, family)
    if not arms:
        return Absent("No such arms were planned.")
    if not is_per_user(declared.metric):
        return Absent(
            f"{declared.metric} is not a mean over users' ranks, so arms cannot be paired by it."
        )
    references, lost = _references(record, arms, declared)
    if not references:
        return Absent(lost)
    effects, refused = [], []
    for arm in arms:
        info = arm_info(record, arm, declared)
        reference = references.get((arm.group, arm.reference))
        planned = reference_of(record, arm)
        if reference is None or planned is None:
            refused.append((info.title, f"its reference {arm.reference} has no per-user ranks"))
            continue
        pairs = pair(record, arm, planned, declared.split, declared.metric)
        if isinstance(pairs, str):
            refused.append((info.title, pairs))
        else:
            effects.append(_effect(info, reference, pairs, declared))
    return AblationInfo(
        family, declared, tuple(references.values()), tuple(effects), tuple(refused), 0
    )


def _references(
    record: SweepRecord, arms: Sequence[Arm], declared: Rule
) -> tuple[dict[tuple[str, str], ArmInfo], str]:
    """References that have ranks, by group and name; and why there is none."""
    found, reasons = {}, []
    for key in dict.fromkeys((arm.group, arm.reference) for arm in arms):
        planned = [a for a in record.summary.arms if (a.group, a.name) == key]
        if not planned:
            reasons.append(f"The reference {key[1]} is not among the arms")
            continue
        info = arm_info(record, planned[0], declared)
        if info.by_seed:
            found[key] = info
        else:
            reasons.append(
                f"The reference, {info.title}, has no per-user {declared.split} ranks to compare "
                f"with: {'; '.join(info.missing)}"
            )
    return found, f"{'. '.join(dict.fromkeys(reasons))}."


def arm_info(record: SweepRecord, arm: Arm, declared: Rule) -> ArmInfo:
    """An arm's own result, compared or not."""
    runs = ranked_runs(record.by_key(), arm, declared.split)
    group = group_title(record, arm.group)
    return ArmInfo(
        name=arm.name,
        title=f"{arm.title}, {group}" if group else arm.title,
        changes=arm.changes,
        by_seed={
            seed: float(gains(run.rankings[declared.split], declared.metric).mean())
            for seed, run in runs.items()
        },
        missing=lost_seeds(record, arm, declared.split),
        wanted=max(len(record.summary.ablation_seeds), len(arm.trial_keys)),
        runs=tuple(runs.values()),
        plan=arm,
        group=arm.group,
    )


def _effect(arm: ArmInfo, reference: ArmInfo, pairs: PairedGains, declared: Rule) -> EffectInfo:
    table, level = pairs.deltas, pairs.level
    means = np.nanmean(table, axis=1).tolist()
    interval = crossed_interval(table)
    return EffectInfo(
        arm=arm,
        reference=reference,
        pairs=pairs,
        deltas=dict(zip(pairs.seeds, means, strict=True)),
        interval=interval,
        over_seeds=paired_interval(means),
        percent=interval.mean / level if level else None,
        users=bootstrap_users(table),
        shares=user_shares(table),
        effect_size=effect_size(table),
        sign_flip=sign_flip_p(means) if len(means) <= MAX_EXACT_SEEDS else None,
        margin=declared.margin_for(reference.mean or 0.0),
        adjusted_p=None,
        equivalence_p=None,
        verdict="inconclusive",
    )


def _judged(infos: Sequence[AblationInfo], unseen: int = 0) -> tuple[AblationInfo, ...]:
    """Adds adjusted p and verdict over all of these families.

    Refused arms count, and so do those of families that could not be compared at all.
    """
    effects = [effect for info in infos for effect in info.effects]
    absent = [None] * (unseen + sum(len(info.refused) for info in infos))
    raw = [effect.interval.p for effect in effects]
    within = [
        equivalent_within(effect.interval, effect.margin) if effect.margin else None
        for effect in effects
    ]
    adjusted = zip(holm([*raw, *absent]), holm([*within, *absent]), strict=True)
    judged: Iterator[EffectInfo] = (
        replace(
            effect,
            adjusted_p=differs,
            equivalence_p=equal,
            verdict=decide(effect.interval.mean, differs, equal),
        )
        for effect, (differs, equal) in zip(effects, adjusted, strict=False)
    )
    size = len(effects) + len(absent)
    return tuple(
        replace(info, effects=tuple(islice(judged, len(info.effects))), corrected=size)
        for info in infos
    )
