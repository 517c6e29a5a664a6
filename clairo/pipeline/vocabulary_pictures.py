"""Small pictures of the items that spelled merges name, side by side on one sheet.

One file, because a tracking server is asked once for each file of a run.
"""

from __future__ import annotations

import io
from dataclasses import replace

from PIL import Image, ImageOps

from clairo.core.dataset import ItemCatalog
from clairo.embeddings.pictures import decode_picture
from clairo.merging.spelled import SpelledVocabulary, items_of

TILE = 80
"""Pixels; a multiple of 16, the block of a JPEG, so that neighbours do not bleed."""

MAX_PICTURES = 400
"""About 1 MB; pictures of pure noise would take 3 MB."""

_COLUMNS, _QUALITY = 20, 75
_PAPER = (255, 255, 255)


def with_pictures(vocabulary: SpelledVocabulary, catalog: ItemCatalog) -> SpelledVocabulary:
    """A spelled vocabulary with a sheet of its items' pictures.

    Each item comes once, in the order of the merges, until there are 400. A picture that does
    not decode counts as missing, as it does for the image encoder.

    Args:
        vocabulary: Names the items.
        catalog: Holds the pictures.
    """
    named = dict.fromkeys(item for merge in vocabulary.merges for item in items_of(merge))
    with_image = [item for item in named if item in vocabulary.pictures]
    tiles: list[Image.Image] = []
    places: dict[int, int] = {}
    broken: set[int] = set()
    for item in with_image:
        if len(tiles) == MAX_PICTURES:
            break
        picture = decode_picture(catalog.image(item) or b"")
        if picture is None:
            broken.add(item)
        else:
            places[item] = len(tiles)
            tiles.append(ImageOps.pad(picture, (TILE, TILE), color=_PAPER))
    return replace(
        vocabulary,
        pictures=vocabulary.pictures - broken,
        tiles=places,
        sheet=_sheet(tiles) if tiles else b"",
        tile=TILE,
        sheet_columns=_COLUMNS,
    )


def _sheet(tiles: list[Image.Image]) -> bytes:
    """The tiles row by row, as one JPEG."""
    rows = -(-len(tiles) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * TILE, rows * TILE), _PAPER)
    for place, picture in enumerate(tiles):
        sheet.paste(picture, (place % _COLUMNS * TILE, place // _COLUMNS * TILE))
    encoded = io.BytesIO()
    sheet.save(encoded, format="JPEG", quality=_QUALITY, optimize=True)
    return encoded.getvalue()
