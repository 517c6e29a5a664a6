"""Arms of one table that are one result: they gave every user the same rank in every seed."""

from __future__ import annotations

from clairo.reporting.ablation_info import AblationInfo, EffectInfo

_Ranks = tuple[tuple[int, bytes, bytes], ...]


def identical_arms(info: AblationInfo) -> tuple[tuple[str, ...], ...]:
    """Titles of compared arms that belong together, where two or more gave the same ranks.

    Two ways of masking may give the same codes, for example. Holm counts each of them.
    """
    found: dict[tuple[str, str, _Ranks], list[str]] = {}
    for effect in info.effects:
        key = (effect.arm.group, effect.reference.name, _ranks(effect, info.split))
        found.setdefault(key, []).append(effect.arm.title)
    return tuple(tuple(titles) for titles in found.values() if len(titles) > 1)


def _ranks(effect: EffectInfo, split: str) -> _Ranks:
    """Seed, users and their ranks of each run, whatever the order of users was."""
    runs = sorted(effect.arm.runs, key=lambda run: run.seed)
    kept = []
    for run in runs:
        rankings = run.rankings[split]
        order = rankings.users.argsort()
        kept.append((run.seed, rankings.users[order].tobytes(), rankings.ranks[order].tobytes()))
    return tuple(kept)
