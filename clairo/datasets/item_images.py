"""Pictures of items: found by name, checked by decoding, never replaced by another one."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from clairo.core.errors import DataError

_LOGGER = logging.getLogger(__name__)

# A JPEG may be decoded at an eighth of its size: every byte is read, few pixels are computed.
_CHECK_SIZE = (32, 32)
# One pixel is how a publisher's server says that there is no picture.
_SMALLEST_SIDE = 2


def picture_format(data: bytes) -> str | None:
    """Pillow's name of the format of a picture that decodes to its end, ``None`` otherwise."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)
            with Image.open(io.BytesIO(data)) as picture:
                name, size = picture.format, picture.size
                picture.draft("RGB", _CHECK_SIZE)
                picture.load()
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        OSError,
        ValueError,
        SyntaxError,
        MemoryError,
    ) as error:
        # Pillow's plug-ins raise all of these for damaged files, SyntaxError included.
        _LOGGER.debug("picture does not decode: %s", error)
        return None
    return name if min(size) >= _SMALLEST_SIDE else None


@dataclass(frozen=True)
class ItemImages:
    """Pictures of a catalogue.

    Attributes:
        images: Encoded picture of each item, ``None`` where there is none.
        undecodable: File names that were found and could not be decoded, in item order.
    """

    images: tuple[bytes | None, ...]
    undecodable: tuple[str, ...]


def find_images(folder: Path, wanted: Sequence[str]) -> Mapping[str, Path]:
    """Picture file of each item that has one; the first by name where there are several."""
    if not folder.is_dir():
        return {}
    known = frozenset(wanted)
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.stem in known and path.suffix and path.is_file():
            found.setdefault(path.stem, path)
    return found


def pictured_items(folder: Path) -> tuple[str, ...]:
    """Names of all pictures of a folder that decode, in order: the items that have one.

    Raises:
        DataError: A picture's file cannot be read at all.
    """
    if not folder.is_dir():
        return ()
    names = sorted({path.stem for path in folder.iterdir() if path.suffix and path.is_file()})
    paths = find_images(folder, names)
    return tuple(name for name in names if picture_format(_read(paths[name])) is not None)


def read_images(folder: Path, item_ids: Sequence[str]) -> ItemImages:
    """Pictures of the given items, each decoded once as a check.

    Raises:
        DataError: A picture's file cannot be read at all.
    """
    paths = find_images(folder, item_ids)
    images: list[bytes | None] = []
    undecodable = []
    for item_id in item_ids:
        path = paths.get(item_id)
        data = _read(path) if path else None
        if path and data is not None and picture_format(data) is None:
            _LOGGER.warning("%s does not decode; the item counts as one without a picture", path)
            undecodable.append(path.name)
            data = None
        images.append(data)
    return ItemImages(tuple(images), tuple(undecodable))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} must be a readable picture ({error}); check its rights."
        ) from error
