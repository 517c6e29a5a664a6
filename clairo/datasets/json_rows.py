"""Blocks of JSON lines to columns, all rows at once, through the engine's parser.

Each line is parsed by itself, so that one line is one object by construction, and a field comes
back as the text of its JSON value, so that nothing is lost by a conversion that was not asked
for. Whatever is out of the ordinary is refused; who asks reads such a block line by line.
"""

from __future__ import annotations

import json
import re
import threading
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int, UInt8

from clairo.datasets.raw_blocks import Block
from clairo.datasets.row_format import RowFormat

_PIECE_BYTES: Final = 1 << 17
"""Bytes that are looked at while they are in the processor's cache, which is six times faster."""

_LINE_END, _COMMA, _SPACE, _QUOTE = 0x0A, 0x2C, 0x20, 0x22
_CLOSING: Final = 0x7D
"""A brace; a bracket is the same but for the bit that tells capitals from other letters."""

_LENIENT: Final = re.compile(rb"[:,\[][ \t\r]*(?:-?(?:nan|inf)|[}\]])", re.IGNORECASE)
"""What the engine's parser lets pass and JSON does not: trailing commas, ``nan`` and ``inf``."""

_PARSERS: Final = threading.local()
"""One connection a thread: it is gone when the thread is."""


def read_json(block: Block, rows: RowFormat) -> pa.Table:
    """The columns of a block by our names, as far as the rows have them; without positions.

    Args:
        block: Lines of UTF-8 text.
        rows: Their format.

    Raises:
        ValueError: A line is no JSON object, or is one in an unusual way.
    """
    if not _is_strict(block.data):
        raise ValueError("a line is no JSON, or holds a number that is none")
    texts = _field_texts(_lines(block.data), list(rows.names.values()))
    if texts.num_rows != block.num_lines:
        raise ValueError("a key is there twice")
    columns = {ours: texts.column(place) for place, ours in enumerate(rows.names)}
    read = {"user": _strings, "item": _strings, "timestamp": _whole, "rating": _floats}
    return pa.table({ours: read[ours](column) for ours, column in columns.items()})


def _lines(data: bytes) -> pa.StringArray:
    """The lines of a block, with their ends, which are blank space to a parser of JSON."""
    stops = np.flatnonzero(np.frombuffer(data, np.uint8) == _LINE_END) + 1
    if not data.endswith(b"\n"):
        stops = np.append(stops, len(data))
    bounds = np.concatenate([[0], stops]).astype(np.int32)
    return pa.StringArray.from_buffers(len(stops), pa.py_buffer(bounds), pa.py_buffer(data))


def _field_texts(lines: pa.StringArray, keys: list[str]) -> pa.Table:
    """The text of each key's JSON value in each line; null where it is absent or ``null``."""
    import duckdb

    connection = _connection()
    connection.register("block", pa.table({"line": lines}))
    spec = json.dumps(dict.fromkeys(keys, "JSON"), ensure_ascii=False)
    # By number: a key may be a name that SQL reads otherwise.
    places = range(1, len(keys) + 1)
    fields = ", ".join(f"struct_extract_at(row, {place}) AS field{place}" for place in places)
    try:
        try:
            return _select(connection, fields, "json_transform_strict(line, $spec)", "", spec)
        except duckdb.InvalidInputException:
            # A key that is not there is refused as one that is there twice; a rating may be absent.
            unique = "WHERE list_unique(json_keys(line)) = len(json_keys(line))"
            return _select(connection, fields, "json_transform(line, $spec)", unique, spec)
    except duckdb.InvalidInputException as error:
        raise ValueError(str(error)) from error
    finally:
        connection.unregister("block")


def _connection() -> Any:
    # Half a second that only those who read raw interactions should wait.
    import duckdb

    if not hasattr(_PARSERS, "connection"):
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": 1,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        _PARSERS.connection = duckdb.connect(config=settings)
    return _PARSERS.connection


def _select(connection: Any, fields: str, row: str, where: str, spec: str) -> pa.Table:
    sql = f"SELECT {fields} FROM (SELECT {row} AS row FROM block {where})"  # noqa: S608
    return connection.sql(sql, params={"spec": spec}).to_arrow_table()


def _is_strict(data: bytes) -> bool:
    """Whether no line holds what the parser would let pass though it is no JSON."""
    codes = np.frombuffer(data, np.uint8)
    for start in range(0, len(codes), _PIECE_BYTES):
        for place in _suspects(codes[max(0, start - 2) : start + _PIECE_BYTES]):
            at = max(0, start - 2) + int(place)
            stop = data.find(b"\n", at)
            line = data[data.rfind(b"\n", 0, at) + 1 : len(data) if stop < 0 else stop]
            if _LENIENT.search(line) and not _is_json(line):
                return False
    return True


def _suspects(codes: UInt8[np.ndarray, " bytes"]) -> Int[np.ndarray, " places"]:
    """Places of ``nan``, ``inf``, and brackets that close after a comma or a blank."""
    small = codes | _SPACE
    first, second, third = small[:-2], small[1:-1], small[2:]
    number = (second == ord("a")) & (first == ord("n")) & (third == ord("n"))
    number |= (second == ord("n")) & (first == ord("i")) & (third == ord("f"))
    before = codes[1:-1]
    number |= (third == _CLOSING) & ((before == _COMMA) | (before <= _SPACE))
    return np.flatnonzero(number) + 2


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _strings(texts: pa.ChunkedArray) -> pa.Array:
    """What quoted texts say.

    Raises:
        ValueError: One is missing, or is no string.
    """
    joined = _joined(texts)
    bounds, data = _bytes_of(joined)
    codes = np.frombuffer(data, np.uint8)
    ends = np.concatenate([codes[bounds[:-1]], codes[bounds[1:] - 1]])
    if (ends != _QUOTE).any():
        raise ValueError("an id is no string")
    if b"\\" in data:
        return pa.array([json.loads(text) for text in joined.to_pylist()], pa.string())
    # Without escapes the only quotes are those around a text.
    plain = bounds - 2 * np.arange(len(bounds), dtype=np.int32)
    return pa.StringArray.from_buffers(
        len(joined), pa.py_buffer(plain), pa.py_buffer(data.replace(b'"', b""))
    )


def _joined(texts: pa.ChunkedArray) -> pa.StringArray:
    joined = texts.combine_chunks()
    if joined.null_count:
        raise ValueError("a field is missing")
    return joined


def _bytes_of(texts: pa.StringArray) -> tuple[Int[np.ndarray, " texts+1"], bytes]:
    """Where each text begins, from 0, and all of them one after another."""
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    start, stop = int(bounds[0]), int(bounds[-1])
    return bounds - bounds[0], data.slice(start, stop - start).to_pybytes()


def _whole(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(texts, pa.int64())


def _floats(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    # By way of the wider type, as the line by line reading goes.
    return pc.cast(texts, pa.float64()).cast(pa.float32(), safe=False)
