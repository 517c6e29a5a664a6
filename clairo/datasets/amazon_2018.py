"""Metadata of 2018: JSON, one object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from clairo.datasets.item_text import (
    ItemRecord,
    PictureRow,
    one_text,
    price_text,
    texts_of,
    usable_image_url,
    usable_image_urls,
)

ROW_RULE: Final = "a 2018 metadata row must be one JSON object"
ITEM_ID: Final = "asin"
ASIN: Final = re.compile(rb'"asin": *"([^"\\]+)"')
_SCRAPED_SCRIPT: Final = "getTime"


def parse_row(line: bytes) -> object:
    """The value of one line.

    Raises:
        ValueError: The line is not JSON.
    """
    try:
        return json.loads(line)
    except RecursionError as error:
        raise ValueError(str(error)) from error


def item_record(row: Mapping[str, Any]) -> ItemRecord:
    """The row in the shape that all releases share."""
    features = tuple(dict.fromkeys(texts_of(row.get("feature"))))
    path = _category_path(row.get("category"), features)
    return ItemRecord(
        title=_title(row),
        price=price_text(row.get("price")),
        brand=one_text(row.get("brand")),
        features=features,
        categories=tuple(dict.fromkeys(path)),
        category=path[-1] if path else "",
        description=one_text(row.get("description")),
        image_url=usable_image_url(row.get("imageURLHighRes"), row.get("imageURL")),
    )


def picture_row(row: Mapping[str, Any]) -> PictureRow:
    """The addresses of all pictures in full size, then those of all in small size."""
    urls = usable_image_urls(row.get("imageURLHighRes"), row.get("imageURL"))
    return PictureRow(_title(row), urls)


def _title(row: Mapping[str, Any]) -> str:
    """Some rows hold a piece of page script for a title: such a title is unknown."""
    title = one_text(row.get("title"))
    return "" if _SCRAPED_SCRIPT in title else title


def _category_path(value: object, features: tuple[str, ...]) -> list[str]:
    """The names before the first entry that is none.

    The publisher's scraper appended bullet points, and markup, to many paths.
    """
    path: list[str] = []
    for entry in value if isinstance(value, list) else []:
        text = one_text(entry)
        if not text or text in features or text.endswith("."):
            break
        path.append(text)
    return path
