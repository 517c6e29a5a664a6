"""Raw interaction files to Parquet partitions, as a stream: no file is ever in memory."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from clairo.core.errors import DataError
from clairo.core.fingerprint import hash_file
from clairo.core.interaction_table import INTERACTION_SCHEMA, InteractionTable, Partition
from clairo.datasets.raw_blocks import OnTruncated, Truncation, read_blocks
from clairo.datasets.row_format import RowFormat
from clairo.datasets.row_parsing import RowParser, header_and_rest, with_columns

PARTITION_ROWS: Final = 1_000_000
"""Rows after which a partition ends; some 60 MB in memory."""

InputT = TypeVar("InputT")
OutputT = TypeVar("OutputT")


@dataclass(frozen=True)
class RawFile:
    """One file of interactions.

    Attributes:
        path: Where it lies.
        rows: How its rows are written.
    """

    path: Path
    rows: RowFormat


def ingest(
    files: Sequence[RawFile], *, salvage: bool = False, num_threads: int = 1
) -> InteractionTable:
    """Reads files, in order, into partitions in a temporary folder that lives as the table does.

    The partitions do not depend on the number of threads: the same raw bytes give the same
    partitions.

    Args:
        files: In the order that decides between equal timestamps.
        salvage: Keep the whole lines of a file that ends early, and count what is lost.
        num_threads: Threads that parse.

    Raises:
        DataError: A file is damaged, a line is no interaction, or there is none at all.
    """
    # Held by the table, which is gone before the folder is.
    owner = _TemporaryFolder()
    folder = owner.path
    lost: list[Truncation] = []
    partitions: list[Partition] = []
    with ThreadPoolExecutor(num_threads) as pool:
        for number, file in enumerate(files):
            tables = _tables(file, number, lost.append if salvage else None, pool, num_threads)
            write = partial(_write_partition, folder=folder, source=file.path.name)
            partitions += _in_order(pool, write, _slices(tables), waiting=1)
    if not partitions:
        names = ", ".join(str(file.path) for file in files)
        raise DataError(f"{names} must hold interactions, there is none; fetch the file again.")
    return InteractionTable(folder, tuple(partitions), _facts(files, partitions, lost), owner)


class _TemporaryFolder:
    """A folder that is there as long as this object.

    ``tempfile.TemporaryDirectory`` would warn that nobody closed it: here nobody has to.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="clairo-interactions-"))
        weakref.finalize(self, shutil.rmtree, self.path)


def _facts(
    files: Sequence[RawFile], partitions: Sequence[Partition], lost: Sequence[Truncation]
) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "num_rows": sum(part.rows for part in partitions),
        "time_unit": files[0].rows.time_unit,
        "files": [file.path.name for file in files],
    }
    if lost:
        facts["salvaged_lines"] = sum(left.num_lines for left in lost)
        facts["lost_bytes"] = sum(left.lost_bytes for left in lost)
    return facts


def _tables(
    file: RawFile,
    number: int,
    on_truncated: OnTruncated | None,
    pool: ThreadPoolExecutor,
    num_threads: int,
) -> Iterator[pa.Table]:
    blocks, rows = read_blocks(file.path, on_truncated), file.rows
    if rows.kind == "csv" and rows.columns is None:
        header, blocks = header_and_rest(blocks)
        rows = with_columns(rows, header, file.path)
    parser = RowParser(file.path, number, rows)
    yield from _in_order(pool, parser.parse, blocks, waiting=2 * num_threads)


def _in_order(
    pool: ThreadPoolExecutor,
    function: Callable[[InputT], OutputT],
    values: Iterator[InputT],
    waiting: int,
) -> Iterator[OutputT]:
    """``map`` over a stream, with few results waiting; ``pool.map`` would read all of it first."""
    pending: deque[Future[OutputT]] = deque()
    try:
        for value in values:
            pending.append(pool.submit(function, value))
            if len(pending) > waiting:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def _slices(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables of the length of a partition, but for the last one."""
    waiting: list[pa.Table] = []
    num_waiting = 0
    for table in tables:
        waiting.append(table)
        num_waiting += table.num_rows
        while num_waiting >= PARTITION_ROWS:
            joined = pa.concat_tables(waiting)
            yield joined.slice(0, PARTITION_ROWS)
            waiting = [joined.slice(PARTITION_ROWS)]
            num_waiting -= PARTITION_ROWS
    if num_waiting:
        yield pa.concat_tables(waiting)


def _write_partition(table: pa.Table, folder: Path, source: str) -> Partition:
    # Named by the first row: other partitions are written at the same time.
    beside = folder / f"{table['position'][0]}.writing"
    pq.write_table(
        table.cast(INTERACTION_SCHEMA).combine_chunks(),
        beside,
        compression="lz4",
        use_dictionary=["item", "rating"],
        column_encoding={"position": "DELTA_BINARY_PACKED"},
    )
    digest = hash_file(beside)
    partition = Partition(f"part-{digest[:16]}.parquet", digest, table.num_rows, source)
    beside.replace(folder / partition.name)
    return partition
