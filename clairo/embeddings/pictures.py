"""Encoded pictures to RGB, whatever their format, mode or state."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from PIL import Image, ImageOps

from clairo.core.artifacts import ItemCatalog
from clairo.core.errors import DataError

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


def describe_pictures(
    catalog: ItemCatalog,
    describe: Callable[[list[Image.Image]], Float[np.ndarray, "pictures dims"]],
    batch_size: int,
) -> tuple[Float[np.ndarray, "present dims"], Bool[np.ndarray, " items"], dict[str, Any]]:
    """Decodes the pictures of a catalogue, a batch at a time, and keeps what is made of them.

    Args:
        catalog: The items.
        describe: Makes one row of each decoded picture of a batch.
        batch_size: Pictures that are held at a time.

    Returns:
        One row per item with a usable picture, which items these are, and the facts
        ``num_undecodable`` and ``num_without_image``.

    Raises:
        DataError: No item has a usable picture.
    """
    present, undecodable = catalog.has_image, 0
    rows, batch = [], []
    for item in np.flatnonzero(present):
        picture = decode_picture(catalog.image(int(item)) or b"")
        if picture is None:
            _log.warning("The picture of item %s does not decode.", catalog.item_ids[item])
            present[item] = False
            undecodable += 1
            continue
        batch.append(picture)
        if len(batch) == batch_size:
            rows.append(describe(batch))
            batch = []
    if batch:
        rows.append(describe(batch))
    if not rows:
        raise DataError(
            f"An image encoder needs items with a picture, got 0 of {len(catalog)} "
            f"({undecodable} pictures do not decode); provide pictures, or choose fusion "
            "text_only."
        )
    facts = {
        "num_undecodable": undecodable,
        "num_without_image": int((~catalog.has_image).sum()),
    }
    return np.concatenate(rows), present, facts
