"""Tables of a data card, on the page and as files beside it."""

from __future__ import annotations

from typing import Any

from clairo.evaluation.segments import HEAD_SHARE, TAIL_COUNT
from clairo.reporting.data_card_info import DataCardInfo, DuplicateItem, FunnelStep
from clairo.reporting.data_card_log import Spread
from clairo.reporting.data_card_time import LeakCheck
from clairo.reporting.labels import DASH, number, percent, plural
from clairo.reporting.table import Cell, Column, Table

_SEGMENT_RULES = {
    "head": f"fewest items that hold {percent(HEAD_SHARE)} of training",
    "torso": "between head and tail",
    "tail": f"{TAIL_COUNT} training interactions or fewer",
    "unseen": "none in training; part of the tail",
}
_QUANTILE_NAMES = {0.0: "Fewest", 0.5: "Median", 1.0: "Most"}


def funnel_table(steps: tuple[FunnelStep, ...]) -> Table:
    """What every filter left, in the order applied."""
    first = steps[0].interactions
    rows = tuple(
        (
            Cell.of(step.step),
            _whole(step.interactions),
            _whole(step.users),
            _whole(step.items),
            _share(step.interactions, first),
        )
        for step in steps
    )
    columns = (Column("Step"), *_numeric("Interactions", "Users", "Items", "Interactions kept"))
    caption = "From the raw file to the data: what remains after every filter, in this order."
    return Table("funnel", caption, columns, rows)


def spreads_table(info: DataCardInfo) -> Table | None:
    """Quantiles of lengths and counts; ``None`` where there is nothing to count."""
    spreads = [
        (name, spread)
        for name, spread in (
            ("Interactions of a user", info.histories),
            ("Interactions of an item", info.item_counts),
            ("Characters of a text", info.content.texts),
        )
        if spread is not None
    ]
    if not spreads:
        return None
    shares = [share for share, _ in spreads[0][1].quantiles]
    names = [_QUANTILE_NAMES.get(share, percent(share)) for share in shares]
    rows = tuple((Cell.of(name), *_spread_cells(spread)) for name, spread in spreads)
    return Table(
        "quantiles",
        "Quantiles: the smallest value that this share of users, items or texts does not exceed.",
        (Column("What"), *_numeric("Count", *names, "Mean")),
        rows,
    )


def _spread_cells(spread: Spread) -> tuple[Cell, ...]:
    values = (_whole(value) for _, value in spread.quantiles)
    return (_whole(spread.count), *values, Cell(number(spread.mean, 1), spread.mean))


def segments_table(info: DataCardInfo) -> Table:
    """Head, torso and tail, and what of training and of the targets falls on each."""
    sizes = info.sizes
    rows = tuple(
        (
            Cell.of(segment.name),
            Cell.of(_SEGMENT_RULES[segment.name]),
            _whole(segment.items),
            _share(segment.items, sizes.items),
            _whole(segment.train),
            _share(segment.train, sizes.train),
            _whole(segment.valid),
            _whole(segment.test),
            _share(segment.test, sizes.test_users),
        )
        for segment in info.segments
    )
    names = (
        "Items", "Share of items", "Training interactions", "Share of training", "Valid targets",
        "Test targets", "Share of test",
    )  # fmt: skip
    return Table(
        "segments",
        "Items by how often they occur in training, and what is asked of them.",
        (Column("Segment"), Column("Rule"), *_numeric(*names)),
        rows,
    )


def checks_table(checks: tuple[LeakCheck, ...]) -> Table:
    """What was looked for to rule out leaks."""
    rows = tuple(
        (Cell.of(check.rule), Cell.of(check.looked_at), *_verdict_cells(check)) for check in checks
    )
    columns = (
        Column("What must hold"), Column("Looked at"), Column("Violations", numeric=True),
        Column("Result"),
    )  # fmt: skip
    return Table("leak_checks", "Leak checks, made on the prepared arrays.", columns, rows)


def _verdict_cells(check: LeakCheck) -> tuple[Cell, Cell]:
    if check.violations is None:
        return Cell(DASH), Cell(check.reason, check.reason, tone="quiet")
    word = "leak" if check.violations else "holds"
    tone = Cell(word, word, tone="bad" if check.violations else "good")
    return _whole(check.violations), tone


def duplicates_table(duplicates: tuple[DuplicateItem, ...], rows_in_all: int) -> Table:
    """Items with several metadata rows, and which of them counts."""
    rows = tuple(
        (
            Cell.of(item.title or "title unknown"),
            Cell.of(item.item_id),
            Cell.of(", ".join(f"{line:,}" for line in item.lines)),
            Cell(f"{item.kept:,}", item.kept),
        )
        for item in duplicates
    )
    return Table(
        "duplicate_metadata",
        f"{plural(len(duplicates), 'item')} with more than one metadata row; "
        f"{plural(rows_in_all, 'row')} in the file beyond the first of their item. "
        "Of each item the last complete row counts.",
        (Column("Item"), Column("Id"), Column("Lines of the file"), Column("Line kept", True)),
        rows,
        searchable=True,
    )


def facts_table(info: DataCardInfo) -> Table:
    """Every scalar that the reader recorded, by name."""
    rows = tuple(
        (Cell(name.replace("_", " "), name), _fact_cell(value))
        for name, value in sorted(info.facts.items())
        if isinstance(value, str | int | float)
    )
    return Table(
        "facts",
        "What the reader recorded with the data; the tracker has the same.",
        (Column("Fact"), Column("Value")),
        rows,
        searchable=True,
    )


def _fact_cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return Cell.of("yes" if value else "no")
    if isinstance(value, str):
        return Cell.of(value or DASH)
    return Cell(f"{value:,}" if isinstance(value, int) else f"{value:,.6g}", value)


def _numeric(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, numeric=True) for name in names)


def _whole(value: int) -> Cell:
    return Cell(f"{value:,}", value)


def _share(part: int, whole: int) -> Cell:
    share = part / whole if whole else None
    return Cell(percent(share, 1), share)
