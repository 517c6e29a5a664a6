"""Names that become paths, and links that lead elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clairo.core.errors import DataError


def place_outside(path: Path, folder: Path) -> Path | None:
    """Where a link, or a name with dots, takes a path out of a folder; ``None`` where it does not.

    The folder itself may be a link. A chain of links without an end leads to its own start.
    """
    # Path.resolve raises where links form a loop, which is judged when the file is opened.
    real, root = Path(os.path.realpath(path)), Path(os.path.realpath(folder))
    return None if real.is_relative_to(root) else real


def require_inside(path: Path, folder: Path) -> None:
    """Refuses a file that a link, or a name with dots, takes out of the data folder.

    The data folder itself may be a link.

    Raises:
        DataError: The file lies elsewhere.
    """
    real = place_outside(path, folder)
    if real is not None:
        raise DataError(
            f"{path} must lie in the data folder {os.path.realpath(folder)}, it leads to {real}; "
            "copy the file there, or name the folder that holds it with DATA."
        )


def require_files_inside(path: Path, folder: Path) -> None:
    """The same for a folder and for what lies in it.

    Raises:
        DataError: The folder, or a link in it, leads elsewhere, or it cannot be listed.
    """
    require_inside(path, folder)
    with readable(path):
        # Of a hundred thousand pictures only links are worth the asking.
        links = [file for file in path.iterdir() if file.is_symlink()]
    for file in links:
        require_inside(file, folder)


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Names the folder, or the file in it, that the system does not let one look at.

    Raises:
        DataError: Something in the block may not be read.
    """
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{error.filename or folder} must be readable ({error.strerror}); change its rights, "
            "or name another folder with DATA."
        ) from error


def list_folder(folder: Path) -> list[Path]:
    """What lies in a folder, in order of name; nothing where there is no such folder.

    Raises:
        DataError: The folder may not be read.
    """
    with readable(folder):
        return sorted(folder.iterdir()) if folder.is_dir() else []


def list_files(folder: Path) -> list[Path]:
    """The files in a folder and in the folders below it, in order; linked folders stay out.

    There are none where there is no such folder.

    Raises:
        DataError: A folder may not be read, which ``Path.rglob`` would take for an empty one.
    """

    def refuse(error: OSError) -> None:
        raise error

    with readable(folder):
        if not folder.is_dir():
            return []
        found = [
            path
            for place, _, names in os.walk(folder, onerror=refuse)
            for path in (Path(place, name) for name in names)
            if path.is_file()
        ]
    return sorted(found)


def why_no_file(path: Path) -> str:
    """What stands where a file was expected, for a message that says so.

    Example:
        >>> why_no_file(Path("no such folder/file"))
        'which is not there'
    """
    if path.is_dir():
        return "which is a folder and no file"
    if path.is_symlink():
        return f"which is a link that leads to no file (to {path.readlink()})"
    return "which is no regular file" if path.exists() else "which is not there"
