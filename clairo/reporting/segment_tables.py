"""Effects by segment as a table."""

from __future__ import annotations

from clairo.evaluation.metric_names import metric_label
from clairo.reporting.labels import DASH, plural
from clairo.reporting.marks import number_cell, percent_cell, range_cell
from clairo.reporting.segment_info import (
    FEW_USERS,
    SEGMENT_TITLES,
    SegmentEffect,
    SegmentRow,
    SegmentsInfo,
)
from clairo.reporting.table import Cell, Column, Table

_SHOWN = 96
"""Rows on the page: twelve arms in all segments; the files hold all."""


def segment_effects_table(found: SegmentsInfo) -> Table:
    """One row an arm and segment: both means, difference and interval."""
    info, label = found.info, metric_label(found.info.metric)
    columns = (
        Column("Arm", choices=True),
        Column("Segment", choices=True),
        Column("Users", numeric=True),
        Column(f"{label}, reference", numeric=True),
        Column(f"{label}, arm", numeric=True),
        Column("Difference", numeric=True),
        Column("95 % over users and seeds"),
        Column("Percent", numeric=True),
    )
    rows = tuple(_row(row, segment, info.digits) for row in found.rows for segment in row.segments)
    caption = (
        f"{label} on the {info.split} split by segment, against {info.against}; paired by user, "
        f"{info.seeds_text}. Not declared as claims: intervals are not adjusted."
    )
    notes = (
        f"Fewer than {FEW_USERS} users say little. Targets never seen in training are part of the "
        "tail; the other segments of each kind are disjoint and together hold everybody.",
        *(f"{title} is left out: {why}" for title, why in found.left_out),
    )
    return Table(f"{info.family.name}_segments", caption, columns, rows, True, notes, shown=_SHOWN)


def _row(row: SegmentRow, segment: SegmentEffect, digits: int) -> tuple[Cell, ...]:
    start = (Cell.of(row.effect.arm.title), Cell.of(SEGMENT_TITLES[segment.segment]))
    interval = segment.interval
    if interval is None:
        none = Cell(DASH, title="No user was asked in every seed.")
        return (*start, Cell("0", 0), *([none] * 5))
    few = segment.users < FEW_USERS
    return (
        *start,
        Cell(
            f"{segment.users:,}", segment.users, title=plural(segment.users, "user"),
            tone="quiet" if few else "",
        ),
        number_cell(segment.reference, digits),
        number_cell(segment.arm, digits),
        number_cell(interval.mean, digits, signed=True),
        range_cell(interval.low, interval.high, digits),
        percent_cell(segment.percent),
    )  # fmt: skip
