"""The sentences of a comparison's page: each is computed from the numbers it speaks of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clairo.evaluation.metric_names import metric_label
from clairo.reporting.compare_changes import (
    DATA,
    DIGEST,
    SEEDS,
    SWEEP,
    EnvironmentInfo,
    SettingRow,
    SettingsInfo,
)
from clairo.reporting.compare_details import Curve, RankMoves, SideCurves
from clairo.reporting.compare_info import METRICS, ComparisonInfo, Contrast, Difference
from clairo.reporting.compare_sides import Side
from clairo.reporting.compare_stage_tables import stage_name
from clairo.reporting.compare_stages import StagesInfo
from clairo.reporting.findings import Words
from clairo.reporting.labels import (
    number,
    percent,
    plural,
    sentence_list,
    setting_label,
    setting_value,
    with_error,
)
from clairo.reporting.search_info import Absent
from clairo.reporting.selection import Spread

_NAMED = 3
"""Settings that a sentence names."""

_MANY = 2
"""With more other sides than this the first screen gives one sentence a side."""


def headline(info: ComparisonInfo) -> str:
    """The question that was asked."""
    others = [contrast.side.letter for contrast in info.contrasts]
    return f"What changed from {info.reference.letter} to {sentence_list(others)}?"


def claims(
    info: ComparisonInfo,
    settings: SettingsInfo,
    environment: EnvironmentInfo,
    stages: Mapping[str, StagesInfo | Absent],
) -> tuple[str, ...]:
    """The first screen: what was set differently, where they part, and what came of it."""
    said: list[str] = []
    for contrast in info.contrasts:
        letter = contrast.side.letter
        result = say_result(contrast, info.reference)
        if len(info.contrasts) > _MANY:
            said.append(f"{result} {say_settings(settings, letter)}")
            continue
        said.append(f"{say_settings(settings, letter)}{say_code(environment, letter)}")
        found = stages[letter]
        said += [] if isinstance(found, Absent) else [say_stages(found, info.reference.letter)]
        said.append(result)
    return tuple(said)


def say_settings(info: SettingsInfo, letter: str) -> str:
    """Which settings a side has otherwise than the reference."""
    reference = info.letters[0]
    silent = [name for name in (reference, letter) if name in info.unknown]
    if silent:
        return f"{letter}: settings cannot be compared, {silent[0]} stopped before it logged any."
    both, lone = info.told_apart(letter)
    if not both and not lone:
        return f"{letter} has the same settings as {reference}."
    count = f" in {plural(len(both), 'setting')}" if both else ""
    return f"{letter} differs from {reference}{count}: {changes_in_words(info, letter)}."


def changes_in_words(info: SettingsInfo, letter: str) -> str:
    """The first settings that a side has otherwise, the reference's value in brackets."""
    both, lone = info.told_apart(letter)
    parts = [_change(row, info, letter) for row in both[:_NAMED]]
    if len(both) > _NAMED:
        parts.append(f"{len(both) - _NAMED} more")
    if lone:
        parts.append(f"{plural(lone, 'setting')} that only one of them has")
    return "; ".join(parts)


def _change(row: SettingRow, info: SettingsInfo, letter: str) -> str:
    now, before = (row.settings[info.letters.index(name)] for name in (letter, info.letters[0]))
    values = [setting_value(setting.value) if setting else "not set" for setting in (now, before)]
    return f"{setting_label(row.name)} {values[0]} ({info.letters[0]}: {values[1]})"


def say_code(info: EnvironmentInfo, letter: str) -> str:
    """Whether code, packages or machine differ as well; ``""`` where they do not."""
    place = info.letters.index(letter)
    ran_on = [
        name
        for name, texts in info.rows
        if texts[place] != texts[0] and name not in (SWEEP, SEEDS, DATA, DIGEST)
    ]
    if not ran_on:
        return ""
    more = [f"{len(ran_on) - _NAMED} more"] if len(ran_on) > _NAMED else []
    shown = sentence_list([*(name[:1].lower() + name[1:] for name in ran_on[:_NAMED]), *more])
    return f" Beyond settings, these differ: {shown}."


def say_stages(info: StagesInfo, reference: str) -> str:
    """Where the two sides part."""
    if not info.parts_at:
        return (
            f"{info.letter} and {reference} share the results of all "
            f"{plural(len(info.stages), 'stage')}."
        )
    shared = (
        f"{plural(info.num_shared, 'stage')} of {len(info.stages)} gave the same result"
        if info.num_shared
        else "no stage gave the same result"
    )
    seeds = "" if info.seeds else " (no seed is shared, which alone can part them)"
    return f"{info.letter} and {reference} part at {stage_name(info.parts_at)}{seeds}: {shared}."


def say_result(contrast: Contrast, reference: Side) -> str:
    """What came of it: difference, interval, verdict; or why nothing is compared."""
    letter, found = contrast.side.letter, contrast.primary
    if found is None:
        return f"{letter} is not compared with {reference.letter}: {contrast.refused}."
    interval, digits = found.interval, found.digits
    size = (
        f"{number(interval.mean, digits, signed=True)} ({percent(found.percent, 1, signed=True)})"
    )
    users = " to ".join(number(bound, digits, signed=True) for bound in found.users)
    over = f"one seed, so no interval over seeds; 95 % over users {users}, this model only"
    if interval.low is not None:
        low = number(interval.low, digits, signed=True)
        high = number(interval.high, digits, signed=True)
        over = f"95 % {low} to {high} over users and {plural(len(found.deltas), 'seed')}"
    return (
        f"{letter} against {reference.letter}: {metric_label(found.metric)} on {found.split} "
        f"{size}, {over}; {found.verdict}."
    )


def warning(info: ComparisonInfo) -> str:
    """What the page is no evidence for."""
    reasons = []
    summaries = [side.summary for side in info.sides]
    if any(summary.profile == "quick" for summary in summaries):
        reasons.append("the quick profile has small models and says nothing about published sizes")
    if any(summary.dataset_facts.get("source") == "generated" for summary in summaries):
        reasons.append("a generated world says nothing about real shoppers")
    if info.exploratory:
        reasons.append("with fewer than 5 shared seeds no difference here is a claim")
    if any(trial.role == "search" for side in info.sides for trial in side.trials):
        reasons.append("a trial of a search may have been picked for the very value shown here")
    reasons.append("what to compare was chosen after the runs were seen")
    kind = "Exploratory" if info.exploratory else "Limits"
    data = "" if info.same_data else " Not all sides were measured on the same data."
    return f"{kind}: {'; '.join(reasons)}.{data}"


def say_differences(found: Sequence[Difference], reference: str) -> Words:
    """The largest difference, and whether any is established."""
    label = metric_label(METRICS[0])
    first = max(found, key=lambda one: abs(one.interval.mean))
    clear = [one for one in found if one.verdict in ("better", "worse")]
    way = "gains" if first.interval.mean > 0 else "loses"
    size = percent(abs(first.percent), 1) if first.percent is not None else "an unknown share"
    title = f"{first.letter} {way} {size} {label} on {first.split} against {reference}"
    if not any(one.interval.mean for one in found):
        title = f"No difference in {label} at all"
    title += "" if clear else "; no difference is established"
    subtitle = (
        "Paired by seed and user. Dot: mean difference, open where it is no claim; ticks: seeds; "
        "thin line: 95 % over users and seeds, an arrow where it leaves the figure; thick line: "
        "95 % over users, these trained models only."
    )
    return title, subtitle


def say_curves(info: SideCurves, what: str) -> Words:
    """Who ends highest or lowest, and how many runs are drawn."""
    lowest = info.key.endswith("loss")
    pick = min if lowest else max
    best: Curve = pick(info.curves, key=lambda curve: pick(curve.values))
    end = "lowest" if lowest else "highest"
    title = f"{best.letter} reaches the {end} {what} ({number(pick(best.values), 3)})"
    drawn = plural(len(info.curves), "run")
    # The last epoch is not the result: fewer users may be asked, with a narrower beam.
    light = "" if lowest else " Measured more lightly than the results where settings say so."
    of = f" of {info.num_curves}" if info.num_curves > len(info.curves) else ""
    return title, f"{drawn}{of}, one line a run, the letter where a side's first run ends.{light}"


def say_moves(info: RankMoves, reference: str) -> Words:
    """Whether more targets rise or fall."""
    title = (
        f"{info.letter} ranks {percent(info.better)} of the targets better than {reference}, "
        f"{percent(info.worse)} worse"
    )
    seeds = plural(info.num_seeds, "shared seed")
    subtitle = (
        f"{info.split.capitalize()} split, {plural(info.num_users, 'user')}, {seeds}; the area of "
        f"a mark is the number of targets. Below the dotted line {info.letter} is better. These "
        "trained models only."
    )
    return title, subtitle


def say_side(side: Side, valid: Spread, test: Spread) -> str:
    """One side in a line: which runs, on which seeds, with what result."""
    seeds = [str(trial.seed) for trial in side.trials]
    shown = sentence_list(seeds) if len(seeds) <= _NAMED else f"{', '.join(seeds[:_NAMED])} ..."
    label = metric_label(METRICS[0])
    results = [
        f"{split} {with_error(found.mean, found.error)}"
        for split, found in (("valid", valid), ("test", test))
        if found.values
    ]
    told = f"; {label} {', '.join(results)}" if results else ""
    ended = f"; {'; '.join(side.missing)}" if side.missing else ""
    noun = "seed" if len(seeds) == 1 else "seeds"
    return f"{side.title}, {noun} {shown}{told}{ended}"
