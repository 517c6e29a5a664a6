"""The sentences of an ablation's page: each is computed from the numbers it speaks of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from clairo.evaluation.significance import Verdict
from clairo.reporting.ablation_info import AblationInfo, EffectInfo
from clairo.reporting.findings import Words
from clairo.reporting.labels import number, p_value, percent, plural, sentence_list

_WAYS = {
    "better": "is better",
    "worse": "is worse",
    "equivalent": "makes no relevant difference",
    "inconclusive": "is inconclusive",
}

_COUNTED: tuple[tuple[Verdict, str], ...] = (
    ("worse", "worse than the full configuration"),
    ("better", "better"),
    ("equivalent", "without a relevant difference"),
    ("inconclusive", "inconclusive"),
)


def claims(infos: Sequence[AblationInfo], label: str) -> tuple[str, ...]:
    """The claims of the first screen: a sentence an arm."""
    if not infos:
        return ("There is no verdict: no arm could be compared with the full configuration.",)
    effects = [effect for info in infos for effect in info.effects]
    counts = Counter(effect.verdict for effect in effects)
    parts = [f"{counts[verdict]} {words}" for verdict, words in _COUNTED if counts[verdict]]
    first = f"Of {plural(len(effects), 'arm')}: {sentence_list(parts)}."
    if counts["inconclusive"] == len(effects):
        first = (
            f"None of the {plural(len(effects), 'arm')} differs from the full configuration "
            "clearly enough for a verdict."
        )
    return (first, *(effect_claim(effect, label) for effect in effects))


def effect_claim(effect: EffectInfo, label: str) -> str:
    """One arm in one sentence: effect, interval, verdict."""
    interval = effect.interval
    share = percent(effect.percent, 1, signed=True)
    size = f"{label} {number(interval.mean, 4, signed=True)} ({share})"
    if interval.low is None:
        seeds = "one seed, so no interval over seeds"
    else:
        bounds = (
            f"{number(interval.low, 4, signed=True)} to {number(interval.high, 4, signed=True)}"
        )
        count = plural(len(effect.deltas), "seed")
        seeds = f"95 % over {count} {bounds}, Holm p {p_value(effect.adjusted_p)}"
    return f"{effect.arm.title} {_WAYS[effect.verdict]}: {size}; {seeds}."


def say_effects(info: AblationInfo, label: str) -> Words:
    """The largest effect, and whether any is more than luck."""
    first = max(info.effects, key=lambda effect: abs(effect.interval.mean))
    clear = [e for e in info.effects if e.verdict in ("better", "worse")]
    size = percent(first.percent, 1, signed=True)
    title = f"Largest difference: {first.arm.title} ({size} {label})"
    title += "" if clear else "; no difference is established over seeds"
    band = "; band: too small to matter" if info.margin is not None else ""
    subtitle = (
        f"{info.split.capitalize()} split, {plural(info.num_users, 'user')}, {info.seeds_text}. "
        "Dot: mean difference, open where inconclusive; thin line: 95 % over seeds, an arrow "
        f"where it goes on; thick line: 95 % over users, these trained models only{band}."
    )
    return title, subtitle


def say_seeds(info: AblationInfo, label: str) -> Words:
    """Whether the seeds agree on each direction."""
    apart = [
        e.arm.title
        for e in info.effects
        if len(e.deltas) > 1 and len({d > 0 for d in e.deltas.values()}) > 1
    ]
    single = all(len(e.deltas) < 2 for e in info.effects)
    title = (
        f"The seeds disagree on the direction of {sentence_list(apart)}"
        if apart
        else "All seeds agree on the direction of every arm"
    )
    if single:
        title = "One seed: nothing can be said about agreement"
    return title, (
        f"{label}, {info.split} split; one point a seed (same shape, same seed), line: mean over "
        "seeds."
    )
