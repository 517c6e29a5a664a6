"""The sheet of small pictures that goes with spelled merges."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from clairo.core.dataset import ItemCatalog, pack_images
from clairo.merging.spelled import ItemGroup, Side, SpelledMerge, SpelledVocabulary
from clairo.pipeline.picture_sheet import TILE
from clairo.pipeline.vocabulary_pictures import with_pictures
from tests.worlds import plain_picture, twins


def vocabulary_of(items: list[int], pictures: set[int]) -> SpelledVocabulary:
    """One merge whose left side names these items."""
    left = Side(((0, 0),), ItemGroup(len(items), items=tuple(items)))
    merge = SpelledMerge(9, left, Side(((1, 0),), ItemGroup(0)), between_neighbours=False)
    return SpelledVocabulary((merge,), dict.fromkeys(items, "A title"), frozenset(pictures), 0, 0)


def with_images(images: list[bytes | None]) -> ItemCatalog:
    image_bytes, offsets = pack_images(images)
    pairs = twins(-(-len(images) // 2))
    short = {
        name: getattr(pairs, name)[: len(images)]
        for name in ("item_ids", "titles", "sentences", "categories", "prices")
    }
    return ItemCatalog(**short, image_bytes=image_bytes, image_offsets=offsets)


def test_each_picture_stands_where_its_tile_says() -> None:
    made = with_pictures(vocabulary_of([3, 0, 3, 1], {0, 1, 3}), twins(2))
    assert made.tiles == {3: 0, 0: 1, 1: 2}
    with Image.open(io.BytesIO(made.sheet)) as sheet:
        middles = [sheet.getpixel((TILE * tile + TILE // 2, TILE // 2)) for tile in range(3)]
    blue, red, other_blue = (np.array(color) for color in middles)
    for color, wanted in ((blue, (30, 30, 200)), (red, (200, 30, 30)), (other_blue, (30, 30, 200))):
        assert np.abs(color - wanted).max() < 12


def test_a_picture_that_does_not_decode_counts_as_missing() -> None:
    catalog = with_images([plain_picture((9, 9, 9)), b"no picture", None])
    made = with_pictures(vocabulary_of([0, 1, 2], {0, 1}), catalog)
    assert made.tiles == {0: 0}
    assert made.pictures == {0}


def test_without_pictures_there_is_no_sheet() -> None:
    made = with_pictures(vocabulary_of([0], set()), with_images([None]))
    assert (made.sheet, made.tiles) == (b"", {})


def test_the_sheet_is_bounded_whatever_the_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (TILE, TILE, 3), dtype=np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(noise).save(encoded, format="PNG")
    items = list(range(450))
    made = with_pictures(vocabulary_of(items, set(items)), with_images([encoded.getvalue()] * 450))
    assert list(made.tiles) == items[:400]
    assert made.pictures == set(items)  # those without a tile are left out, not missing
    assert len(made.sheet) < 3_000_000
    monkeypatch.setattr("clairo.pipeline.picture_sheet.MAX_PICTURES", 2)
    fewer = with_pictures(replace(made, tiles={}), with_images([encoded.getvalue()] * 450))
    assert list(fewer.tiles) == [0, 1]
