"""The table of a comparison by segment."""

from __future__ import annotations

from collections.abc import Sequence

from clairo.evaluation.metric_names import metric_label
from clairo.reporting.compare_info import METRICS
from clairo.reporting.compare_segments import SegmentRow, SegmentsInfo
from clairo.reporting.labels import number
from clairo.reporting.marks import number_cell, range_cell
from clairo.reporting.search_tables import column_digits, spread_cell
from clairo.reporting.segment_info import FEW_USERS
from clairo.reporting.table import Cell, Column, Table

_SEGMENT_NAMES = {
    "head": "Head", "torso": "Torso", "tail": "Tail", "unseen": "Unseen",
    "history_1_4": "1–4 known", "history_5_9": "5–9 known", "history_10_19": "10–19 known",
    "history_20_up": "20+ known",
}  # fmt: skip
"""Short enough for a phone; a note says what they mean."""


def segments_table(info: SegmentsInfo, compared: Sequence[str]) -> Table:
    """The primary metric by segment, and differences of sides on the same users.

    Args:
        info: The segments.
        compared: Letters of sides that may be compared with the first one.
    """
    digits = column_digits([value for row in info.rows for value in row.values])
    rows = tuple(_row(row, info, compared, digits) for row in info.rows)
    columns = (
        Column("Segment"),
        Column("Users", numeric=True),
        *(Column(letter, numeric=True) for letter in info.letters),
        *(column for letter in compared for column in _columns(info, letter)),
    )
    caption = f"{metric_label(METRICS[0])} by segment, {info.split} split, mean over seeds."
    return Table("segments", caption, columns, rows, notes=_notes(info))


def _columns(info: SegmentsInfo, letter: str) -> tuple[Column, ...]:
    name = f"{letter} − {info.letters[0]}"
    if letter not in info.paired:
        return (Column(name, numeric=True),)
    return Column(name, numeric=True), Column(f"{name}, 95 %", help="Over users and seeds.")


def _row(
    row: SegmentRow, info: SegmentsInfo, compared: Sequence[str], digits: int
) -> tuple[Cell, ...]:
    counts = list(dict.fromkeys(number(users, 0) for users in row.users if users is not None))
    return (
        Cell.of(_SEGMENT_NAMES[row.name], title=row.title),
        Cell(" or ".join(counts), next((u for u in row.users if u is not None), None)),
        *(spread_cell(value, digits) for value in row.values),
        *(cell for letter in compared for cell in _difference(row, info, letter, digits)),
    )


def _difference(row: SegmentRow, info: SegmentsInfo, letter: str, digits: int) -> tuple[Cell, ...]:
    if letter not in info.paired:
        return (number_cell(row.deltas[info.letters.index(letter)], digits, signed=True),)
    interval = info.paired[letter][row.name].interval
    if interval is None:
        why = "No user of it was asked in every shared seed."
        return number_cell(None, digits), range_cell(None, None, digits, why)
    return (
        number_cell(interval.mean, digits, signed=True),
        range_cell(interval.low, interval.high, digits),
    )


def _notes(info: SegmentsInfo) -> tuple[str, ...]:
    meanings = (
        f"{_SEGMENT_NAMES[row.name]}: {row.title[:1].lower()}{row.title[1:]}" for row in info.rows
    )
    notes = [f"{'; '.join(meanings)}."]
    if info.paired:
        notes.append(
            "Differences with an interval are paired by seed and user, among users who were asked "
            "in every shared seed. Segments were not declared: intervals are not adjusted."
        )
    if info.unpaired or not info.paired:
        notes.append("Differences on shared seeds, without intervals: hints where to look, not "
                     "findings.")  # fmt: skip
    notes += [f"{letter} has no intervals: {why}." for letter, why in info.unpaired]
    notes.append(f"± is over seeds only. Fewer than {FEW_USERS} users say little.")
    return tuple(notes)
