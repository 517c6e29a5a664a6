"""Pictures that come with a table: checked before anything is written, copied if they decode."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from clairo.core.errors import DataError
from clairo.datasets.item_images import picture_format, read_picture
from clairo.datasets.places import list_folder, place_outside, readable, why_no_file

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class CopiedPictures:
    """What became of a folder of pictures.

    Attributes:
        copied: Names of the files that were copied.
        undecodable: Names of those that were not, since they are no whole pictures.
    """

    copied: tuple[str, ...] = ()
    undecodable: tuple[str, ...] = ()


def candidate_pictures(folder: Path) -> list[Path]:
    """Every file that can be a picture of an item: it has a suffix and is not hidden.

    Raises:
        DataError: There is no such folder, it cannot be read, or a link in it leads out of it
            or to no file.
    """
    if not folder.is_dir():
        raise DataError(
            f"images must be a folder of pictures, got {folder}, {why_no_file(folder)}; name "
            "another one."
        )
    named = [path for path in list_folder(folder) if path.suffix and path.name[0] != "."]
    for path in named:
        if path.is_symlink():
            _require_own(path, folder)
    with readable(folder):
        return [path for path in named if path.is_file()]


def copy_pictures(pictures: list[Path], target: Path) -> CopiedPictures:
    """Copies the pictures that decode into a folder, which is made.

    Raises:
        DataError: A picture cannot be read at all.
    """
    target.mkdir()
    copied, undecodable = [], []
    for path in pictures:
        data = read_picture(path)
        if picture_format(data) is None:
            _LOGGER.warning("%s does not decode and is not copied", path)
            undecodable.append(path.name)
        else:
            (target / path.name).write_bytes(data)
            copied.append(path.name)
    return CopiedPictures(tuple(copied), tuple(undecodable))


def _require_own(link: Path, folder: Path) -> None:
    real = place_outside(link, folder)
    if real is not None:
        raise DataError(
            f"{link} must be a picture of its folder, it is a link to {real}; put a copy of the "
            "picture there, or take the link out."
        )
    if not link.exists():
        raise DataError(f"{link} must be a picture, {why_no_file(link)}; take it out.")
