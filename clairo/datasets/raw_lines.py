"""Lines of a gzip file, with one clear error for every way in which it can be damaged."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from clairo.core.errors import DataError

_CHUNK_BYTES = 1 << 20


def read_lines(
    path: Path, on_truncated: Callable[[int], None] | None = None
) -> Iterator[tuple[int, bytes]]:
    """Line numbers from 1 and lines, without blank lines and line ends.

    Args:
        path: A gzip file.
        on_truncated: Called with the number of whole lines when the file ends early; ``None``
            makes that an error.

    Raises:
        DataError: The file is missing, unreadable, empty, no gzip file, damaged or truncated.
    """
    number = 0
    try:
        for line in _split(path):
            number += 1
            if line.strip():
                yield number, line
    except EOFError as error:
        if on_truncated is None:
            raise DataError(
                f"{path} must be a whole gzip file, it ends early after line {number}; delete it "
                "and fetch it again (from Python, AmazonConfig(salvage=True) keeps whole lines)."
            ) from error
        on_truncated(number)
    except (OSError, zlib.error) as error:
        _refuse_file(path, number, error)
    if number == 0:
        raise DataError(f"{path} must hold one record a line, it is empty; fetch it again.")


def _split(path: Path) -> Iterator[bytes]:
    """Lines without their ends; a last line needs none, unless the file ends early."""
    rest = b""
    with gzip.open(path, "rb") as stream:
        # read1 hands over what was unpacked before a break; read would lose it.
        while chunk := stream.read1(_CHUNK_BYTES):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole
    if rest:
        yield rest


def _refuse_file(path: Path, number: int, error: OSError | zlib.error) -> NoReturn:
    cure = "delete it and fetch it again"
    if isinstance(error, FileNotFoundError):
        raise DataError(f"{path} must be there to be read, it is not; fetch it.") from error
    if isinstance(error, gzip.BadGzipFile) and number == 0:
        raise DataError(f"{path} must be a gzip file, it is not ({error}); {cure}.") from error
    if isinstance(error, (gzip.BadGzipFile, zlib.error)):
        raise DataError(f"{path} is damaged after line {number} ({error}); {cure}.") from error
    raise DataError(f"{path} must be a readable file ({error}); check its rights.") from error


def refuse_line(path: Path, number: int, rule: str, error: object) -> DataError:
    """The error for a line that is not what it must be."""
    return DataError(
        f"{path} line {number}: {rule} ({error}); correct the line or fetch the file again."
    )


def require_string(row: dict[str, Any], key: str, path: Path, number: int) -> str:
    """A field that must be a string of printable characters.

    Raises:
        DataError: It is missing, empty, unprintable or of another type.
    """
    value = row.get(key)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise refuse_line(path, number, f"{key} must be a printable string", f"got {value!r:.40}")
    return value
