"""The files of ``images/``: one per item, several names for one content where disks allow it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from clairo.datasets.picture_decoding import StoredPicture

# Item ids become file names, so one that could name another place gets no picture.
_SAFE_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def is_safe_id(item: str) -> bool:
    """Whether an item's id may become a file's name.

    Example:
        >>> is_safe_id("B00ABC"), is_safe_id("../B00ABC")
        (True, False)
    """
    return _SAFE_ID.fullmatch(item) is not None


class PictureFolder:
    """Puts pictures into a folder, each whole or not at all."""

    def __init__(self, folder: Path, partial: Path) -> None:
        """Takes the folders, on one file system.

        Args:
            folder: Where the pictures belong.
            partial: Where they are written first.
        """
        self._folder = folder
        self._partial = partial

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return bool(name) and (self._folder / name).is_file()

    def put(self, item: str, picture: StoredPicture) -> str:
        """Stores an item's picture and gives the file's name.

        Raises:
            OSError: It cannot be written.
        """
        return self._write(f"{item}{picture.suffix}", picture.data)

    def share(self, item: str, name: str) -> str:
        """Gives an item the picture of another file, and gives the new file's name.

        A second name of the same file takes no room; where the file system has no such
        names it is a copy.

        Raises:
            OSError: It cannot be written.
        """
        source = self._folder / name
        target = source.with_name(f"{item}{source.suffix}")
        part = self._partial / f"{target.name}.part"
        part.unlink(missing_ok=True)
        try:
            os.link(source, part)
        except OSError:
            # No links here, or too many of this file: the copy fails in turn if the disk does.
            return self._write(target.name, source.read_bytes())
        part.replace(target)
        return target.name

    def _write(self, name: str, data: bytes) -> str:
        self._folder.mkdir(exist_ok=True)
        part = self._partial / f"{name}.part"
        part.unlink(missing_ok=True)
        part.write_bytes(data)
        part.replace(self._folder / name)
        return name
