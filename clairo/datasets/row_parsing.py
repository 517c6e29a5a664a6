"""Blocks of lines to tables of interactions: fast where all is well, exact where it is not.

The fast way parses a whole block at once. Whatever it does not like, it parses again line by
line, which either finds that all is well, if unusual, or names the line that is not.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from clairo.core.errors import DataError
from clairo.core.interaction_table import INTERACTION_SCHEMA, LINE_BITS
from clairo.datasets.json_rows import read_json
from clairo.datasets.raw_blocks import Block
from clairo.datasets.raw_lines import decode_line, lines_of, refuse_line, require_string
from clairo.datasets.row_format import RowFormat

_SPACE, _TILDE = 0x20, 0x7E
_LARGEST_RATING: Final = float(np.finfo(np.float32).max)
_WHOLE: Final = re.compile(r"[+-]?\d{1,300}", re.ASCII)
_HEXADECIMAL: Final = re.compile(r"0[xX][0-9a-fA-F]{1,16}")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_TYPES: Final = {name: INTERACTION_SCHEMA.field(name).type for name in INTERACTION_SCHEMA.names}


@dataclass(frozen=True)
class RowParser:
    """Parses the blocks of one file.

    Attributes:
        path: The file, for messages.
        number: Its number among the files of the data set.
        rows: How its rows are written, with ``columns`` filled in.
    """

    path: Path
    number: int
    rows: RowFormat

    def parse(self, block: Block) -> pa.Table:
        """The rows of a block, in the columns of ``INTERACTION_SCHEMA``.

        Raises:
            DataError: A line is not an interaction; the message names it.
        """
        table = self._parse_at_once(block)
        return self._parse_by_line(block) if table is None else table

    def _parse_at_once(self, block: Block) -> pa.Table | None:
        """``None`` where anything is out of the ordinary."""
        if not _rows_are_lines(block, self.rows):
            return None
        try:
            found = (
                read_json(block, self.rows)
                if self.rows.kind == "json"
                else _read_csv(block, self.rows)
            )
        except (pa.ArrowException, ValueError):
            # The line by line reading says what is wrong, and where.
            return None
        if found.num_rows != block.num_lines or not self._is_ordinary(found):
            return None
        start = (self.number << LINE_BITS) + block.first_line
        return _complete(found, np.arange(start, start + found.num_rows, dtype=np.int64))

    def _is_ordinary(self, table: pa.Table) -> bool:
        needed = [name for name in table.column_names if name != "rating"]
        if any(table[name].null_count for name in needed):
            return False
        if "timestamp" in needed:
            times = pc.min_max(table["timestamp"])
            if not 0 <= times["min"].as_py() <= times["max"].as_py() < self.rows.latest:
                return False
        ratings = table["rating"] if "rating" in table.column_names else pa.array([], pa.float32())
        # min_count: a column without any rating is as good as a full one.
        if not pc.all(pc.is_finite(ratings), min_count=0).as_py():
            return False
        return all(_is_clean(table[name]) for name in ("user", "item"))

    def _parse_by_line(self, block: Block) -> pa.Table:
        columns: dict[str, list[Any]] = {name: [] for name in INTERACTION_SCHEMA.names}
        for number, line in lines_of(block):
            row = self._row(line, number)
            columns["user"].append(require_string(row, self.rows.user, self.path, number))
            columns["item"].append(require_string(row, self.rows.item, self.path, number))
            position = (self.number << LINE_BITS) + number
            columns["timestamp"].append(
                position if self.rows.timestamp is None else self._timestamp(row, number)
            )
            columns["rating"].append(self._rating(row, number))
            columns["position"].append(position)
        return pa.table(columns, schema=INTERACTION_SCHEMA)

    def _row(self, line: bytes, number: int) -> dict[str, Any]:
        text = decode_line(line, self.path, number)
        read = _json_row if self.rows.kind == "json" else _csv_row
        try:
            return read(text, self.rows)
        except (ValueError, RecursionError, csv.Error) as error:
            raise refuse_line(self.path, number, _ROW_RULES[self.rows.kind], error) from error

    def _timestamp(self, row: dict[str, Any], number: int) -> int:
        name, unit = str(self.rows.timestamp), self.rows.time_unit
        value = _number(row.get(name))
        if value is None or value != int(value):
            rule = f"{name} must be a whole number of time units ({unit})"
            raise refuse_line(self.path, number, rule, f"got {row.get(name)!r:.40}")
        if not 0 <= value < self.rows.latest:
            rule = f"{name} must lie between 1970 and 2100, counted in {unit}"
            # As milliseconds it would lie between 1973 and 2100.
            is_ms = unit == "s" and self.rows.latest / 40 < value / 1000 < self.rows.latest
            hint = ", a time in ms: say so with time_unit, where the data has it" if is_ms else ""
            raise refuse_line(self.path, number, rule, f"got {int(value)}{hint}")
        return int(value)

    def _rating(self, row: dict[str, Any], number: int) -> float | None:
        name = self.rows.rating
        if name is None or row.get(name) in (None, ""):
            return None
        value = _number(row[name])
        if value is None or abs(value) > _LARGEST_RATING:
            rule = f"{name} must be a finite number"
            raise refuse_line(self.path, number, rule, f"got {row[name]!r:.40}")
        return float(value)


_ROW_RULES: Final = {
    "json": "a row must be one JSON object",
    "csv": "a row must have the columns of the file",
}


def with_columns(rows: RowFormat, header: bytes, path: Path) -> RowFormat:
    """The format with the columns that a file's header line names.

    A column may carry a type after a colon, as in RecBole's atomic files.

    Raises:
        DataError: A column that is needed is not there, or one is named twice.
    """
    text = header.decode("utf-8", "replace").rstrip("\r\n")
    try:
        names = tuple(name.strip().split(":")[0] for name in rows.split(text))
    except csv.Error as error:
        raise refuse_line(path, 1, "the header must name the columns", error) from error
    needed = [name for key, name in rows.names.items() if key != "rating"]
    missing = [name for name in needed if name not in names]
    if missing or len(set(names)) != len(names):
        between = {"\t": "tabs", ",": "commas"}.get(rows.delimiter, repr(rows.delimiter))
        raise DataError(
            f"{path} line 1: the header must name {', '.join(needed)}, each column once, with "
            f"{between} between them, got {text[:200]!r}; name the columns so, or say what they "
            "are called."
        )
    return replace(rows, rating=rows.rating if rows.rating in names else None, columns=names)


def _read_csv(block: Block, rows: RowFormat) -> pa.Table:
    try:
        return _read_typed_csv(block, rows, _TYPES)
    except pa.ArrowInvalid:
        if rows.timestamp is None:
            raise
    # Libraries that know times as floats alone write them with a point, as 100.0.
    table = _read_typed_csv(block, rows, {**_TYPES, "timestamp": pa.float64()})
    times = table["timestamp"].cast(pa.int64())
    return table.set_column(table.column_names.index("timestamp"), "timestamp", times)


def _read_typed_csv(block: Block, rows: RowFormat, types: Mapping[str, pa.DataType]) -> pa.Table:
    assert rows.columns is not None
    table = pyarrow.csv.read_csv(
        pa.BufferReader(block.data),
        pyarrow.csv.ReadOptions(
            use_threads=False, block_size=len(block.data) + 1, column_names=list(rows.columns)
        ),
        pyarrow.csv.ParseOptions(
            delimiter=rows.delimiter,
            quote_char='"' if rows.quoted else False,
            ignore_empty_lines=False,
        ),
        pyarrow.csv.ConvertOptions(
            column_types={theirs: types[ours] for ours, theirs in rows.names.items()},
            include_columns=list(rows.names.values()),
            strings_can_be_null=False,
            null_values=[""],
        ),
    )
    return table.rename_columns(list(rows.names))


def _rows_are_lines(block: Block, rows: RowFormat) -> bool:
    """Whether the fast parsers, which see one text and no lines, would find a row in each line.

    They take two rows in one line, and one row over two, and look at no text but the columns
    that are read. Where each line begins and ends an object, or holds no other line end, as
    many rows as lines are one row a line.
    """
    data = block.data
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    if rows.kind == "json":
        return b"\0" not in data
    mark = re.escape(rows.delimiter.encode())
    # Text after a closing quote, which the fast parser lets pass. It begins with the quote, so
    # that searching is as fast as looking for one.
    odd = re.compile(rb'"(?<![%b\n"]")(?=[^%b\r\n"])' % (mark, mark))
    has_other_ends = b"\r" in data and data.count(b"\r") != data.count(b"\r\n")
    return b"\0" not in data and not has_other_ends and not (rows.quoted and odd.search(data, 1))


def _is_clean(ids: pa.ChunkedArray) -> bool:
    """Whether no id is empty or holds what cannot be printed."""
    if not pc.min(pc.binary_length(ids)).as_py():
        return False
    plain = all(_is_printable_ascii(chunk) for chunk in ids.chunks)
    return plain or bool(pc.all(pc.utf8_is_printable(ids)).as_py())


def _is_printable_ascii(ids: pa.StringArray) -> bool:
    """The same for a chunk of plain ids, whose bytes can be judged all at once."""
    _, offsets, data = ids.buffers()
    bounds = np.frombuffer(offsets, np.int32)[ids.offset : ids.offset + len(ids) + 1]
    text = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]
    return bool(len(text)) and bool(text.min() >= _SPACE) and bool(text.max() <= _TILDE)


def _complete(table: pa.Table, positions: np.ndarray) -> pa.Table:
    if "timestamp" not in table.column_names:
        table = table.append_column("timestamp", pa.array(positions))
    if "rating" not in table.column_names:
        table = table.append_column("rating", pa.nulls(table.num_rows, pa.float32()))
    return table.append_column("position", pa.array(positions)).select(INTERACTION_SCHEMA.names)


def _json_row(text: str, rows: RowFormat) -> dict[str, Any]:
    row = json.loads(text)
    if not isinstance(row, dict):
        raise ValueError(f"got {row!r:.40}")
    return row


def _csv_row(text: str, rows: RowFormat) -> dict[str, Any]:
    assert rows.columns is not None
    values = rows.split(text)
    if len(values) != len(rows.columns):
        raise ValueError(f"{len(values)} values for {len(rows.columns)} columns")
    return dict(zip(rows.columns, values, strict=True))


def _number(value: object) -> float | int | None:
    """A finite number, also one that is written as text; ``None`` for anything else."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = int(value) if _WHOLE.fullmatch(value.strip()) else float(value)
    elif isinstance(value, str) and _HEXADECIMAL.fullmatch(value.strip()):
        # The fast parser of separated values takes such timestamps.
        value = int(value, 16)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # An integer may be beyond all floats, where asking whether it is finite is an error.
    return value if abs(value) <= sys.float_info.max else None


def header_and_rest(blocks: Iterator[Block]) -> tuple[bytes, Iterator[Block]]:
    """The first line of a file, and its blocks without it."""
    first = next(blocks)
    header, _, rest = first.data.partition(b"\n")

    def others() -> Iterator[Block]:
        if rest:
            yield Block(first.first_line + 1, rest, first.num_lines - 1)
        yield from blocks

    return header, others()
