"""Names that become paths, and links that lead elsewhere."""

from __future__ import annotations

from pathlib import Path

from clairo.core.errors import DataError


def require_inside(path: Path, folder: Path) -> None:
    """Refuses a file that a link, or a name with dots, takes out of the data folder.

    The data folder itself may be a link.

    Raises:
        DataError: The file lies elsewhere.
    """
    real, root = path.resolve(), folder.resolve()
    if not real.is_relative_to(root):
        raise DataError(
            f"{path} must lie in the data folder {root}, it leads to {real}; copy the file there, "
            "or name the folder that holds it with DATA."
        )


def require_files_inside(path: Path, folder: Path) -> None:
    """The same for a folder and for what lies in it.

    Raises:
        DataError: The folder, or a link in it, leads elsewhere.
    """
    require_inside(path, folder)
    for file in path.iterdir():
        # Of a hundred thousand pictures only links are worth the asking.
        if file.is_symlink():
            require_inside(file, folder)
