"""Ratings that nobody gave, in the publishers' formats, written as a stream.

Users and items are drawn with a density that falls like one over the square root of their
number: the busiest of 2 x 10^7 users has some 20,000 ratings, half of them have fewer than
five. Rows are in no order of users or times, which is the hardest case for a sort.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

_ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", np.uint8)
_PIECE = 500_000
_USERS_PER_ROW, _ITEMS_PER_ROW = 1 / 5, 1 / 25


def pieces(num_rows: int) -> Iterator[pa.Table]:
    """Rows (user, item, rating, timestamp), always the same for one number of rows."""
    rng = np.random.default_rng(num_rows)
    num_users, num_items = int(num_rows * _USERS_PER_ROW), int(num_rows * _ITEMS_PER_ROW)
    for start in range(0, num_rows, _PIECE):
        count = min(_PIECE, num_rows - start)
        users = (num_users * rng.random(count) ** 2).astype(np.int64)
        items = (num_items * rng.random(count) ** 2).astype(np.int64)
        yield pa.table(
            {
                "user": _ids(users, b"A", 28),
                "item": _ids(items, b"B0", 10),
                "rating": pa.array(rng.integers(1, 6, count).astype(np.float32)),
                "timestamp": pa.array(1_300_000_000 + 86_400 * rng.integers(0, 2_000, count)),
            }
        )


def write_ratings(path: Path, num_rows: int) -> None:
    """The ratings-only form of 2014: user, item, rating, time, no header."""
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
    with path.open("wb") as stream:
        for table in pieces(num_rows):
            pyarrow.csv.write_csv(table, stream, options)


def write_reviews(path: Path, num_rows: int) -> None:
    """The reviews form of 2014, gzip, with the fields that a recommender needs."""
    with gzip.open(path, "wb", compresslevel=1) as stream:
        for table in pieces(num_rows):
            columns = (table[name].to_pylist() for name in ("user", "item", "rating", "timestamp"))
            lines = [
                f'{{"reviewerID": "{user}", "asin": "{item}", "overall": {rating}, '
                f'"unixReviewTime": {time}}}\n'
                for user, item, rating, time in zip(*columns, strict=True)
            ]
            stream.write("".join(lines).encode())


def _ids(numbers: np.ndarray, prefix: bytes, width: int) -> pa.Array:
    """Numbers as ids of one width, as the publishers' are."""
    text = np.full((len(numbers), width), _ALPHABET[0], np.uint8)
    text[:, : len(prefix)] = np.frombuffer(prefix, np.uint8)
    # Spread over all places, as hashes are: ids that share a long beginning compare slowly.
    mixed = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for place in range(min(13, width - len(prefix))):
        text[:, width - 1 - place] = _ALPHABET[(mixed >> np.uint64(5 * place)) & np.uint64(31)]
    offsets = np.arange(0, (len(numbers) + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(
        len(numbers), pa.py_buffer(offsets), pa.py_buffer(text.tobytes())
    )
