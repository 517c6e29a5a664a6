"""What every encoder promises; subclassed once per encoder."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image, ImageDraw

from clairo.core.artifacts import EmbeddingTable, ItemCatalog, Modalities, pack_images
from clairo.core.errors import DataError
from clairo.core.stage import Runtime
from clairo.embeddings import EncoderConfig

SENTENCES = ("red wool scarf", "warm red wool scarf", "", "steel tea kettle", "  ", "steel kettle")
RUNTIME = Runtime()


def draw_picture(color: str, shape: str, image_format: str = "PNG", side: int = 48) -> bytes:
    """A shape on white, encoded."""
    picture = Image.new("RGB", (side, side), "white")
    box = (side // 6, side // 6, side - side // 6, side - side // 6)
    pen = ImageDraw.Draw(picture)
    (pen.ellipse if shape == "circle" else pen.rectangle)(box, fill=color)
    stream = io.BytesIO()
    picture.save(stream, image_format)
    return stream.getvalue()


def make_catalog(sentences: Sequence[str], pictures: Sequence[bytes | None]) -> ItemCatalog:
    """A catalogue of which only sentences and pictures matter."""
    image_bytes, image_offsets = pack_images(pictures)
    blank = ("",) * len(sentences)
    return ItemCatalog(
        item_ids=tuple(f"item{index}" for index in range(len(sentences))),
        titles=blank,
        sentences=tuple(sentences),
        categories=blank,
        prices=blank,
        image_bytes=image_bytes,
        image_offsets=image_offsets,
    )


def shop() -> ItemCatalog:
    """Six items: 0 and 1 are alike, 3 and 5 are alike, 2 and 4 have nothing usable."""
    pictures = [
        draw_picture("red", "circle"),
        draw_picture("crimson", "circle", "JPEG", 60),
        None,
        draw_picture("navy", "square"),
        draw_picture("green", "circle")[:70],
        draw_picture("blue", "square", "JPEG", 52),
    ]
    return make_catalog(SENTENCES, pictures)


def reordered(catalog: ItemCatalog, order: Sequence[int]) -> ItemCatalog:
    """The same items in another order."""
    moved = make_catalog(
        [catalog.sentences[item] for item in order], [catalog.image(item) for item in order]
    )
    return replace(moved, item_ids=tuple(catalog.item_ids[item] for item in order))


class EncoderContract:
    """Subclasses name the encoder and give a ``config`` fixture."""

    config_type: ClassVar[type[EncoderConfig]]

    @pytest.fixture
    def table(self, config: EncoderConfig) -> EmbeddingTable:
        return config.encode(shop(), 0, RUNTIME)

    def test_it_has_one_row_per_item_in_catalogue_order(self, table: EmbeddingTable) -> None:
        assert table.item_ids == shop().item_ids
        assert table.modality == self.config_type.modality
        assert table.vectors.dtype == np.float32

    def test_items_without_the_modality_are_missing_and_zero(self, table: EmbeddingTable) -> None:
        assert table.present.tolist() == [True, True, False, True, False, True]
        assert not table.vectors[~table.present].any()
        assert table.vectors[table.present].any(axis=1).all()

    def test_facts_say_width_and_coverage(self, table: EmbeddingTable) -> None:
        assert table.facts["dims"] == table.dims
        assert table.facts["coverage"] == pytest.approx(4 / 6)
        assert table.facts["num_present"] == 4
        json.dumps(dict(table.facts), allow_nan=False)

    def test_alike_items_are_nearer_than_others(self, table: EmbeddingTable) -> None:
        nearness = table.vectors @ table.vectors.T
        assert nearness[0, 1] > nearness[0, 3]
        assert nearness[3, 5] > nearness[3, 1]

    def test_it_gives_the_same_vectors_again_whatever_the_seed(
        self, config: EncoderConfig, table: EmbeddingTable
    ) -> None:
        seed = 0 if self.config_type.seeded else 1
        np.testing.assert_array_equal(config.encode(shop(), seed, RUNTIME).vectors, table.vectors)

    def test_an_item_keeps_its_vector_at_another_place(
        self, config: EncoderConfig, table: EmbeddingTable
    ) -> None:
        order = [5, 2, 0, 4, 3, 1]
        moved = config.encode(reordered(shop(), order), 0, RUNTIME)
        # Products of vectors: a decomposition is free in the signs of its axes.
        wanted = table.vectors[order] @ table.vectors[order].T
        np.testing.assert_allclose(moved.vectors @ moved.vectors.T, wanted, atol=1e-4)

    def test_a_catalogue_without_the_modality_is_an_error(self, config: EncoderConfig) -> None:
        with pytest.raises(DataError, match="got 0 of 2"):
            config.encode(make_catalog(["", " "], [None, b"no picture"]), 0, RUNTIME)

    def test_its_table_survives_the_disk(self, table: EmbeddingTable, tmp_path) -> None:
        Modalities((table,)).save(tmp_path)
        again = Modalities.load(tmp_path).tables[0]
        np.testing.assert_array_equal(again.vectors, table.vectors)
        assert again.facts == table.facts

    def test_its_identity_is_json(self, config: EncoderConfig) -> None:
        assert json.loads(json.dumps(config.identity()))["kind"] == config.kind
