"""The page of a vocabulary: what the tokens mean, in numbers, words and pictures."""

from __future__ import annotations

from clairo.reporting import vocabulary_figures, vocabulary_findings, vocabulary_tables
from clairo.reporting.links import page_links
from clairo.reporting.page import (
    Block,
    Cards,
    Figure,
    Missing,
    Page,
    Prose,
    Section,
    TableBlock,
    absent,
)
from clairo.reporting.provenance import best_code, measured_on, no_evidence_for
from clairo.reporting.search_info import Absent
from clairo.reporting.spelled_info import SpelledInfo, compute_spelled
from clairo.reporting.vocabulary_info import (
    EconomyInfo,
    compute_crossing,
    compute_economy,
    compute_lengths,
)
from clairo.tracking.records import SweepRecord


def make_vocabulary_page(record: SweepRecord) -> Page:
    """What the merged tokens of the best configuration mean; what is missing is said."""
    summary, spelled = record.summary, compute_spelled(record)
    sections = (
        Section("economy", "What merging saves", _economy(record)),
        Section("crossing", "What merges cross, by rank", (crossing_block(record),)),
        Section("lengths", "How long the tokens are", (_lengths(record),)),
        Section("merges", "The first merges, spelled out", _spelled(spelled)),
        Section("spelled-table", "The merges as a table", (_table(spelled),)),
    )
    return Page(
        title=f"{summary.dataset_name}: vocabulary of {summary.sweep_id}",
        headline=f"What do the merged tokens mean on {summary.dataset_name}?",
        claims=_claims(sections, spelled),
        warning=no_evidence_for(record, exploratory=True),
        lead=(measured_on(record), *best_code(record)),
        sections=sections,
        links=page_links(record, "vocabulary.html"),
    )


def crossing_block(record: SweepRecord) -> Block:
    """The figure of crossing merges, or why there is none."""
    info = compute_crossing(record)
    if isinstance(info, Absent):
        return absent("Crossing merges by rank", info)
    words = vocabulary_findings.say_crossing(info)
    return Figure("crossing_by_rank", *words, vocabulary_figures.plot_crossing(info))


def economy_blocks(record: SweepRecord) -> tuple[Block, ...]:
    """The figure of what merging saves with a sentence on usage, or why there is none."""
    info = compute_economy(record)
    if isinstance(info, Absent):
        return (absent("Tokens and bits before and after merging", info),)
    words = vocabulary_findings.say_economy(info)
    return (
        Figure("vocabulary_economy", *words, vocabulary_figures.plot_economy(info)),
        Prose((vocabulary_findings.say_usage(info),)),
    )


def _claims(sections: tuple[Section, ...], spelled: SpelledInfo | Absent) -> tuple[str, ...]:
    """The points of the figures, what merging saves first, and what the first merges contain."""
    points = {
        block.name: block.title
        for section in sections
        for block in section.blocks
        if isinstance(block, Figure)
    }
    order = ("vocabulary_economy", "crossing_by_rank", "token_lengths")
    claims = tuple(f"{points[name]}." for name in order if name in points)
    if isinstance(spelled, SpelledInfo):
        digit = vocabulary_findings.say_digit([card.modalities for card in spelled.cards])
        claims = (*claims, digit)
    return claims or ("No facts of a merged vocabulary were logged.",)


def _lengths(record: SweepRecord) -> Block:
    info = compute_lengths(record)
    if isinstance(info, Absent):
        return absent("Token lengths", info)
    words = vocabulary_findings.say_lengths(info)
    return Figure("token_lengths", *words, vocabulary_figures.plot_lengths(info))


def _economy(record: SweepRecord) -> tuple[Block, ...]:
    info = compute_economy(record)
    table = (
        (TableBlock(vocabulary_tables.economy_table(info)),)
        if isinstance(info, EconomyInfo)
        else ()
    )
    return (*economy_blocks(record), *table)


def _spelled(info: SpelledInfo | Absent) -> tuple[Block, ...]:
    if isinstance(info, Absent):
        return (absent("Merges in words and pictures", info),)
    return (Prose(vocabulary_findings.say_spelled(info)), Cards("merge_cards", info))


def _table(info: SpelledInfo | Absent) -> Block:
    if isinstance(info, Absent):
        return Missing("Spelled merges", info.reason)
    return TableBlock(vocabulary_tables.spelled_table(info))
