"""Items of atomic files: which columns are the title, the category and the price, and why."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clairo.core.errors import DataError
from clairo.datasets.atomic_header import AtomicColumn, parse_header
from clairo.datasets.item_catalogue import make_catalogue, with_uninteracted
from clairo.datasets.item_rows import CollectedRows, Metadata
from clairo.datasets.item_text import clean_text, price_text
from clairo.datasets.raw_blocks import Truncation
from clairo.datasets.raw_dataset import Catalogue
from clairo.datasets.raw_lines import decode_line, read_lines, refuse_line, require_string, salvager

if TYPE_CHECKING:
    from clairo.datasets.atomic import AtomicConfig

TITLES: Final = ("title", "name", "item_title", "item_name", "movie_title", "product_name")
"""Names of the column that holds the title, letter case aside; the first that is there counts."""

CATEGORIES: Final = ("categories", "category", "genres", "genre", "class")
"""Names of the column that holds the categories, likewise."""

PRICE: Final = "price"
_BETWEEN_CATEGORIES: Final = re.compile(r"[,;|>]")


@dataclass(frozen=True)
class AtomicItem:
    """One row of a file of items, texts already clean, ``""`` for what is unknown.

    Attributes:
        title: Of the first column of :data:`TITLES`.
        category: The last entry of the first column of :data:`CATEGORIES`.
        price: Of the column ``price``, as it is written there.
        image_url: Atomic files name no pictures.
        texts: Text of every column that describes the items.
    """

    title: str = ""
    category: str = ""
    price: str = ""
    image_url: str = ""
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class ItemColumns:
    """The columns of a file of items, and what each one is for.

    Attributes:
        columns: All, in order.
        item: The one that holds the item's id.
        text_fields: Those that describe the item.
    """

    columns: tuple[AtomicColumn, ...]
    item: str
    text_fields: tuple[str, ...]

    def describe(self, cells: Mapping[str, str]) -> AtomicItem:
        """A row as a description."""
        texts = {name: clean_text(cells[name]) for name in self.text_fields}
        title, categories = self._named(TITLES), self._named(CATEGORIES)
        price = self._named((PRICE,))
        return AtomicItem(
            title=clean_text(cells[title.name]) if title else "",
            category=last_category(cells[categories.name], categories.type) if categories else "",
            price=price_text(cells[price.name]) if price else "",
            texts={name: (text,) for name, text in texts.items()},
        )

    def _named(self, names: Sequence[str]) -> AtomicColumn | None:
        """The first of these columns that is there."""
        by_name = {column.name.lower(): column for column in self.columns}
        return next((by_name[name] for name in names if name in by_name), None)


def last_category(cell: str, kind: str) -> str:
    """The last entry of a list of categories, which runs from general to specific.

    Entries stand between commas, semicolons, bars or angle brackets where there are any;
    otherwise a ``token_seq`` is a list of words, as RecBole has it, and anything else one entry.

    Example:
        >>> last_category("Adventure Animation Children", "token_seq")
        'Children'
        >>> last_category("['Toys & Games', 'Card Games']", "token_seq")
        'Card Games'
        >>> last_category("Card Games", "token")
        'Card Games'
    """
    text = clean_text(cell).strip("[]")
    entries = _BETWEEN_CATEGORIES.split(text)
    if len(entries) == 1 and kind == "token_seq" and text[:1] not in "'\"":
        entries = text.split(" ")
    return next((e for entry in reversed(entries) if (e := _unquoted(entry.strip()))), "")


def describe_atomic_items(config: AtomicConfig, item_ids: tuple[str, ...]) -> Catalogue:
    """Texts and pictures of items; with ``catalogue: all`` those nobody interacted with, too.

    Raises:
        DataError: The file of items is damaged, or lacks a column that is asked for.
    """
    everything = config.catalogue == "all"
    metadata, fields = _read_items(config, None if everything else frozenset(item_ids))
    if everything:
        item_ids = with_uninteracted(config, item_ids, metadata.records)
    unknown = AtomicItem(texts=dict.fromkeys(fields, ()))
    return make_catalogue(item_ids, metadata, unknown, fields, config.image_dir)


def _read_items(
    config: AtomicConfig, wanted: Collection[str] | None
) -> tuple[Metadata[AtomicItem], tuple[str, ...]]:
    """Descriptions of the wanted items, and the columns that they are made of."""
    path, rows = config.item_path, CollectedRows[AtomicItem]()
    if not path.exists():
        return rows.result(), config.text_fields or ()
    lost: list[Truncation] = []
    lines = read_lines(path, salvager(path, lost) if config.salvage else None)
    _, header = next(lines)
    layout = _columns(config, parse_header(header, path))
    names = [column.name for column in layout.columns]
    for number, line in lines:
        cells = _cells(line, names, path, number)
        item = require_string(dict(cells), layout.item, path, number)
        if wanted is None or item in wanted:
            rows.add(item, layout.describe(cells), number)
    return replace(rows.result(), truncation=lost[0] if lost else None), layout.text_fields


def _columns(config: AtomicConfig, columns: tuple[AtomicColumn, ...]) -> ItemColumns:
    names = [column.name for column in columns]
    needed = [config.item, *(config.text_fields or ())]
    if missing := [name for name in needed if name not in names]:
        raise DataError(
            f"{config.item_path} line 1: the header must name {', '.join(missing)}, it names "
            f"{', '.join(names)}; name the column so, or correct 'item' and 'text_fields'."
        )
    texts = tuple(c.name for c in columns if c.is_text and c.name != config.item)
    return ItemColumns(columns, config.item, config.text_fields or texts)


def _cells(line: bytes, names: Sequence[str], path: Path, number: int) -> dict[str, str]:
    values = decode_line(line, path, number).rstrip("\r").split("\t")
    if len(values) != len(names):
        rule = f"a row must have the {len(names)} columns of the header, with tabs between them"
        raise refuse_line(path, number, rule, f"it has {len(values)}")
    return dict(zip(names, values, strict=True))


def _unquoted(entry: str) -> str:
    is_quoted = len(entry) > 1 and entry[0] == entry[-1] and entry[0] in "'\""
    return entry[1:-1].strip() if is_quoted else entry
