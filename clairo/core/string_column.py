"""Many strings in one block of memory, or of a mapped file, instead of one object each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self, overload

import pyarrow as pa

from clairo.core.errors import ArtifactError

_FIELD = "values"
_SCHEMA = pa.schema([(_FIELD, pa.large_string())])
_BATCH_ROWS = 1 << 16


class StringColumn(Sequence[str]):
    """A sequence of strings that makes a Python string only where one is asked for.

    Ten million user ids are three hundred megabytes on disk, mapped and shared by all who
    read them, and would be a gigabyte of objects in every process.

    Example:
        >>> column = StringColumn.of(["ann", "bob"])
        >>> column[1], list(column), column == ("ann", "bob")
        ('bob', ['ann', 'bob'], True)
    """

    def __init__(self, values: pa.ChunkedArray) -> None:
        self._values = values

    @classmethod
    def of(cls, strings: Iterable[str]) -> Self:
        """Collects ordinary strings."""
        return cls(pa.chunked_array([pa.array(list(strings), pa.large_string())]))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Maps what :meth:`write` wrote.

        Raises:
            ArtifactError: The file is missing or damaged.
        """
        try:
            with pa.memory_map(str(path)) as source:
                return cls(pa.ipc.open_file(source).read_all().column(_FIELD))
        except (OSError, KeyError, pa.ArrowException) as error:
            message = f"{path}: strings cannot be read ({error}); recompute it."
            raise ArtifactError(message) from error

    def write(self, path: Path) -> None:
        """Writes an Arrow file, batch by batch."""
        write_strings(path, self._values.chunks)

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        if isinstance(index, slice):
            return tuple(self[place] for place in range(*index.indices(len(self))))
        return str(self._values[int(index)].as_py())

    def __iter__(self) -> Iterator[str]:
        for chunk in self._values.chunks:
            for start in range(0, len(chunk), _BATCH_ROWS):
                yield from chunk.slice(start, _BATCH_ROWS).to_pylist()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, StringColumn):
            return bool(self._values.equals(other._values))
        if not isinstance(other, (tuple, list)):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"StringColumn({len(self)} strings)"


def write_strings(path: Path, chunks: Iterable[Any]) -> None:
    """Writes arrays of strings, one after another, to an Arrow file that can be mapped."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, _SCHEMA) as writer:
        for chunk in chunks:
            writer.write_batch(pa.record_batch([chunk.cast(pa.large_string())], schema=_SCHEMA))
