"""Columns of any table as the text that stands in an atomic file, each value checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool

from clairo.core.errors import DataError
from clairo.datasets.row_format import RowFormat

_SPACE: Final = r"[\s\x00-\x1f\x7f]+"
"""What would end a value or a row: it becomes one space, as in every text that is read."""


@dataclass(frozen=True)
class FrameColumn:
    """One column of one batch.

    Attributes:
        what: Names the table in messages.
        name: Of the column.
        values: The values.
        first_row: Row of the first of them in the table, from 0.
    """

    what: str
    name: str
    values: pa.Array
    first_row: int

    def ids(self) -> pa.Array:
        """Ids as strings.

        Raises:
            DataError: One is missing, empty or not printable, or they are no text and no whole
                numbers.
        """
        values = _plain(self.values)
        if not (_is_text(values.type) or pa.types.is_integer(values.type)):
            rule = f"ids must be text or whole numbers, got {values.type}"
            raise DataError(f"{self.what}: {self.name}: {rule}; convert the column.")
        self._require(pc.is_valid(values), "must have a value", "take the row out")
        ids = values.cast(pa.string())
        filled = pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(ids)), 0)
        usable = pc.and_(filled, pc.utf8_is_printable(ids))
        rule = "must be an id of printable characters, without tabs and line ends"
        self._require(usable, rule, "correct the id")
        return ids

    def times(self, unit: Literal["s", "ms"]) -> pa.Array:
        """Whole numbers of a unit since 1970.

        Raises:
            DataError: One is missing, not whole, or not between 1970 and 2100.
        """
        values = _plain(self.values)
        self._require(pc.is_valid(values), "must have a value", "take the row out")
        if is_datetime(values.type):
            values = values.cast(pa.timestamp("ms", getattr(values.type, "tz", None)), safe=False)
        elif not _is_number(values.type):
            raise DataError(
                f"{self.what}: {self.name}: times must be dates or numbers, got {values.type}; "
                "convert the column, for example with pandas.to_datetime."
            )
        if pa.types.is_floating(values.type):
            whole = pc.and_(pc.is_finite(values), pc.equal(pc.floor(values), values))
            self._require(whole, f"must be a whole number of {unit}", "round it")
        latest = RowFormat("csv", "", "", "", time_unit=unit).latest
        numbers = values.cast(pa.int64(), safe=False)
        inside = pc.and_(pc.greater_equal(numbers, 0), pc.less(numbers, latest))
        rule = f"must lie between 1970 and 2100, counted in {unit}"
        self._require(inside, rule, "correct it or name the other time_unit (s or ms)")
        return numbers

    def ratings(self) -> pa.Array:
        """Ratings as strings.

        Raises:
            DataError: One is missing or not finite, or they are no numbers.
        """
        values = _plain(self.values)
        if not _is_number(values.type):
            raise DataError(
                f"{self.what}: {self.name}: ratings must be numbers, got {values.type}; convert "
                "the column."
            )
        numbers = values.cast(pa.float64())
        finite = pc.fill_null(pc.is_finite(numbers), False)
        self._require(finite, "must be a number", "fill it or take the row out")
        return numbers.cast(pa.string())

    def cells(self) -> pa.Array:
        """Values that describe an item: text in one line, ``""`` for what is missing."""
        values = _plain(self.values)
        if _is_list(values.type):
            between = ", " if _is_text(values.type.value_type) else " "
            rows = [_joined(row, between) for row in values.to_pylist()]
            values = pa.array(rows, pa.string())
        elif pa.types.is_boolean(values.type):
            values = values.cast(pa.int8()).cast(pa.string())
        elif pa.types.is_floating(values.type):
            missing = pc.invert(pc.fill_null(pc.is_finite(values), False))
            values = pc.if_else(missing, None, values.cast(pa.string()))
        texts = pc.fill_null(values.cast(pa.string()), "")
        return pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, _SPACE, " "))

    def _require(self, good: pa.Array, rule: str, cure: str) -> None:
        marks: Bool[np.ndarray, " rows"] = good.to_numpy(zero_copy_only=False)
        wrong = np.flatnonzero(~marks.astype(bool))
        if len(wrong):
            row = int(wrong[0])
            raise DataError(
                f"{self.what} row {self.first_row + row} (from 0): {self.name} {rule}, got "
                f"{self.values[row].as_py()!r:.60}; {cure}."
            )


def atomic_type(kind: pa.DataType) -> str | None:
    """How a column that describes items is declared in an atomic file; ``None`` for no way.

    Text is a sequence of words, a date is one token.

    Example:
        >>> atomic_type(pa.string()), atomic_type(pa.int64()), atomic_type(pa.list_(pa.string()))
        ('token_seq', 'float', 'token_seq')
    """
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if _is_text(kind) or pa.types.is_null(kind):
        return "token_seq"
    if is_datetime(kind):
        return "token"
    if _is_number(kind) or pa.types.is_boolean(kind):
        return "float"
    if _is_list(kind) and _is_text(kind.value_type):
        return "token_seq"
    return "float_seq" if _is_list(kind) and _is_number(kind.value_type) else None


def is_datetime(kind: pa.DataType) -> bool:
    """Whether values are dates, with a time of day or without."""
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _plain(values: pa.Array) -> pa.Array:
    """Values of a column of categories, or the column as it is."""
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def _is_text(kind: pa.DataType) -> bool:
    is_view = pa.types.is_string_view(kind)
    return bool(is_view or pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _joined(row: list[Any] | None, between: str) -> str:
    return between.join(str(entry) for entry in row or () if entry is not None)
