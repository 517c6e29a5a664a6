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
    if path.is_dir():
        raise ConfigError(f"A file needs a name of its own, {path} is a folder; name another.")
    if not path.parent.is_dir():
        raise ConfigError(
            f"A file needs a folder to lie in, there is no {path.parent}; make it or name another."
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
            f"{path} must be writable, got: {error.strerror or error}; see to that or name "
            "another file."
        ) from error
    finally:
        beside.unlink(missing_ok=True)
