"""How artifacts put arrays, tables and facts on disk: safetensors, parquet, json; never pickle.

Arrays are read by mapping the file into memory: ten trials on one machine that read one entry
share one copy of it, and what is never looked at is never read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from clairo.core.errors import ArtifactError

_DTYPES: Final[Mapping[str, str]] = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "|i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
_NAMES: Final = {np.dtype(value): name for name, value in _DTYPES.items()}
_LENGTH_BYTES, _PIECE_BYTES = 8, 1 << 24


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes named arrays to one safetensors file, piece by piece.

    The library's own writer copies every array first, which an array larger than memory
    does not survive; the bytes are the same.
    """
    # Widest first, so that each array is aligned to its own width.
    names = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    header: dict[str, Any] = {}
    start = 0
    for name in names:
        array = arrays[name]
        stop = start + array.nbytes
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [start, stop],
        }
        start = stop
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % _LENGTH_BYTES)
    with path.open("wb") as stream:
        stream.write(len(text).to_bytes(_LENGTH_BYTES, "little") + text)
        for name in names:
            for piece in _pieces(arrays[name]):
                stream.write(piece)


def _pieces(array: np.ndarray) -> Iterator[memoryview]:
    flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    for start in range(0, len(flat), _PIECE_BYTES):
        yield flat[start : start + _PIECE_BYTES].data


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Maps what :func:`write_arrays` wrote, or any safetensors file, into memory.

    Changing an array changes neither the file nor what other readers see.

    Raises:
        ArtifactError: The file is missing or not a whole safetensors file.
    """
    try:
        # Mode c: private pages, so that torch and numba meet ordinary writable arrays.
        data = np.memmap(path, dtype=np.uint8, mode="c")
        length = int.from_bytes(data[:_LENGTH_BYTES].tobytes(), "little")
        first = _LENGTH_BYTES + length
        if first > len(data):
            raise ValueError("the file ends before its header does")
        header = json.loads(data[_LENGTH_BYTES:first].tobytes())
        header.pop("__metadata__", None)
        body = np.asarray(data)[first:]
        if len(body) != max((about["data_offsets"][1] for about in header.values()), default=0):
            raise ValueError("the file does not end where its header says")
        return {name: _view(body, about) for name, about in header.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ArtifactError(f"{path}: arrays cannot be read ({error}); recompute it.") from error


def _view(body: np.ndarray, about: Mapping[str, Any]) -> np.ndarray:
    start, stop = about["data_offsets"]
    if start < 0 or any(side < 0 for side in about["shape"]):
        raise ValueError("an array's place or shape is negative")
    return body[start:stop].view(_DTYPES[about["dtype"]]).reshape(about["shape"])


def write_table(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    """Writes named columns of equal length to one parquet file."""
    pq.write_table(pa.table({name: list(column) for name, column in columns.items()}), path)


def read_table(path: Path) -> dict[str, list[Any]]:
    """Reads what :func:`write_table` wrote, as columns of Python values.

    Raises:
        ArtifactError: The file is missing or not a whole parquet file.
    """
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise ArtifactError(f"{path}: table cannot be read ({error}); recompute it.") from error
    return {str(name): values for name, values in table.to_pydict().items()}


def write_json(path: Path, value: object) -> None:
    """Writes a JSON value; NaN and infinities are refused."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Reads a JSON value.

    Raises:
        ArtifactError: The file is missing or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path}: JSON cannot be read ({error}); recompute it.") from error
