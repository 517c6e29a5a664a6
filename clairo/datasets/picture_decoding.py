"""From the bytes that came to the picture that is stored: decoded, upright, small enough.

A JPEG or PNG that is upright and small enough is stored as it came. Everything else becomes a
JPEG of the first frame, transparency on white, the longest side at most as long as wanted.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from clairo.datasets.picture_policy import PicturePolicy

_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
_KEPT: Final = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png"}
_ORIENTATION: Final = 0x0112
_UPRIGHT: Final = 1
_JPEG_QUALITY: Final = 90
# One pixel is how a publisher's server says that there is no picture.
_SMALLEST_SIDE: Final = 2


class NoPictureError(Exception):
    """Bytes that are no picture, or one that shows nothing."""


class TooManyPixelsError(Exception):
    """A picture that would not fit into memory."""


@dataclass(frozen=True)
class StoredPicture:
    """A picture as it goes to disk.

    Attributes:
        data: The encoded bytes.
        suffix: Of its file, with the dot.
        width: In pixels.
        height: In pixels.
    """

    data: bytes
    suffix: str
    width: int
    height: int


def stored_picture(data: bytes, policy: PicturePolicy) -> StoredPicture:
    """The picture in these bytes, decoded to its end.

    Args:
        data: What a server sent.
        policy: Most pixels that are decoded, and longest side that is stored.

    Raises:
        NoPictureError: The bytes do not decode, or show one pixel.
        TooManyPixelsError: The header tells of more pixels than are decoded.
    """
    # Formats that are named must have been loaded.
    Image.init()
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            width, height = picture.size
            _require_size(width, height, policy)
            # A large JPEG is decoded at a fraction of its size, every byte read all the same.
            picture.draft(None, (policy.max_side, policy.max_side))
            picture.load()
            suffix = _KEPT.get(picture.format or "")
            is_upright = picture.getexif().get(_ORIENTATION, _UPRIGHT) == _UPRIGHT
            if suffix and is_upright and max(width, height) <= policy.max_side:
                return StoredPicture(data, suffix, width, height)
            return _encoded(ImageOps.exif_transpose(picture), policy.max_side)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooManyPixelsError(str(error)) from error
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        MemoryError,
        EOFError,
    ) as error:
        # Pillow's plug-ins raise all of these for damaged files, SyntaxError included.
        shown = "a page of HTML" if _is_page(data) else str(error).split(" <", 1)[0]
        raise NoPictureError(f"the bytes are no whole picture ({shown})") from error


def _require_size(width: int, height: int, policy: PicturePolicy) -> None:
    if min(width, height) < _SMALLEST_SIDE:
        raise NoPictureError(f"it has {width} x {height} pixels and shows nothing")
    if width * height > policy.max_pixels:
        raise TooManyPixelsError(
            f"a picture may have {policy.max_pixels:,} pixels, it has {width:,} x {height:,}"
        )


def _encoded(picture: Image.Image, max_side: int) -> StoredPicture:
    picture = _on_white(picture)
    picture.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=_JPEG_QUALITY)
    return StoredPicture(stream.getvalue(), ".jpg", *picture.size)


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")


def _is_page(data: bytes) -> bool:
    start = data[:512].lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html"))
