"""Pictures of every mode and state, read as a shop visitor would see them."""

from __future__ import annotations

import io
import logging

import numpy as np
import pytest
from PIL import Image

from clairo.core.stage import Runtime
from clairo.embeddings.batches import FittingBatches
from clairo.embeddings.opened import OpenedEncoder
from clairo.embeddings.pictures import decode_picture, prepare_picture
from clairo.embeddings.pieces import encode_pictures
from tests.contracts.encoder import draw_picture, make_catalog


def encoded(picture: Image.Image, image_format: str = "PNG", **options) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, image_format, **options)
    return stream.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("size", [(1, 1), (3, 200)])
def test_every_mode_and_size_becomes_rgb(mode: str, size: tuple[int, int]) -> None:
    picture = decode_picture(encoded(Image.new(mode, size)))
    assert picture is not None
    assert (picture.mode, picture.size) == ("RGB", size)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_whole_and_real_numbers_become_rgb(mode: str) -> None:
    picture = decode_picture(encoded(Image.new(mode, (2, 3), 200), "TIFF"))
    assert picture is not None
    assert picture.getpixel((0, 0)) == (200, 200, 200)


def test_print_colours_become_rgb() -> None:
    picture = decode_picture(encoded(Image.new("CMYK", (4, 4), (0, 255, 255, 0)), "JPEG"))
    assert picture is not None
    red, green, blue = picture.getpixel((1, 1))
    assert red > 200 > 60 > max(green, blue)


def test_transparent_parts_are_white() -> None:
    picture = decode_picture(encoded(Image.new("RGBA", (2, 2), (255, 0, 0, 0))))
    assert picture is not None
    assert picture.getpixel((0, 0)) == (255, 255, 255)


def test_deep_grey_is_scaled_not_cut() -> None:
    levels = np.array([[0, 32768, 65535]], dtype=np.uint16)
    picture = decode_picture(encoded(Image.fromarray(levels)))
    assert picture is not None
    assert [picture.getpixel((x, 0))[0] for x in range(3)] == [0, 128, 255]


def test_a_photo_taken_sideways_is_turned_upright() -> None:
    tags = Image.Exif()
    tags[0x0112] = 6
    picture = decode_picture(encoded(Image.new("RGB", (8, 4)), "JPEG", exif=tags))
    assert picture is not None
    assert picture.size == (4, 8)


def test_of_an_animation_the_first_frame_counts() -> None:
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    picture = decode_picture(data)
    assert picture is not None
    assert picture.getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>not found</html>",
        draw_picture("red", "circle")[:90],
        draw_picture("red", "circle", "JPEG")[:400],
    ],
)
def test_what_does_not_decode_whole_is_nothing(data: bytes) -> None:
    assert decode_picture(data) is None


def test_a_picture_as_large_as_an_attack_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert decode_picture(encoded(Image.new("RGB", (11, 10)))) is None
    assert decode_picture(encoded(Image.new("RGB", (50, 50)))) is None


def test_broken_pictures_are_counted_named_and_never_replaced(
    caplog: pytest.LogCaptureFixture,
) -> None:
    red, blue = draw_picture("red", "square"), draw_picture("blue", "square")
    catalog = make_catalog([""] * 5, [red, b"broken", None, blue, red[:60]])

    def middle(pictures: list[Image.Image]) -> np.ndarray:
        return np.array([picture.getpixel((24, 24)) for picture in pictures], dtype=np.float32)

    def open_encoder(device: str, num_threads: int) -> OpenedEncoder:
        upright = prepare_picture(lambda picture: picture)
        return OpenedEncoder(FittingBatches(middle, 1, None), prepare=upright)

    with caplog.at_level(logging.WARNING):
        table = encode_pictures(open_encoder, catalog, Runtime())
    assert table.vectors[[0, 3]].tolist() == [[255, 0, 0], [0, 0, 255]]
    assert table.present.tolist() == [True, False, False, True, False]
    assert table.facts["num_undecodable"] == 2
    assert table.facts["num_without_image"] == 1
    assert "item1" in caplog.text
    assert "item4" in caplog.text
