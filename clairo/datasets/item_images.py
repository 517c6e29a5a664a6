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
from clairo.datasets.places import list_folder, readable

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
        undecodable: File names that were tried and could not be decoded, in item order.
    """

    images: tuple[bytes | None, ...]
    undecodable: tuple[str, ...]


def find_images(folder: Path, wanted: Sequence[str]) -> Mapping[str, Path]:
    """A file of each item that has one, which may not decode; the first by name of several.

    Raises:
        DataError: The folder may not be read.
    """
    return {item: paths[0] for item, paths in _candidates(folder, frozenset(wanted)).items()}


def pictured_items(folder: Path) -> tuple[str, ...]:
    """Names of all pictures of a folder that decode, in order: the items that have one.

    Raises:
        DataError: The folder, or a picture's file, cannot be read at all.
    """
    candidates = _candidates(folder, None)
    return tuple(name for name in sorted(candidates) if _first_whole(candidates[name])[0])


def read_images(folder: Path, item_ids: Sequence[str]) -> ItemImages:
    """Pictures of the given items, each decoded once as a check.

    Of several files of an item the first by name that decodes counts.

    Raises:
        DataError: The folder, or a picture's file, cannot be read at all.
    """
    candidates = _candidates(folder, frozenset(item_ids))
    images: list[bytes | None] = []
    undecodable: list[str] = []
    for item_id in item_ids:
        data, broken = _first_whole(candidates.get(item_id, ()))
        for path in broken:
            _LOGGER.warning("%s does not decode and counts as missing", path)
            undecodable.append(path.name)
        images.append(data)
    return ItemImages(tuple(images), tuple(undecodable))


def _candidates(folder: Path, known: frozenset[str] | None) -> dict[str, list[Path]]:
    """Files that may be pictures of the known items, or of any; those of an item by name."""
    found: dict[str, list[Path]] = {}
    with readable(folder):
        for path in list_folder(folder):
            if (known is None or path.stem in known) and path.suffix and path.is_file():
                found.setdefault(path.stem, []).append(path)
    return found


def _first_whole(paths: Sequence[Path]) -> tuple[bytes | None, list[Path]]:
    """The first picture that decodes, and the files before it, which do not."""
    broken: list[Path] = []
    for path in paths:
        data = read_picture(path)
        if picture_format(data) is not None:
            return data, broken
        broken.append(path)
    return None, broken


def read_picture(path: Path) -> bytes:
    """The bytes of a picture's file.

    Raises:
        DataError: It cannot be read at all.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} must be a readable picture ({error}); check its rights."
        ) from error
