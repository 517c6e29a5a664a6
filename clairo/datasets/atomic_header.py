"""The first line of an atomic file: names and types of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clairo.core.errors import DataError
from clairo.datasets.raw_blocks import read_blocks
from clairo.datasets.raw_lines import decode_line

TYPES: Final = ("token", "token_seq", "float", "float_seq")
_TEXT_TYPES: Final = ("", "token", "token_seq")
_HEADER_BYTES: Final = 1 << 16


@dataclass(frozen=True)
class AtomicColumn:
    """A column of an atomic file.

    Attributes:
        name: Its name.
        type: One of :data:`TYPES`, ``""`` where the header has none.
    """

    name: str
    type: str = ""

    @property
    def is_text(self) -> bool:
        """Whether it holds words rather than numbers."""
        return self.type in _TEXT_TYPES


def read_header(path: Path) -> tuple[AtomicColumn, ...]:
    """The columns of a file, in order.

    Raises:
        DataError: The file is missing, empty or unreadable; its first line is no header.
    """
    blocks = read_blocks(path, block_bytes=_HEADER_BYTES)
    return parse_header(next(blocks).data.split(b"\n", 1)[0], path)


def parse_header(line: bytes, path: Path) -> tuple[AtomicColumn, ...]:
    """The columns that a header line names.

    Raises:
        DataError: A name is missing or repeated, or a type is unknown.
    """
    columns = [_column(cell) for cell in decode_line(line, path, 1).rstrip("\r").split("\t")]
    names = [column.name for column in columns]
    if not all(names) or len(set(names)) < len(names):
        raise _refuse_header(path, "each column must have a name of its own", names)
    unknown = [column.type for column in columns if column.type not in (*TYPES, "")]
    if unknown:
        raise _refuse_header(
            path, f"the type of a column must be one of {', '.join(TYPES)}", unknown
        )
    return tuple(columns)


def _column(cell: str) -> AtomicColumn:
    name, _, kind = cell.strip().partition(":")
    return AtomicColumn(name.strip(), kind.strip())


def _refuse_header(path: Path, rule: str, got: Sequence[str]) -> DataError:
    return DataError(
        f"{path} line 1: {rule}, got {list(got)!r:.200}; write the header as name:type, with tabs "
        "between the columns."
    )
