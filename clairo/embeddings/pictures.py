"""Encoded pictures to RGB, whatever their format, mode or state."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageOps

_log = logging.getLogger(__name__)


def decode_picture(data: bytes) -> Image.Image | None:
    """The picture as upright RGB, ``None`` where it cannot be decoded whole.

    Transparent parts become white, the colour of a shop's page; deep grey levels are scaled
    to eight bits; of an animation the first frame counts. A picture so large that Pillow
    warns of an attack counts as undecodable.

    Example:
        >>> decode_picture(b"no picture") is None
        True
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Odd metadata does not make the pixels wrong.
            warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
            with Image.open(io.BytesIO(data)) as picture:
                picture.load()
                return _to_rgb(ImageOps.exif_transpose(picture))
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        # The caller counts these; the reason of each is in the log.
        _log.debug("A picture of %d bytes does not decode: %s", len(data), error)
        return None


def _to_rgb(picture: Image.Image) -> Image.Image:
    """Eight-bit RGB on white."""
    if picture.mode.startswith("I") or picture.mode == "F":
        levels = np.asarray(picture, dtype=np.float64)
        top = max(255.0, float(levels.max(initial=0.0)))
        ceiling = 65535.0 if top > 255.0 else 255.0
        scaled = (levels.clip(0, ceiling) * (255.0 / ceiling)).round().astype(np.uint8)
        return Image.fromarray(scaled).convert("RGB")
    if picture.has_transparency_data:
        layered = picture.convert("RGBA")
        white = Image.new("RGBA", layered.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, layered).convert("RGB")
    return picture.convert("RGB")


def prepare_picture(transform: Callable[[Image.Image], Any]) -> Callable[[bytes], Any]:
    """Decodes and transforms; gives ``None`` where a picture does not decode.

    Args:
        transform: Makes a model's input from an upright RGB picture.
    """

    def prepare(data: bytes) -> Any:
        picture = decode_picture(data)
        return None if picture is None else transform(picture)

    return prepare
