"""Raw files line by line, and the errors that name a line."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from clairo.core.errors import DataError
from clairo.datasets.raw_blocks import Block, OnTruncated, Truncation, read_blocks

_LOGGER = logging.getLogger(__name__)


def read_lines(path: Path, on_truncated: OnTruncated | None = None) -> Iterator[tuple[int, bytes]]:
    """Line numbers from 1 and lines, without blank lines and line ends.

    Args:
        path: A gzip file or a plain one.
        on_truncated: Told what is left when the file ends early; ``None`` makes that an error.

    Raises:
        DataError: See :func:`~clairo.datasets.raw_blocks.read_blocks`.
    """
    for block in read_blocks(path, on_truncated):
        yield from lines_of(block)


def lines_of(block: Block) -> Iterator[tuple[int, bytes]]:
    """Line numbers and lines of a block, without blank lines and line ends."""
    for number, line in enumerate(block.data.split(b"\n"), block.first_line):
        if line.strip():
            yield number, line.removesuffix(b"\r")


def salvager(path: Path, lost: list[Truncation]) -> OnTruncated:
    """Takes the whole lines of a file that ends early, and notes what is left of it.

    Args:
        path: The file.
        lost: Where that is noted.
    """

    def note(left: Truncation) -> None:
        lost.append(left)
        _LOGGER.warning(
            "%s ends early; its %d whole lines are used, %d bytes of another are lost",
            path, left.num_lines, left.lost_bytes,
        )  # fmt: skip

    return note


def refuse_line(path: Path, number: int, rule: str, error: object) -> DataError:
    """The error for a line that is not what it must be."""
    return DataError(
        f"{path} line {number}: {rule} ({error}); correct the line or fetch the file again."
    )


def decode_line(line: bytes, path: Path, number: int) -> str:
    """The text of a line.

    Raises:
        DataError: It is not UTF-8, or has a NUL byte.
    """
    rule = "a line must be UTF-8 text without NUL bytes"
    if b"\0" in line:
        raise refuse_line(path, number, rule, "it has a NUL byte")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refuse_line(path, number, rule, error) from error


def _is_printable(text: str) -> bool:
    """By Arrow's tables, as whole blocks are judged: the interpreter's differ by its version."""
    if text.isprintable() or text.isascii():
        return text.isprintable()
    try:
        return bool(pc.utf8_is_printable(pa.scalar(text)).as_py())
    except UnicodeEncodeError:
        return False


def require_string(row: dict[str, Any], key: str, path: Path, number: int) -> str:
    """A field that must be a string of printable characters.

    Raises:
        DataError: It is missing, empty, unprintable or of another type.
    """
    value = row.get(key)
    if not isinstance(value, str) or not value or not _is_printable(value):
        raise refuse_line(path, number, f"{key} must be a printable string", f"got {value!r:.40}")
    return value
