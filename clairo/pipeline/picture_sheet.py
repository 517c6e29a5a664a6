"""Small pictures of items side by side on one sheet.

One file, because a tracking server is asked once for each file of a run.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from PIL import Image, ImageOps

from clairo.core.dataset import ItemCatalog
from clairo.embeddings.pictures import decode_picture

TILE = 80
"""Pixels; a multiple of 16, the block of a JPEG, so that neighbours do not bleed."""

MAX_PICTURES = 400
"""About 1 MB; pictures of pure noise would take 3 MB."""

SHEET_COLUMNS = 20

_QUALITY = 75
_PAPER = (255, 255, 255)


@dataclass(frozen=True)
class PictureSheet:
    """Pictures on a sheet.

    Attributes:
        tiles: Place of an item's picture, row by row.
        broken: Items whose picture does not decode.
        sheet: One JPEG, ``b""`` without any picture.
    """

    tiles: Mapping[int, int]
    broken: frozenset[int]
    sheet: bytes = field(repr=False)


def draw_sheet(items: Iterable[int], catalog: ItemCatalog) -> PictureSheet:
    """The pictures of items, each once, in their order until there are 400.

    A picture that does not decode counts as missing, as it does for the image encoder.

    Args:
        items: Items that have a picture.
        catalog: Holds the pictures.
    """
    tiles: list[Image.Image] = []
    places: dict[int, int] = {}
    broken: set[int] = set()
    for item in dict.fromkeys(items):
        if len(tiles) == MAX_PICTURES:
            break
        picture = decode_picture(catalog.image(item) or b"")
        if picture is None:
            broken.add(item)
        else:
            places[item] = len(tiles)
            tiles.append(ImageOps.pad(picture, (TILE, TILE), color=_PAPER))
    return PictureSheet(places, frozenset(broken), _join(tiles) if tiles else b"")


def _join(tiles: list[Image.Image]) -> bytes:
    """The tiles row by row, as one JPEG."""
    rows = -(-len(tiles) // SHEET_COLUMNS)
    sheet = Image.new("RGB", (SHEET_COLUMNS * TILE, rows * TILE), _PAPER)
    for place, picture in enumerate(tiles):
        sheet.paste(picture, (place % SHEET_COLUMNS * TILE, place // SHEET_COLUMNS * TILE))
    encoded = io.BytesIO()
    sheet.save(encoded, format="JPEG", quality=_QUALITY, optimize=True)
    return encoded.getvalue()
