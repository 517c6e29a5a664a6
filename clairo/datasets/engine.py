"""The database engine that filters and sorts interactions within a given amount of memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from clairo.core.errors import DataError

BATCH_ROWS: Final = 1 << 18
OWN_MB: Final = 512
"""What the process itself needs beside the engine: interpreter, parsers, batches under way."""

_MB_PER_THREAD: Final = 256
"""Memory without which a thread, of the engine or of the parsers, does not get on."""


def threads_within(memory_mb: int, num_threads: int) -> int:
    """So many of the threads as the memory is enough for, at least one.

    Example:
        >>> threads_within(2048, 64), threads_within(2048, 2), threads_within(768, 64)
        (6, 2, 1)
    """
    return max(1, min(num_threads, (memory_mb - OWN_MB) // _MB_PER_THREAD))


@dataclass(frozen=True)
class Engine:
    """A DuckDB database in a temporary folder.

    Attributes:
        connection: The open connection.
        folder: Where the database, what does not fit memory, and our own files lie.
    """

    connection: Any
    folder: Path

    def run(self, sql: str, **tables: Any) -> list[tuple[Any, ...]]:
        """All rows of a statement.

        Args:
            sql: The statement.
            tables: Arrow tables that it names.
        """
        for name, table in tables.items():
            self.connection.register(name, table)
        return self.connection.execute(sql).fetchall()

    def one(self, sql: str) -> int:
        """The number that a statement gives."""
        return int(self.run(sql)[0][0])

    def stream(self, sql: str) -> Iterator[Any]:
        """Record batches of a statement, one at a time."""
        yield from self.connection.sql(sql).to_arrow_reader(BATCH_ROWS)

    def to_files(self, sql: str, files: dict[str, np.dtype[Any]]) -> int:
        """Writes columns to plain files of numbers in the folder, and gives the number of rows.

        Args:
            sql: A statement that gives the columns.
            files: By column name, the type of the numbers; the file is named like the column.
        """
        streams = {name: (self.folder / name).open("wb") for name in files}
        num_rows = 0
        try:
            for batch in self.stream(sql):
                num_rows += batch.num_rows
                for name, dtype in files.items():
                    column = batch.column(name).to_numpy(zero_copy_only=False)
                    column.astype(dtype).tofile(streams[name])
        finally:
            for stream in streams.values():
                stream.close()
        return num_rows

    def mapped(self, name: str, dtype: np.dtype[Any]) -> np.ndarray:
        """A file of numbers as an array that is read from disk as it is used.

        The array stays valid when the folder is gone: the system keeps what is mapped.
        """
        path = self.folder / name
        if not path.stat().st_size:
            return np.zeros(0, dtype)
        return np.asarray(np.memmap(path, dtype=dtype, mode="c"))


@contextmanager
def open_engine(memory_mb: int, num_threads: int) -> Iterator[Engine]:
    """An empty database that is gone afterwards, and that never asks for more memory.

    What does not fit goes to the folder for temporary files (``TMPDIR``).

    Args:
        memory_mb: Megabytes for the whole process.
        num_threads: Threads of the engine at most; they never change a result.

    Raises:
        DataError: The disk is full, or the work needs more memory even so.
    """
    # Half a second that only those who filter raw interactions should wait.
    import duckdb

    with tempfile.TemporaryDirectory(prefix="clairo-engine-") as name:
        folder = Path(name)
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{memory_mb - OWN_MB}MB",
            "threads": threads_within(memory_mb, num_threads),
            "temp_directory": str(folder / "spilled"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        try:
            with duckdb.connect(str(folder / "interactions.duckdb"), config=settings) as connection:
                yield Engine(connection, folder)
        # While rows are streamed, the engine's errors arrive as those of Arrow.
        except (duckdb.OutOfMemoryException, duckdb.IOException, OSError) as error:
            reason = str(error).splitlines()[0]
            raise DataError(
                f"Filtering interactions needs disk below {folder.parent} and {memory_mb} MB of "
                f"memory, the engine says: {reason}; free some disk, set TMPDIR to a larger one, "
                "or raise memory_mb."
            ) from error
