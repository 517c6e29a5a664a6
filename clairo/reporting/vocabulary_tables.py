"""Tables of a vocabulary: what merging saves, and the spelled merges."""

from __future__ import annotations

from clairo.reporting.labels import DASH, number, percent, plural
from clairo.reporting.spelled_info import CarrierGroup, MergeCard, SpelledInfo
from clairo.reporting.table import WEIGHTED_COUNT, Cell, Column, Table
from clairo.reporting.vocabulary_info import EconomyInfo


def economy_table(info: EconomyInfo) -> Table:
    """Tokens and bits of an item, before and after merging."""
    rows = tuple(
        (
            Cell.of(saving.name),
            Cell.of(saving.unit),
            Cell(number(saving.before, 2), saving.before),
            Cell(number(saving.after, 2), saving.after),
            Cell(percent(saving.share), saving.share),
        )
        for saving in info.savings
    )
    columns = (
        Column("Cost"),
        Column("Unit"),
        Column("Before merging", numeric=True),
        Column("After merging", numeric=True),
        Column("Left", numeric=True),
    )
    return Table(
        "vocabulary_economy",
        f"Tokens and bits of an item before and after merging, trial {info.trial}.",
        columns,
        rows,
    )


def spelled_table(info: SpelledInfo) -> Table:
    """The spelled merges, one row each."""
    columns = (
        Column("Place", numeric=True),
        Column("Joins", choices=True),
        Column("Digit", choices=True),
        Column("Made mostly", choices=True),
        *(Column(f"{side} {what}") for side in ("Left", "Right") for what in _SIDE),
        Column("Carriers of both (items)", numeric=True),
        Column("Neighbours that carry it (places)", numeric=True),
        Column("Together, for example"),
        Column("Made within an item (places)", numeric=True),
        Column("Made between neighbours (places)", numeric=True),
        Column("Weighted count", numeric=True, help=WEIGHTED_COUNT),
    )
    return Table(
        name="spelled_merges",
        caption=(
            f"The first {plural(len(info.cards), 'merge')} of trial {info.trial} in words, in the "
            "order they were made. Titles are the most frequent in training."
        ),
        columns=columns,
        rows=tuple(_row(card) for card in info.cards),
        searchable=True,
    )


_SIDE = ("codes", "words", "titles")


def _row(card: MergeCard) -> tuple[Cell, ...]:
    # One of each: a row is read across, and the cards have more.
    together = [*(card.both.titles[:1] if card.both else ()), *_say_examples(card)[:1]]
    both = card.both.num_items if card.both else None
    return (
        Cell(str(card.place), card.place),
        Cell.of(card.joins),
        Cell.of(card.digit),
        Cell.of(card.made),
        *_side_cells(card.left),
        *_side_cells(card.right),
        Cell(DASH if both is None else f"{both:,}", both),
        Cell(f"{card.places:,}", card.places),
        Cell.of("; ".join(together) or DASH),
        *(
            Cell(f"{places:,}", places) if places >= 0 else Cell.of(DASH)
            for places in (card.inside, card.across)
        ),
        Cell(number(card.priority, 1), card.priority),
    )


def _side_cells(group: CarrierGroup) -> tuple[Cell, ...]:
    return (
        Cell.of(", ".join(code.words for code in group.codes)),
        Cell.of(", ".join(group.words) or DASH),
        Cell.of("; ".join(group.titles) or DASH),
    )


def _say_examples(card: MergeCard) -> list[str]:
    return [
        f"{' then '.join(item.title for item in example.items)} ({plural(example.places, 'place')})"
        for example in card.examples
    ]
