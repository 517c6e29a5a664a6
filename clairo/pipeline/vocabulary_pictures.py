"""Small pictures of the items that spelled merges name."""

from __future__ import annotations

from dataclasses import replace

from clairo.core.dataset import ItemCatalog
from clairo.merging.spelled import SpelledVocabulary, items_of
from clairo.pipeline.picture_sheet import SHEET_COLUMNS, TILE, draw_sheet


def with_pictures(vocabulary: SpelledVocabulary, catalog: ItemCatalog) -> SpelledVocabulary:
    """A spelled vocabulary with a sheet of its items' pictures, in the order of the merges.

    Args:
        vocabulary: Names the items.
        catalog: Holds the pictures.
    """
    named = (item for merge in vocabulary.merges for item in items_of(merge))
    drawn = draw_sheet((item for item in named if item in vocabulary.pictures), catalog)
    return replace(
        vocabulary,
        pictures=vocabulary.pictures - drawn.broken,
        tiles=drawn.tiles,
        sheet=drawn.sheet,
        tile=TILE,
        sheet_columns=SHEET_COLUMNS,
    )
