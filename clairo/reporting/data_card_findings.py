"""Sentences of a data card: the first screen, and the point of every figure."""

from __future__ import annotations

import math

from clairo.reporting.data_card_info import ContentInfo, DataCardInfo, FieldCoverage
from clairo.reporting.data_card_log import PopularityInfo, Spread, TieInfo
from clairo.reporting.data_card_time import TimelineInfo
from clairo.reporting.labels import number, percent, plural, sentence_list, share_label

_WORTH_SAYING = 0.05
_FEW_ASKED = 10_000
_EXAMPLE_RECALL = 0.1

SPLITS = {
    "leave_last_out": "leave-last-out: of every user the last item is for test, the last but one "
    "for validation, the rest for training",
    "global_time": "by time: one moment for all users, training before it and targets after",
    "official": "official: the publisher's own files say what is for training, validation and test",
}
"""What the names of splits mean."""


def claims(info: DataCardInfo) -> tuple[str, ...]:
    """What the data is, what is missing, and what only the order of the file decides."""
    found = [_say_sizes(info), say_content(info.content, info.sizes.items)]
    found += [words for words in (_say_ties(info), _say_salvage(info)) if words]
    return (*found, _say_checks(info)) if info.sizes.users else tuple(found)


def _say_sizes(info: DataCardInfo) -> str:
    sizes = info.sizes
    if not sizes.interactions:
        return (
            f"{plural(sizes.items, 'item')} and no interaction: a catalogue alone, on which "
            "nothing can be trained or asked."
        )
    density = sizes.density or 0.0
    digits = max(0, 1 - math.floor(math.log10(100 * density))) if density else 0
    repeats = (
        f" {plural(sizes.repeats, 'interaction')} repeat an earlier one of the same user and item."
        if sizes.repeats > 1
        else " One interaction repeats an earlier one."
        if sizes.repeats
        else ""
    )
    return (
        f"{plural(sizes.users, 'user')}, {plural(sizes.items, 'item')} and "
        f"{plural(sizes.interactions, 'interaction')}: {percent(density, digits)} of all pairs of "
        f"a user and an item occur.{repeats}"
    )


def say_content(content: ContentInfo, items: int) -> str:
    """What can be read and seen, in one sentence or two."""
    words = f"{_say_texts_and_pictures(content, items)}."
    if content.without_metadata:
        words += f" {plural(content.without_metadata, 'item')} without any metadata."
    if content.undecodable:
        words += (
            " 1 picture file does not decode and counts as missing."
            if content.undecodable == 1
            else f" {content.undecodable:,} picture files do not decode and count as missing."
        )
    return words


def _say_texts_and_pictures(content: ContentInfo, items: int) -> str:
    text, picture = content.text, content.picture
    verb = "has" if items == 1 else "have"
    if not text.items and not picture.items:
        return f"No item of {items:,} has a text or a picture"
    if text.items == picture.items == items:
        return f"Every item has a text and a picture ({items:,} of {items:,})"
    return f"Of {plural(items, 'item')} {_of(text)} {verb} a text and {_of(picture)} a picture"


def _of(field: FieldCoverage) -> str:
    return f"{field.items:,} ({share_label(field.share)})"


def _say_ties(info: DataCardInfo) -> str:
    ties = info.ties
    if not isinstance(ties, TieInfo) or not ties.users:
        return ""
    asked = info.sizes.test_users
    target = (
        f"; for {ties.test_targets:,} of the {asked:,} asked on test the target is one of them, so "
        "only the order of the file says that it came last"
        if asked
        else ""
    )
    return (
        f"{ties.users:,} of {plural(info.sizes.users, 'user')} "
        f"({share_label(ties.users / info.sizes.users)}) have interactions that share a "
        f"timestamp{target}."
    )


def _say_salvage(info: DataCardInfo) -> str:
    lines, lost = (info.facts.get(key) for key in ("salvaged_lines", "lost_bytes"))
    if not lines and not lost:
        return ""
    known = [f"{name} {value}" for name, value in (("whole lines", lines), ("bytes lost", lost))
             if value is not None]  # fmt: skip
    return f"A raw file ends early and was salvaged ({sentence_list(known)}): this is a part of it."


def _say_checks(info: DataCardInfo) -> str:
    sizes = info.sizes
    asked = (
        f"{plural(sizes.valid_users, 'user')} asked on validation, {sizes.test_users:,} on test"
        if sizes.valid_users or sizes.test_users
        else "Nobody is asked on validation or test"
    )
    if info.leaks:
        rules = sentence_list([f"“{check.rule}” ({check.violations:,})" for check in info.leaks])
        return f"{asked}; the split LEAKS, these rules are broken: {rules}."
    unknown = sum(check.violations is None for check in info.checks)
    rest = f", {unknown} could not be looked for" if unknown else ""
    return f"{asked}; {len(info.checks) - unknown} checks for leaks found none{rest}."


def no_evidence_for(info: DataCardInfo) -> str:
    """What results on this data cannot show; computed, and ``""`` where nothing is known."""
    limits = [words for words in (
        _limit_of_source(info), _limit_of_pictures(info), *_limits_of_interactions(info)
    ) if words]  # fmt: skip
    return f"Not evidence for: {'; '.join(limits)}." if limits else ""


def _limit_of_source(info: DataCardInfo) -> str:
    generated = info.facts.get("source") == "generated"
    return "real shoppers (the world is generated)" if generated else ""


def _limit_of_pictures(info: DataCardInfo) -> str:
    content, items = info.content, info.sizes.items
    missing = [
        f"the {plural(items - field.items, 'item')} without a {what}"
        for what, field in (("text", content.text), ("picture", content.picture))
        if 1 - field.share >= _WORTH_SAYING
    ]
    return f"what text and pictures do for {sentence_list(missing)}" if missing else ""


def _limits_of_interactions(info: DataCardInfo) -> list[str]:
    sizes, limits = info.sizes, []
    if not sizes.interactions:
        return ["any ranking (nobody interacts)"]
    if info.facts.get("time_unit") == "position":
        limits.append("drift over time (timestamps are positions, no calendar)")
    if info.histories and info.item_counts:
        fewest = info.histories.smallest, info.item_counts.smallest
        if min(fewest) > 1:
            limits.append(
                f"colder users or items (every user has {fewest[0]:,} interactions or more, every "
                f"item {fewest[1]:,})"
            )
    timeline = info.timeline
    if isinstance(timeline, TimelineInfo) and (timeline.late_train or 0) >= _WORTH_SAYING:
        limits.append(
            f"forecasting ({percent(timeline.late_train)} of the training interactions happened "
            "after half of the test targets)"
        )
    return limits + _limit_of_asked(sizes.test_users)


def _limit_of_asked(asked: int) -> list[str]:
    if not 0 < asked < _FEW_ASKED:
        return []
    error = math.sqrt(_EXAMPLE_RECALL * (1 - _EXAMPLE_RECALL) / asked)
    return [
        f"small differences (with {plural(asked, 'user')} asked, a recall of "
        f"{number(_EXAMPLE_RECALL, 2)} has a standard error of {number(error, 3)})"
    ]


def say_histories(spread: Spread) -> tuple[str, str]:
    """Title and subtitle of the histogram of history lengths."""
    title = (
        f"Half of the users have at most {plural(spread.median, 'interaction')}; the longest "
        f"history has {spread.largest:,}"
    )
    return title, f"{plural(spread.count, 'user')} by the length of their whole history"


def say_popularity(info: PopularityInfo) -> tuple[str, str]:
    """Title and subtitle of the curve of popularity."""
    title = f"The most popular 10 % of the items hold {percent(info.top_share)} of the interactions"
    without = f", {info.items_without:,} of them without any" if info.items_without else ""
    return title, (
        f"{plural(info.num_items, 'item')}{without}, all splits; "
        f"{plural(info.items_for_half, 'item')} hold half of the interactions"
    )


def say_timeline(info: TimelineInfo) -> tuple[str, str]:
    """Title and subtitle of the interactions over time."""
    title = f"Half of the interactions happened by {info.middle}, the other half until {info.last}"
    if info.middle == info.last:
        title = f"All interactions happened from {info.first} to {info.last}"
    total = plural(sum(info.counts), "interaction")
    return title, f"{total} by {info.step}, from {info.first} to {info.last} (UTC)"


def say_coverage(info: ContentInfo, items: int) -> tuple[str, str]:
    """Title and subtitle of the coverage of text, picture and fields."""
    least = min(info.coverage, key=lambda field: field.items)
    title = (
        f"Least covered is “{least.name}”: {plural(items - least.items, 'item')} of {items:,} "
        f"{'lacks' if items - least.items == 1 else 'lack'} it"
        if least.items < items
        else "Every item has a text, a picture and every field"
    )
    subtitle = f"{plural(items, 'item')}; text is blue and round, the picture orange and square"
    return title, subtitle


def say_texts(spread: Spread) -> tuple[str, str]:
    """Title and subtitle of the histogram of text lengths."""
    title = (
        f"Half of the texts have at most {plural(spread.median, 'character')}; the longest has "
        f"{spread.largest:,}"
    )
    return title, f"{plural(spread.count, 'item')} with a text, cleaned as it is embedded"


def say_shared(info: ContentInfo) -> str:
    """How many items cannot be told apart by text or by picture."""
    found = [
        f"{plural(count, 'item')} share their {what} with another item, {how}"
        for count, what, how in (
            (info.shared_texts, "text", "letter for letter"),
            (info.shared_pictures, "picture", "byte for byte"),
        )
        if count
    ]
    if not found:
        return "No two items share a text, letter for letter, or a picture, byte for byte."
    return f"{sentence_list(found)}: by that alone no method can tell them apart."
