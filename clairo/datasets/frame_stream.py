"""Any table as a stream of small batches: data frames, Arrow tables, Parquet files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from clairo.core.errors import DataError

BATCH_ROWS: Final = 1 << 16
"""Rows that are in memory at a time, where the table itself is on disk."""


@dataclass(frozen=True)
class FrameStream:
    """A table that is read once, from its first row to its last.

    Attributes:
        what: Names the table in messages.
        schema: Its columns.
        batches: Its rows.
    """

    what: str
    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]

    def require(self, names: Sequence[str]) -> None:
        """Refuses a table that lacks one of some columns.

        Raises:
            DataError: A column is missing, or is there twice.
        """
        there = self.schema.names
        wrong = [name for name in names if there.count(name) != 1]
        if wrong:
            raise DataError(
                f"{self.what} must have the columns {', '.join(names)}, each once, got "
                f"{', '.join(map(str, there))[:300]}; say which column is meant instead of "
                f"{', '.join(wrong)}."
            )


def open_frame(source: object, what: str) -> FrameStream:
    """A stream of a table.

    Args:
        source: A pandas or polars data frame, a pyarrow table, anything else that offers
            ``__arrow_c_stream__``; or a Parquet file, a folder of such, or several of them in
            order.
        what: Names the table in messages.

    Raises:
        DataError: It is none of these, or a file cannot be read.
    """
    if isinstance(source, (str, Path)):
        return _open_parquet(_files(Path(source)), what)
    if isinstance(source, (list, tuple)) and all(isinstance(p, (str, Path)) for p in source):
        return _open_parquet([file for path in source for file in _files(Path(path))], what)
    if not hasattr(source, "__arrow_c_stream__"):
        raise DataError(
            f"{what} must be a data frame or table that offers __arrow_c_stream__, or Parquet "
            f"files, got {type(source).__name__}; convert it, for example to a pyarrow table."
        )
    try:
        reader = pa.RecordBatchReader.from_stream(source)
    except (pa.ArrowException, TypeError, ValueError) as error:
        if repeated := _repeated_columns(source):
            raise DataError(
                f"{what}: each column must have a name of its own, got {', '.join(repeated)} more "
                "than once; rename a column or leave it out."
            ) from error
        raise DataError(
            f"{what}: every column must hold values of one type ({error}); convert the column."
        ) from error
    return FrameStream(what, reader.schema, _cut(reader))


def _repeated_columns(source: object) -> list[str]:
    """Names that several columns of a data frame have."""
    counts = Counter(map(str, getattr(source, "columns", ())))
    return [name for name, count in counts.items() if count > 1]


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("*.parquet"))
    if not found:
        raise DataError(
            f"{path} must hold Parquet files (*.parquet), it has none; name another folder."
        )
    return found


def _open_parquet(paths: Sequence[Path], what: str) -> FrameStream:
    if not paths:
        raise DataError(f"{what} must be at least one Parquet file, got none; name one.")
    schemas = [_schema(path) for path in paths]
    for path, schema in zip(paths, schemas, strict=True):
        if not schema.equals(schemas[0]):
            raise DataError(
                f"{path} must have the columns of {paths[0].name} "
                f"({', '.join(schemas[0].names)[:200]}), with the same types, it has others "
                f"({', '.join(schema.names)[:200]}); convert it or import it apart."
            )
    return FrameStream(f"{what} ({paths[0]})", schemas[0], _read_parquet(paths))


def _schema(path: Path) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{path} must be a Parquet file ({error}); write it with to_parquet, or load it and "
            "hand over the data frame."
        ) from error


def _read_parquet(paths: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    for path in paths:
        try:
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(BATCH_ROWS)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{path} is damaged ({error}); write it again.") from error


def _cut(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        for start in range(0, batch.num_rows, BATCH_ROWS):
            yield batch.slice(start, BATCH_ROWS)
