"""What is stored of the bytes that came."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from clairo.datasets.picture_decoding import (
    NoPictureError,
    StoredPicture,
    TooManyPixelsError,
    stored_picture,
)
from clairo.datasets.picture_policy import PicturePolicy
from tests.datasets.amazon_files import picture

POLICY = PicturePolicy(max_side=64, max_pixels=10_000)


def _pixels(stored: StoredPicture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(stored.data)).convert("RGB")).astype(int)


def _encoded(image: Image.Image, kind: str, **more: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **more)  # type: ignore[arg-type]
    return stream.getvalue()


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", ".jpg"), ("PNG", ".png")])
def test_a_small_upright_picture_is_stored_as_it_came(kind: str, suffix: str) -> None:
    data = picture(side=64, kind=kind)
    assert stored_picture(data, POLICY) == StoredPicture(data, suffix, 64, 64)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "BMP"])
def test_other_kinds_become_jpeg(kind: str) -> None:
    stored = stored_picture(picture("blue", kind=kind), POLICY)
    assert stored.suffix == ".jpg"
    assert Image.open(io.BytesIO(stored.data)).format == "JPEG"
    assert np.abs(_pixels(stored) - (0, 0, 255)).max() <= 4


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("size", "expected"), [((96, 48), (64, 32)), ((48, 96), (32, 64)), ((65, 65), (64, 64))]
)
def test_the_longest_side_becomes_as_long_as_allowed(
    kind: str, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    stored = stored_picture(_encoded(Image.new("RGB", size, "red"), kind), POLICY)
    assert (stored.width, stored.height) == expected
    assert Image.open(io.BytesIO(stored.data)).size == expected
    assert stored.suffix == ".jpg"


def test_a_picture_that_lies_on_its_side_is_turned_upright() -> None:
    image = Image.new("RGB", (40, 20), "black")
    image.paste("white", (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = stored_picture(_encoded(image, "JPEG", exif=exif), POLICY)
    assert (stored.width, stored.height) == (20, 40)
    # Orientation 6 is turned clockwise: what was on the left comes to the top.
    found = _pixels(stored)
    assert found[5].mean() > 200 > 50 > found[35].mean()
    assert Image.open(io.BytesIO(stored.data)).getexif().get(0x0112, 1) == 1


def test_what_is_transparent_becomes_white() -> None:
    image = Image.new("RGBA", (100, 50), (255, 0, 0, 0))
    assert _pixels(stored_picture(_encoded(image, "PNG"), POLICY)).min() >= 253


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no whole picture"),
        (b"  <!DOCTYPE html><p>Robot check", "a page of HTML"),
        (picture()[:300], "no whole picture"),
        (picture(kind="PNG")[:-20], "no whole picture"),
        (picture(side=1, kind="GIF"), "1 x 1 pixels and shows nothing"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "no whole picture"),
    ],
    ids=["empty", "page", "half jpeg", "half png", "one pixel", "postscript"],
)
def test_what_is_no_picture_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(NoPictureError, match=reason):
        stored_picture(data, POLICY)


def bomb(side: int) -> bytes:
    """A PNG whose header tells of a square of black pixels, without these pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("side", [101, 12_000, 60_000])
def test_too_many_pixels_are_refused_by_the_header_before_any_is_decoded(side: int) -> None:
    # Decoding would fail: the pixels are not there.
    with pytest.raises(TooManyPixelsError):
        stored_picture(bomb(side), POLICY)


def test_as_many_pixels_as_allowed_are_decoded() -> None:
    stored = stored_picture(picture(side=100, kind="PNG"), POLICY)
    assert (stored.width, stored.height) == (64, 64)
