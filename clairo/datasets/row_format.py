"""How the rows of an interactions file are written."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Final, Literal

TimeUnit = Literal["s", "ms", "position"]

_UNITS_PER_SECOND: Final = {"s": 1, "ms": 1000}
_YEAR_2100: Final = 4_102_444_800


@dataclass(frozen=True)
class RowFormat:
    """Names and kinds of the columns.

    Attributes:
        kind: ``json`` for one object a line, ``csv`` for separated values.
        user: Column of the user's id.
        item: Column of the item's id.
        timestamp: Column of the time; ``None`` takes the order of the rows for the time, and
            their position for the timestamp.
        rating: Column of the rating, ``None`` where there is none.
        columns: All columns of a file without a header line, in order; ``None`` reads them
            from the header.
        delimiter: What separates values.
        time_unit: Of the timestamps; ``position`` where there is no column of them.
        quoted: Whether quotation marks around a value are no part of it, and may enclose
            delimiters.
    """

    kind: Literal["json", "csv"]
    user: str
    item: str
    timestamp: str | None
    rating: str | None = None
    columns: tuple[str, ...] | None = None
    delimiter: str = ","
    time_unit: TimeUnit = "s"
    quoted: bool = True

    @property
    def names(self) -> dict[str, str]:
        """Our name of each column, and the file's."""
        named = {
            "user": self.user,
            "item": self.item,
            "timestamp": self.timestamp,
            "rating": self.rating,
        }
        return {ours: theirs for ours, theirs in named.items() if theirs is not None}

    def split(self, line: str) -> list[str]:
        r"""The values of one line of a file of separated values.

        Raises:
            csv.Error: A quotation mark is not closed.

        Example:
            >>> row = RowFormat("csv", "u", "i", "t", delimiter="\t", quoted=False)
            >>> row.split('1\t"Great" Cats\r')
            ['1', '"Great" Cats']
        """
        line = line.rstrip("\r\n")
        if not self.quoted:
            return line.split(self.delimiter)
        return next(csv.reader([line], delimiter=self.delimiter, strict=True))

    @property
    def latest(self) -> int:
        """The first timestamp that is absurd: in the year 2100.

        Raises:
            KeyError: There are no timestamps.
        """
        return _YEAR_2100 * _UNITS_PER_SECOND[self.time_unit]
