"""How the rows of an interactions file are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

TimeUnit = Literal["s", "ms"]

_UNITS_PER_SECOND: Final = {"s": 1, "ms": 1000}
_YEAR_2100: Final = 4_102_444_800


@dataclass(frozen=True)
class RowFormat:
    """Names and kinds of the columns.

    Attributes:
        kind: ``json`` for one object a line, ``csv`` for separated values.
        user: Column of the user's id.
        item: Column of the item's id.
        timestamp: Column of the time.
        rating: Column of the rating, ``None`` where there is none.
        columns: All columns of a file without a header line, in order; ``None`` reads them
            from the header.
        delimiter: What separates values.
        time_unit: Of the timestamps.
    """

    kind: Literal["json", "csv"]
    user: str
    item: str
    timestamp: str
    rating: str | None = None
    columns: tuple[str, ...] | None = None
    delimiter: str = ","
    time_unit: TimeUnit = "s"

    @property
    def names(self) -> dict[str, str]:
        """Our name of each column, and the file's."""
        named = {"user": self.user, "item": self.item, "timestamp": self.timestamp}
        return named | ({"rating": self.rating} if self.rating else {})

    @property
    def latest(self) -> int:
        """The first timestamp that is absurd: in the year 2100."""
        return _YEAR_2100 * _UNITS_PER_SECOND[self.time_unit]
