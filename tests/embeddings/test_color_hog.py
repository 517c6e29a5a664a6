"""Colours and shapes, each seen by its own half of the vector."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from clairo.embeddings import ColorHogConfig
from clairo.embeddings.color_hog import hsv_histogram
from tests.contracts.encoder import RUNTIME, EncoderContract, draw_picture, make_catalog


def encode(config: ColorHogConfig, *pictures: bytes):
    return config.encode(make_catalog([""] * len(pictures), pictures), 0, RUNTIME)


class TestColorHog(EncoderContract):
    config_type = ColorHogConfig

    @pytest.fixture
    def config(self) -> ColorHogConfig:
        return ColorHogConfig()


def test_colour_alone_is_blind_to_shape_size() -> None:
    table = encode(
        ColorHogConfig(color_share=1.0),
        draw_picture("red", "circle"),
        draw_picture("red", "circle", side=96),
        draw_picture("blue", "circle"),
    )
    nearness = table.vectors @ table.vectors.T
    assert nearness[0, 1] > 0.99
    assert nearness[0, 2] < 0.8
    assert not table.vectors[:, table.facts["color_dims"] :].any()


def test_gradients_alone_tell_shapes_apart() -> None:
    table = encode(
        ColorHogConfig(color_share=0.0),
        draw_picture("red", "circle"),
        draw_picture("red", "square"),
        draw_picture("darkred", "circle"),
    )
    nearness = table.vectors @ table.vectors.T
    assert nearness[0, 2] > nearness[0, 1]


def test_a_plain_picture_without_any_edge_has_a_vector() -> None:
    stream = io.BytesIO()
    Image.new("L", (1, 1), 255).save(stream, "PNG")
    table = encode(ColorHogConfig(), stream.getvalue())
    assert np.isfinite(table.vectors).all()
    assert table.vectors.any()


def test_the_histogram_shares_a_pixel_between_neighbouring_hues() -> None:
    # Hue 1/8 lies halfway between the bins that start at 0 and at 1/4.
    assert hsv_histogram(np.array([[0.125, 1.0, 1.0]]), (4, 1, 1)).tolist() == [0.5, 0.5, 0, 0]


def test_the_hue_circle_closes() -> None:
    shares = hsv_histogram(np.array([[0.875, 0.0, 0.0], [1.0, 0.0, 0.0]]), (4, 1, 1))
    assert shares.tolist() == [(0.5 + 1.0) / 2, 0, 0, 0.5 / 2]


def test_grey_and_pure_colour_fall_into_different_bins() -> None:
    grey_and_red = np.array([[0.0, 0.0, 0.5], [0.0, 1.0, 0.5]])
    assert hsv_histogram(grey_and_red, (1, 2, 1)).tolist() == [0.5, 0.5]


def test_cells_that_do_not_fit_are_refused_with_the_size_that_does() -> None:
    with pytest.raises(ValidationError, match="use cell_size 32 or less"):
        ColorHogConfig(image_size=64, cell_size=48)


@pytest.mark.shared
def test_real_product_photos_all_decode(shared: Path) -> None:
    folder = shared / "data" / "amazon" / "2018" / "Gift_Cards" / "images"
    photos = [path.read_bytes() for path in sorted(folder.iterdir())[:12]]
    table = encode(ColorHogConfig(), *photos)
    assert table.facts["num_undecodable"] == 0
    assert np.linalg.matrix_rank(table.vectors) > 6
