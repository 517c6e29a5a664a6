"""What several rows about one item come to, whatever file they stand in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

from clairo.datasets.raw_blocks import Truncation

DUPLICATE_RULE: Final = "the last complete row counts; complete is a row with a title"


class Titled(Protocol):
    """One row about an item; the title tells whether the row is complete."""

    @property
    def title(self) -> str:
        """Title as shown to people, ``""`` where unknown."""


class ItemDescription(Titled, Protocol):
    """One row about an item, texts already clean, ``""`` for what is unknown."""

    @property
    def price(self) -> str:
        """Price as shown to people."""

    @property
    def category(self) -> str:
        """The most specific category."""

    @property
    def image_url(self) -> str:
        """Address of a picture."""

    @property
    def texts(self) -> Mapping[str, tuple[str, ...]]:
        """Texts of each field that can go into the item's sentence."""


DescriptionT = TypeVar("DescriptionT", bound=ItemDescription)
TitledT = TypeVar("TitledT", bound=Titled)


@dataclass(frozen=True)
class Duplicate:
    """An item that several rows describe.

    Attributes:
        item: Its id.
        lines: Where the rows stand.
        kept: The one that counts.
    """

    item: str
    lines: tuple[int, ...]
    kept: int


@dataclass(frozen=True)
class Metadata(Generic[TitledT]):
    """What a file says about the wanted items.

    Attributes:
        records: By item id, in order of first row; items without a row are missing.
        duplicates: Items with several rows, in order of their first one.
        truncation: What is left of the file, where it ends early and that is put up with.
    """

    records: Mapping[str, TitledT]
    duplicates: tuple[Duplicate, ...]
    truncation: Truncation | None = None

    @property
    def num_duplicates(self) -> int:
        """Rows of wanted items beyond each item's first."""
        return sum(len(duplicate.lines) - 1 for duplicate in self.duplicates)


@dataclass
class CollectedRows(Generic[TitledT]):
    """Rows so far: of several rows of an item the last complete one counts.

    Complete is a row with a title. Where no row is complete the last one counts.

    Attributes:
        records: The row that counts, by item.
        lines: Where each item's rows stand.
        kept: Where the row that counts stands.
        num_rows: Rows that were read, also of items that are not wanted.
    """

    records: dict[str, TitledT] = field(default_factory=dict)
    lines: dict[str, list[int]] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    num_rows: int = 0

    def add(self, item: str, record: TitledT, number: int) -> None:
        """Takes a row of a wanted item."""
        self.lines.setdefault(item, []).append(number)
        if record.title or not self.records.get(item, record).title:
            self.records[item] = record
            self.kept[item] = number

    def result(self) -> Metadata[TitledT]:
        """What the rows came to."""
        repeated = [item for item, lines in self.lines.items() if len(lines) > 1]
        return Metadata(
            self.records,
            tuple(Duplicate(i, tuple(self.lines[i]), self.kept[i]) for i in repeated),
        )
