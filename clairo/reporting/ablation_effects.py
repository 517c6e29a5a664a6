"""Effects of an ablation: every arm against its reference, paired by seed and user.

Metric, split, margin and the family of Holm's correction are those declared before the run, see
:mod:`clairo.reporting.ablation_families`. The adjustment is the same for the equivalence tests as
for the differences, and arms that could not be compared count in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from clairo.evaluation.significance import (
    MAX_EXACT_SEEDS,
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
    Rule,
    compared_arms,
    families,
    group_title,
    reference_of,
    rule,
)
from clairo.reporting.ablation_info import AblationInfo, Ablations, ArmInfo, EffectInfo
from clairo.reporting.ablation_pairs import lost_seeds, pair, ranked_runs
from clairo.reporting.pairing import PairedGains, gains, is_per_user
from clairo.reporting.search_info import Absent
from clairo.tracking.records import Arm, ArmFamily, SweepRecord


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
        margin=declared.margin_for(level),
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
