"""Metadata of 2014: Python literals, one dictionary a line."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from typing import Any, Final

from clairo.datasets.item_text import (
    ItemRecord,
    PictureRow,
    clean_text,
    one_text,
    price_text,
    texts_of,
    usable_image_url,
    usable_image_urls,
)

ROW_RULE: Final = "a 2014 metadata row must be one Python dictionary of plain values"
ITEM_ID: Final = "asin"
_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")
ASIN: Final = re.compile(rb"""['"]asin['"]: *['"]([^'"\\]+)['"]""")


def parse_row(line: bytes) -> object:
    """The value of one line; anything but a literal is refused, nothing is ever executed.

    Raises:
        ValueError: The line is no literal.
    """
    try:
        with warnings.catch_warnings():
            # A stray backslash in a product text is no concern of the reader.
            warnings.simplefilter("ignore", SyntaxWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            return ast.literal_eval(line.decode("utf-8").strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        # Where an object lies in memory differs from run to run.
        raise ValueError(_ADDRESS.sub("", str(error))) from error


def item_record(row: Mapping[str, Any]) -> ItemRecord:
    """The row in the shape that all releases share.

    ``categories`` is a list of paths, of which the first one is the main one.
    """
    paths = row.get("categories")
    first = texts_of(paths[0]) if isinstance(paths, list) and paths else []
    return ItemRecord(
        title=_title(row),
        price=price_text(row.get("price")),
        brand=one_text(row.get("brand")),
        features=tuple(texts_of(row.get("feature"))),
        categories=tuple(dict.fromkeys(texts_of(paths))),
        category=first[-1] if first else "",
        description=one_text(row.get("description")),
        image_url=usable_image_url(row.get("imUrl")),
    )


def picture_row(row: Mapping[str, Any]) -> PictureRow:
    """The addresses of the one picture."""
    return PictureRow(_title(row), usable_image_urls(row.get("imUrl")))


def _title(row: Mapping[str, Any]) -> str:
    return clean_text(one_text(row.get("title")))
