"""Metadata of 2023: JSON, one object a line, or the item table beside official splits."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any, Final

from clairo.datasets import amazon_2018
from clairo.datasets.item_text import (
    ItemRecord,
    PictureRow,
    one_text,
    price_text,
    texts_of,
    usable_image_url,
    usable_image_urls,
)

parse_row: Final = amazon_2018.parse_row
ROW_RULE: Final = "a 2023 metadata row must be one JSON object"
ITEM_ID: Final = "parent_asin"
ASIN: Final = re.compile(rb'"parent_asin": *"([^"\\]+)"')
_SIZES: Final = ("hi_res", "large", "thumb")


def item_record(row: Mapping[str, Any]) -> ItemRecord:
    """The row in the shape that all releases share.

    The brand is that of the details, else the store, which often is the maker, too.
    """
    details = row.get("details")
    brand = details.get("Brand") if isinstance(details, dict) else None
    path = tuple(dict.fromkeys(texts_of(row.get("categories"))))
    main = one_text(row.get("main_category"))
    return ItemRecord(
        title=one_text(row.get("title")),
        price=price_text(row.get("price")),
        brand=one_text(brand) or one_text(row.get("store")),
        features=tuple(dict.fromkeys(texts_of(row.get("features")))),
        categories=path or ((main,) if main else ()),
        category=path[-1] if path else main,
        description=one_text(row.get("description")),
        image_url=usable_image_url(*_image_urls(row.get("images"))),
    )


def picture_row(row: Mapping[str, Any]) -> PictureRow:
    """The addresses of every picture, the main one first, the largest size of each first."""
    urls = usable_image_urls(*_image_urls(row.get("images")))
    return PictureRow(one_text(row.get("title")), urls)


def table_row(row: Mapping[str, str]) -> dict[str, object]:
    """A row of the item table, whose lists and dictionaries are written as Python literals."""
    return {name: _value(text) for name, text in row.items()}


def _value(text: str) -> object:
    """What a cell holds: a literal list or dictionary, else its text; nothing is executed."""
    if text.startswith(("[", "{")):
        try:
            return ast.literal_eval(text)
        except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
            # A title may begin with a bracket; then it is a title.
            return text
    return text


def _image_urls(value: object) -> list[object]:
    """Addresses of the main picture first, the largest size of each first."""
    pictures = (
        [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
    )
    pictures.sort(key=lambda entry: entry.get("variant") != "MAIN")
    return [entry.get(size) for entry in pictures for size in _SIZES]
