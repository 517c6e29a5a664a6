"""Spelled merges as records and as JSON: what is logged, read back and put on the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from clairo.core.errors import ArtifactError
from clairo.core.files import read_json, write_json

SPELLED_FILE, SHEET_FILE = "spelled.json", "pictures.jpg"


@dataclass(frozen=True)
class ItemGroup:
    """Items that have something in common.

    Attributes:
        num_items: How many there are in the catalogue.
        titles: The three most frequent in training, distinct.
        words: What their titles have more often than those of all other items.
        items: Indices of the four most frequent in training.
    """

    num_items: int
    titles: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    items: tuple[int, ...] = ()


@dataclass(frozen=True)
class Side:
    """One side of a merge.

    Attributes:
        leaves: (column, value) of its codes.
        carriers: Items that carry all of them; ``None`` where no item does.
        parts: The two sides it was itself merged from, where that was mostly between neighbours.
    """

    leaves: tuple[tuple[int, int], ...]
    carriers: ItemGroup | None
    parts: tuple[Side, ...] = ()


@dataclass(frozen=True)
class Example:
    """Neighbours in the training text that carry a merge between them.

    Attributes:
        items: Item indices, earliest first.
        places: At how many places they stand like that.
    """

    items: tuple[int, ...]
    places: int


@dataclass(frozen=True)
class SpelledMerge:
    """One merge in words.

    Attributes:
        token: The token it makes.
        left: Side of the smaller token.
        right: Side of the larger one.
        between_neighbours: Whether it, or a part of it, was made mostly between neighbours.
        both: Items that carry both sides; ``None`` where no item does.
        examples: The most frequent neighbours that carry it.
        places: Stretches of two or three neighbours in the text read that carry it.
        left_first: How often an item that carries the left side is followed by one that carries
            the right one; ``None`` where the sides are equal or stand over neighbours.
        right_first: The same the other way round.
    """

    token: int
    left: Side
    right: Side
    between_neighbours: bool
    both: ItemGroup | None = None
    examples: tuple[Example, ...] = ()
    places: int = 0
    left_first: int | None = None
    right_first: int | None = None


@dataclass(frozen=True)
class SpelledVocabulary:
    """The first merges of a tokenizer in words and pictures.

    Attributes:
        merges: The first hundred, in the order of the merge list.
        titles: Title of every item that is named, cut to 140 letters; ``""`` where unknown.
        pictures: Which of them have a picture in the catalogue.
        read_items: History items in which neighbours were looked for.
        training_items: All items of training histories.
        tiles: Place of an item's picture on the sheet, row by row; not every item need have one.
        sheet: One JPEG with all small pictures, ``b""`` without any.
        tile: Width and height of a picture on the sheet in pixels.
        sheet_columns: Pictures in a row of the sheet.
    """

    merges: tuple[SpelledMerge, ...]
    titles: Mapping[int, str]
    pictures: frozenset[int]
    read_items: int
    training_items: int
    tiles: Mapping[int, int] = field(default_factory=dict)
    sheet: bytes = field(default=b"", repr=False)
    tile: int = 0
    sheet_columns: int = 0

    def save(self, folder: Path) -> None:
        """Writes ``spelled.json``, and ``pictures.jpg`` where there are pictures."""
        about = {
            "merges": [asdict(merge) for merge in self.merges],
            "items": [
                [item, title, item in self.pictures, self.tiles.get(item)]
                for item, title in self.titles.items()
            ],
            "read_items": self.read_items,
            "training_items": self.training_items,
            "tile": self.tile,
            "sheet_columns": self.sheet_columns,
        }
        write_json(folder / SPELLED_FILE, about)
        if self.sheet:
            (folder / SHEET_FILE).write_bytes(self.sheet)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what :meth:`save` wrote.

        Raises:
            ArtifactError: The file is not what this version writes.
        """
        about, sheet = read_json(folder / SPELLED_FILE), folder / SHEET_FILE
        try:
            return cls(
                merges=tuple(_merge_of(entry) for entry in about["merges"]),
                titles={item: title for item, title, _, _ in about["items"]},
                pictures=frozenset(item for item, _, has, _ in about["items"] if has),
                read_items=about["read_items"],
                training_items=about["training_items"],
                tiles={item: t for item, _, _, t in about["items"] if t is not None},
                sheet=sheet.read_bytes() if sheet.exists() else b"",
                tile=about["tile"],
                sheet_columns=about["sheet_columns"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(
                f"{folder / SPELLED_FILE} does not hold spelled merges as this version writes "
                f"them ({error!r}); remove the folder, the report then says that it is missing."
            ) from error


def items_of(merge: SpelledMerge) -> list[int]:
    """Every item that a spelled merge names, with repetitions."""
    sides = [merge.left, merge.right]
    found: list[int] = []
    while sides:
        side = sides.pop(0)
        sides += side.parts
        found += side.carriers.items if side.carriers else ()
    found += merge.both.items if merge.both else ()
    return [*found, *(item for example in merge.examples for item in example.items)]


def _merge_of(entry: Mapping[str, Any]) -> SpelledMerge:
    known = dict(entry)
    known["left"], known["right"] = _side_of(entry["left"]), _side_of(entry["right"])
    known["both"] = _group_of(entry["both"])
    known["examples"] = tuple(Example(tuple(e["items"]), e["places"]) for e in entry["examples"])
    return SpelledMerge(**known)


def _side_of(entry: Mapping[str, Any]) -> Side:
    leaves = tuple((int(column), int(value)) for column, value in entry["leaves"])
    parts = tuple(_side_of(part) for part in entry["parts"])
    return Side(leaves, _group_of(entry["carriers"]), parts)


def _group_of(entry: Mapping[str, Any] | None) -> ItemGroup | None:
    if entry is None:
        return None
    tuples = {name: tuple(entry[name]) for name in ("titles", "words", "items")}
    return ItemGroup(entry["num_items"], **tuples)
