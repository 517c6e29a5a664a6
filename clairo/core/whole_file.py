"""Files for people that appear whole or not at all, and never on top of another unasked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clairo.core.errors import ConfigError, DataError


def require_free(path: Path, *, force: bool) -> None:
    """Refuses a place where something lies already, before anything is computed for it.

    Args:
        path: Where a file is to be written.
        force: Whether a file that is there may be replaced.

    Raises:
        ConfigError: A file is there and may not be replaced, a folder has that name, or there
            is no folder to put it into.
    """
    if path.is_dir() or not path.parent.is_dir():
        what = "a folder" if path.is_dir() else f"no folder {path.parent}"
        raise ConfigError(
            f"A file must have a place of its own, at {path} is {what}; name another."
        )
    if path.exists() and not force:
        raise ConfigError(
            f"No file is replaced unasked, {path} is there already; add --force or name another."
        )


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A file beside ``path`` to write to; it takes the name when the block ends well.

    Raises:
        DataError: The disk refuses.
    """
    # The suffix is kept: some writers go by it.
    beside = path.with_name(f".writing-{os.getpid()}-{path.name}")
    try:
        yield beside
        beside.replace(path)
    except OSError as error:
        raise DataError(
            f"{path} must be writable, got: {error.strerror or error}; free some space or name "
            "another file."
        ) from error
    finally:
        beside.unlink(missing_ok=True)
