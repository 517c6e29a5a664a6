"""From a metadata file to one record per wanted item."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from clairo.core.errors import DataError
from clairo.datasets import amazon_2014, amazon_2018, amazon_2023
from clairo.datasets.item_rows import CollectedRows, Metadata, TitledT
from clairo.datasets.item_text import ItemRecord, PictureRow
from clairo.datasets.raw_blocks import MAX_LINE_BYTES, OnTruncated, read_blocks
from clairo.datasets.raw_lines import decode_line, read_lines, refuse_line, require_string

_FORMATS: Final[Mapping[str, ModuleType]] = {
    "2014": amazon_2014,
    "2018": amazon_2018,
    "2023": amazon_2023,
}


def read_metadata(
    path: Path,
    release: str,
    wanted: Collection[str] | None,
    on_truncated: OnTruncated | None = None,
) -> Metadata[ItemRecord]:
    """Reads the rows of the wanted items; of several rows the last complete one counts.

    See :class:`~clairo.datasets.item_rows.CollectedRows`.

    Args:
        path: The metadata file, or the item table of 2023 (``.csv``).
        release: Year.
        wanted: Item ids; ``None`` wants all.
        on_truncated: See :func:`~clairo.datasets.raw_blocks.read_blocks`.

    Raises:
        DataError: The file is damaged, or a line is not of the release's format.
    """
    return _collect(_rows(path, release, wanted, on_truncated), path, _FORMATS[release].item_record)


def read_picture_rows(
    path: Path,
    release: str,
    wanted: Collection[str] | None,
    on_truncated: OnTruncated | None = None,
) -> Metadata[PictureRow]:
    """Addresses of the pictures of the wanted items; texts are neither cleaned nor kept.

    Takes and raises what :func:`read_metadata` does, and the same rows count.
    """
    return _collect(_rows(path, release, wanted, on_truncated), path, _FORMATS[release].picture_row)


@dataclass(frozen=True)
class _Row:
    """One row of an item; no values where the item is not wanted."""

    number: int
    item: str = ""
    values: Mapping[str, Any] | None = None


def _collect(
    rows: Iterator[_Row], path: Path, describe: Callable[[Mapping[str, Any]], TitledT]
) -> Metadata[TitledT]:
    collected: CollectedRows[TitledT] = CollectedRows()
    for row in rows:
        collected.num_rows += 1
        if row.values is not None:
            collected.add(row.item, describe(row.values), row.number)
    if collected.num_rows == 0:
        raise DataError(f"{path} must hold one record a line, it has none; fetch it again.")
    return collected.result()


def _rows(
    path: Path, release: str, wanted: Collection[str] | None, on_truncated: OnTruncated | None
) -> Iterator[_Row]:
    known = None if wanted is None else frozenset(wanted)
    found = (
        _table_rows(path)
        if path.suffix == ".csv"
        else _line_rows(path, release, known, on_truncated)
    )
    for row in found:
        is_wanted = row.values is not None and (known is None or row.item in known)
        yield row if is_wanted else _Row(row.number)


def _line_rows(
    path: Path, release: str, known: frozenset[str] | None, on_truncated: OnTruncated | None
) -> Iterator[_Row]:
    for number, line in read_lines(path, on_truncated):
        if known is None or not _is_of_others(line, release, known):
            yield _read_row(line, release, path, number)
        else:
            yield _Row(number)


def _is_of_others(line: bytes, release: str, known: frozenset[str]) -> bool:
    """Whether a row can be skipped unparsed: the files hold many items nobody reviewed.

    Only a row that names exactly one item in the usual way is judged; all others are parsed.
    """
    found: list[bytes] = _FORMATS[release].ASIN.findall(line)
    return len(found) == 1 and found[0].decode("utf-8", "replace") not in known


def _read_row(line: bytes, release: str, path: Path, number: int) -> _Row:
    layout = _FORMATS[release]
    try:
        row = layout.parse_row(line)
    except ValueError as error:
        raise refuse_line(path, number, layout.ROW_RULE, error) from error
    if not isinstance(row, dict):
        raise refuse_line(path, number, layout.ROW_RULE, f"got {row!r:.40}")
    return _Row(number, require_string(row, layout.ITEM_ID, path, number), row)


def _table_rows(path: Path) -> Iterator[_Row]:
    """Rows of a comma separated table; a quoted cell may hold line ends."""
    rule = "an item table must have a header line and as many values in every row"
    reader = csv.DictReader(_text_lines(path), strict=True)
    try:
        with _long_cells():
            for row in reader:
                if None in row or None in row.values():
                    raise refuse_line(path, reader.line_num, rule, "the number of values differs")
                values: dict[str, Any] = dict(row)
                item = require_string(values, amazon_2023.ITEM_ID, path, reader.line_num)
                yield _Row(reader.line_num, item, amazon_2023.table_row(row))
    except csv.Error as error:
        # The inner reader counts the lines of the row that could not be finished, too.
        raise refuse_line(path, reader.reader.line_num, rule, error) from error


def _text_lines(path: Path) -> Iterator[str]:
    """All lines with their ends, blank ones too: they may belong to a cell."""
    for block in read_blocks(path):
        # After the line end that a block is sure to have nothing is left but an empty piece.
        lines = block.data.removesuffix(b"\n").split(b"\n")
        for number, line in enumerate(lines, block.first_line):
            yield decode_line(line, path, number) + "\n"


@contextmanager
def _long_cells() -> Iterator[None]:
    """Lets a cell be as long as a line may be; the limit belongs to all of the process."""
    usual = csv.field_size_limit(MAX_LINE_BYTES)
    try:
        yield
    finally:
        csv.field_size_limit(usual)
