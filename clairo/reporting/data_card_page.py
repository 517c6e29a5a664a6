"""The page of a data set: what it is, how much, what is missing, and what it cannot show."""

from __future__ import annotations

import json

import yaml

from clairo.core.dataset import Dataset, Facts
from clairo.reporting import data_card_figures, data_card_findings, data_card_tables
from clairo.reporting.data_card_info import DataCardInfo, data_card_info, interaction_counts
from clairo.reporting.data_card_log import TieInfo
from clairo.reporting.data_card_samples import SampleItem, sample_items
from clairo.reporting.data_card_time import TimelineInfo
from clairo.reporting.labels import capitalised, plural, share_label
from clairo.reporting.page import (
    Block,
    Code,
    Definitions,
    Figure,
    Items,
    Missing,
    Page,
    Prose,
    Section,
    TableBlock,
    absent,
)
from clairo.reporting.search_info import Absent
from clairo.reporting.style import MODALITY_COLORS

_UNKNOWN = "not recorded"
_UNITS = {"s": "seconds since 1970", "ms": "milliseconds since 1970",
          "position": "position in the history, no calendar"}  # fmt: skip


def make_data_card_page(dataset: Dataset) -> Page:
    """The card of a data set; what is missing is said in its place.

    Args:
        dataset: The data; a catalogue without users, or without texts and pictures, will do.
    """
    info = data_card_info(dataset)
    samples = sample_items(dataset, *interaction_counts(dataset))
    return Page(
        title=f"{info.name}: data card",
        headline=f"What is in {info.name}?",
        claims=data_card_findings.claims(info),
        warning=data_card_findings.no_evidence_for(info),
        lead=(_stands_on(info), Code("In short (YAML)", _short(info))),
        lead_name="Summary",
        sections=(
            Section("samples", "What the items look like", _samples(samples)),
            Section("histories", "How much users and items have", _histories(info)),
            Section("popularity", "Bestsellers and the long tail", _popularity(info)),
            Section("time", "When it happened, and ties", _time(info)),
            Section("content", "Texts and pictures", _content(info)),
            Section("duplicates", "Repeated metadata", _duplicates(info)),
            Section("filters", "From the raw file to this data", _funnel(info)),
            Section("split", "The split and its leak checks", _split(info)),
            Section("provenance", "Digest and settings", _provenance(info)),
        ),
    )


def _stands_on(info: DataCardInfo) -> Definitions:
    facts, sizes = info.facts, info.sizes
    names = [str(facts[key]) for key in ("source", "release", "category") if facts.get(key)]
    filters = [step.step for step in info.funnel[1:]]
    return Definitions(
        (
            ("Source", ", ".join(names) or _UNKNOWN),
            ("Time", _say_time(info)),
            ("Filters", "; ".join(filters) or ("none" if info.funnel else _UNKNOWN)),
            *((("Settings", _chosen(facts)),) if facts.get("chosen_settings") else ()),
            ("Split", data_card_findings.SPLITS.get(info.split, info.split or _UNKNOWN)),
            (
                "Asked",
                f"{sizes.valid_users:,} on validation, {sizes.test_users:,} on test; "
                f"{plural(sizes.training_only, 'user')} only for training",
            ),
            ("Digest", str(facts.get("digest", _UNKNOWN))),
        )
    )


def _chosen(facts: Facts) -> str:
    """Settings that are not at their default."""
    chosen = facts["chosen_settings"]
    return ", ".join(f"{name}: {json.dumps(value)}" for name, value in chosen.items())


def _say_time(info: DataCardInfo) -> str:
    if isinstance(info.timeline, TimelineInfo):
        return f"{info.timeline.first} to {info.timeline.last}"
    return info.timeline.reason


def _short(info: DataCardInfo) -> str:
    """What a paper's appendix needs of it."""
    sizes, content = info.sizes, info.content
    values: dict[str, object] = {
        "data": info.name,
        "users": sizes.users,
        "items": sizes.items,
        "interactions": sizes.interactions,
        "items_with_text": content.text.items,
        "items_with_picture": content.picture.items,
        "split": info.split or None,
        "settings": info.facts.get("chosen_settings") or None,
        "digest": info.facts.get("digest"),
    }
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def _samples(samples: tuple[SampleItem, ...]) -> tuple[Block, ...]:
    if not samples:
        return (Missing("Sample items", "The catalogue is empty."),)
    if not any(item.title or item.has_text or item.picture for item in samples):
        reason = "No item has a title, a text or a picture; bare ids would show nothing."
        return (Missing("Sample items", reason),)
    words = (
        f"{plural(len(samples), 'item')}, chosen by rule and not by chance: evenly from the most "
        "to the least popular of head, torso and tail, one in four without a picture where there "
        "are such. They show the kinds of items, not their shares."
    )
    return Prose((words,)), Items(samples)


def _histories(info: DataCardInfo) -> tuple[Block, ...]:
    table = data_card_tables.spreads_table(info)
    quantiles = (TableBlock(table),) if table else ()
    if info.histories is None or not info.sizes.interactions:
        return (Missing("Lengths of histories", "There are no interactions."), *quantiles)
    figure = data_card_figures.plot_histogram(
        info.histories.histogram, "Interactions of a user", "users"
    )
    words = data_card_findings.say_histories(info.histories)
    return (Figure("history_lengths", *words, figure), *quantiles)


def _popularity(info: DataCardInfo) -> tuple[Block, ...]:
    table = TableBlock(data_card_tables.segments_table(info))
    if info.popularity is None:
        return (Missing("Popularity of items", "There are no interactions."), table)
    figure = data_card_figures.plot_popularity(info.popularity)
    words = data_card_findings.say_popularity(info.popularity)
    return (Figure("item_popularity", *words, figure), table)


def _time(info: DataCardInfo) -> tuple[Block, ...]:
    timeline, ties, unit = info.timeline, info.ties, info.facts.get("time_unit")
    block: Block = (
        absent("Interactions over time", timeline)
        if isinstance(timeline, Absent)
        else Figure(
            "interactions_over_time",
            *data_card_findings.say_timeline(timeline),
            data_card_figures.plot_timeline(timeline),
        )
    )
    meaning = ("Timestamps", _UNITS.get(str(unit), _UNKNOWN))
    if isinstance(ties, Absent):
        return (block, Definitions((meaning,)), absent("Ties", ties))
    return block, Definitions((meaning, *_tie_rows(info, ties)))


def _tie_rows(info: DataCardInfo, ties: TieInfo) -> tuple[tuple[str, str], ...]:
    sizes = info.sizes
    return tuple(
        (name, f"{part:,} of {whole:,}" + (f" ({share_label(part / whole)})" if whole else ""))
        for name, part, whole in (
            ("Tied interactions", ties.interactions, sizes.interactions),
            ("Users with ties", ties.users, sizes.users),
            ("Tied validation targets", ties.valid_targets, sizes.valid_users),
            ("Tied test targets", ties.test_targets, sizes.test_users),
        )
    )


def _content(info: DataCardInfo) -> tuple[Block, ...]:
    content, items = info.content, info.sizes.items
    if not any(field.items for field in content.coverage):
        reason = "No item has a text or a picture; all that is known of items is their interactions"
        return (Missing("Coverage of texts and pictures", f"{reason} or codes."),)
    blocks: list[Block] = [
        Figure(
            "coverage",
            *data_card_findings.say_coverage(content, items),
            data_card_figures.plot_coverage(content),
        )
    ]
    if not content.fields_recorded:
        reason = "The reader did not record it; title, price and category are counted here."
        blocks.append(Missing("Coverage of every field", reason))
    if content.texts is None:
        blocks.append(Missing("Lengths of texts", "No item has a text."))
    else:
        figure = data_card_figures.plot_histogram(
            content.texts.histogram, "Characters of a text", "items", MODALITY_COLORS["text"]
        )
        blocks.append(Figure("text_lengths", *data_card_findings.say_texts(content.texts), figure))
    blocks += [Prose((data_card_findings.say_shared(content),)), _content_rows(info)]
    return tuple(blocks)


def _content_rows(info: DataCardInfo) -> Definitions:
    content = info.content
    return Definitions(
        tuple(
            (name, _UNKNOWN if count is None else f"{count:,}")
            for name, count in (
                ("Items without metadata", content.without_metadata),
                ("Pictures that do not decode", content.undecodable),
                ("Items with a picture address", content.with_address),
            )
        )
    )


def _duplicates(info: DataCardInfo) -> tuple[Block, ...]:
    if info.duplicate_rows is None:
        return (Missing("Repeated metadata rows", "The reader did not record them."),)
    if not info.duplicate_rows:
        return (Prose(("No item has more than one metadata row.",)),)
    if not info.duplicates:
        count = plural(info.duplicate_rows, "metadata row")
        reason = f"{count} beyond the first of their item; which ones was not recorded."
        return (Missing("List of repeated metadata rows", reason),)
    return (TableBlock(data_card_tables.duplicates_table(info.duplicates, info.duplicate_rows)),)


def _funnel(info: DataCardInfo) -> tuple[Block, ...]:
    if not info.funnel:
        return (Missing("Filters", "The reader did not record what each filter left."),)
    return (TableBlock(data_card_tables.funnel_table(info.funnel)),)


def _split(info: DataCardInfo) -> tuple[Block, ...]:
    name = data_card_findings.SPLITS.get(info.split, info.split or "how was not recorded")
    return (
        Prose((f"{capitalised(name)}.",)),
        TableBlock(data_card_tables.checks_table(info.checks)),
    )


def _provenance(info: DataCardInfo) -> tuple[Block, ...]:
    words = (
        "The digest on the first screen is over content and settings. The content digest is over "
        "ids, interactions, splits, texts, pictures and codes, the settings digest over "
        "everything that was chosen. Data with the same content digest is the same data, whatever "
        "it was read from."
    )
    table = data_card_tables.facts_table(info)
    facts: tuple[Block, ...] = (
        (TableBlock(table),) if table.rows else (Missing("Facts", "The reader recorded none."),)
    )
    return (Prose((words,)), *facts)
