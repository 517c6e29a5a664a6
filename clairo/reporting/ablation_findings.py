"""The sentences of an ablation's page: each is computed from the numbers it speaks of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from clairo.evaluation.significance import Verdict
from clairo.reporting.ablation_families import REFERENCE
from clairo.reporting.ablation_info import AblationInfo, Ablations, EffectInfo
from clairo.reporting.findings import Words
from clairo.reporting.labels import number, percent, plural, sentence_list
from clairo.reporting.marks import is_clear

MOST_CLAIMS = 6
"""Arms that the first screen speaks of one by one; the tables hold all."""

MOST_MASKED = 2
"""The same of arms that are masked at inference, where each modality is masked in several ways."""

MOST_UNCOMPARED = 3
"""Arms without a result that the first screen names."""

_COUNTED: tuple[tuple[Verdict, str], ...] = (
    ("worse", "worse than {against}"),
    ("better", "better"),
    ("equivalent", "without a relevant difference"),
    ("inconclusive", "inconclusive"),
)


def claims(infos: Sequence[AblationInfo], label: str) -> tuple[str, ...]:
    """The claims of the first screen on arms that are compared one by one: a sentence an arm.

    Masking at inference is counted apart: it answers another question. Curves, factorials and
    groups have sentences of their own.

    Args:
        infos: Families of one kind, or of those that are trained anew.
        label: The metric for people.
    """
    effects = [effect for info in infos for effect in info.effects]
    if not effects:
        return ("There is no verdict: no arm could be compared with the full configuration.",)
    said = [_counted(infos, effects, label)]
    above = [e.arm.title for e in effects if _worth_a_trial(e)]
    if above and infos[0].family.kind != "inference":
        said.append(
            f"Above {_against(infos)} in every seed: "
            f"{sentence_list([lowered(name) for name in above])}. That deserves a trial of its own."
        )
    # A stable sort: within a verdict the order planned is kept.
    ranked = sorted(effects, key=lambda effect: effect.verdict == "inconclusive")
    most = MOST_MASKED if infos[0].family.kind == "inference" else MOST_CLAIMS
    kept = effects if len(effects) <= most else ranked[:most]
    digits = {id(effect): info.digits for info in infos for effect in info.effects}
    said += [effect_claim(effect, digits[id(effect)]) for effect in kept]
    if len(effects) > len(kept):
        others = len(effects) - len(kept)
        said.append(f"{'Another arm is' if others == 1 else f'{others} more are'} in the tables.")
    return tuple(said)


def say_unadjusted(infos: Sequence[AblationInfo]) -> tuple[str, ...]:
    """Why an interval without 0 stands beside "inconclusive"; nothing where none does."""
    effects = [effect for info in infos for effect in info.effects]
    apart = [e for e in effects if e.verdict == "inconclusive" and is_clear(e.interval)]
    if not apart:
        return ()
    return (
        f"{plural(len(apart), 'interval')} without 0 {'stands' if len(apart) == 1 else 'stand'} "
        "beside “inconclusive”: intervals are not adjusted, verdicts are (Holm).",
    )


def say_uncompared(found: Ablations) -> tuple[str, ...]:
    """That arms were planned of which nothing is said above; nothing where there are none."""
    infos = [info for info in found.values() if isinstance(info, AblationInfo)]
    titles = list(dict.fromkeys(title for info in infos for title, _ in info.refused))
    if not titles:
        return ()
    named = [*titles[:MOST_UNCOMPARED]]
    if len(titles) > len(named):
        named.append(f"{len(titles) - len(named)} more")
    return (
        f"Without a result: {sentence_list(named)}; why stands under “Skipped arms and missing "
        "seeds”.",
    )


def _against(infos: Sequence[AblationInfo]) -> str:
    found = {info.against for info in infos}
    return found.pop() if len(found) == 1 else "each arm's reference"


def _counted(infos: Sequence[AblationInfo], effects: Sequence[EffectInfo], label: str) -> str:
    """How many arms got which verdict."""
    against = _against(infos)
    masked = infos[0].family.kind == "inference"
    arms = f"{plural(len(effects), 'arm')}{' masked at inference' if masked else ''}"
    counts = Counter(effect.verdict for effect in effects)
    parts = [
        f"{counts[verdict]} {words.format(against=against)}"
        for verdict, words in _COUNTED
        if counts[verdict]
    ]
    first = f"Of {arms}: {sentence_list(parts)}"
    if counts["inconclusive"] == len(effects):
        first = f"None of the {arms} differs from {against} clearly enough for a verdict"
    return f"{first} ({infos[0].seeds_text}, {infos[0].split}, {label})."


def _worth_a_trial(effect: EffectInfo) -> bool:
    return effect.agreed and effect.margin is not None and effect.interval.mean > effect.margin


def lowered(title: str) -> str:
    """An arm's title within a sentence; what starts with an abbreviation stays.

    Example:
        >>> lowered("Text only"), lowered("PCA by halves")
        ('text only', 'PCA by halves')
    """
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def effect_claim(effect: EffectInfo, digits: int = 4) -> str:
    """One arm in one line: effect, interval, verdict."""
    interval = effect.interval
    share = percent(effect.percent, 1, signed=True)
    seeds = "one seed, so no interval over seeds"
    if interval.low is not None:
        low = number(interval.low, digits, signed=True)
        seeds = f"95 % {low} to {number(interval.high, digits, signed=True)}"
    size = f"{number(interval.mean, digits, signed=True)} ({share})"
    against = "" if effect.reference.name == REFERENCE else f" than {effect.reference.title}"
    if effect.verdict in ("inconclusive", "equivalent"):
        against = against.replace(" than ", " against ")
    return f"{effect.arm.title}: {size}, {seeds}; {effect.verdict}{against}."


def say_effects(info: AblationInfo, label: str) -> Words:
    """The largest effect, and whether any is more than luck."""
    first = max(info.effects, key=lambda effect: abs(effect.interval.mean))
    clear = [e for e in info.effects if e.verdict in ("better", "worse")]
    size = percent(first.percent, 1, signed=True)
    title = f"Largest difference: {lowered(first.arm.title)}, {size} {label}"
    title += ", the same sign in every seed" if first.agreed else ""
    title += "" if clear else f"; no difference is established over {info.seeds_text}"
    band = "; band: too small to matter" if info.margin is not None else ""
    subtitle = (
        f"{info.split.capitalize()} split, {plural(info.num_users, 'user')}, {info.seeds_text}. "
        "Dot: mean difference, open where inconclusive; ticks: seeds; thin line: 95 % over users "
        "and seeds, an arrow where it leaves the figure; thick line: 95 % over users, these "
        f"trained models only{band}."
    )
    return title, subtitle


def say_seeds(info: AblationInfo, label: str) -> Words:
    """Whether the seeds agree on each direction."""
    apart = [lowered(e.arm.title) for e in info.effects if len(e.deltas) > 1 and not e.agreed]
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
