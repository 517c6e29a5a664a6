"""Vectors with item ids in files: ``.npy`` with ids beside it, ``.parquet``, ``.safetensors``.

::

    a.npy            items x dims, with a.ids.json (a list), a.ids.txt (a line each) or a.ids.npy
    a.parquet        column item_id, and one column of lists or one column for each dimension
    a.safetensors    tensor vectors, and the metadata item_ids (a list in JSON) or ids as of .npy

What is written has ``a.ids.json``, one list column ``vector``, and the metadata.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from clairo.core.errors import ConfigError, DataError
from clairo.core.whole_file import require_free, written_whole
from clairo.embeddings.vector_ids import ENDINGS, find_ids_file, ids_from_json, read_ids
from clairo.embeddings.vector_tables import read_table, write_table

FORMATS: Final = (".npy", ".parquet", ".safetensors")

_IDS_KEY, _TENSOR = "item_ids", "vectors"
_BLOCK_ROWS = 1 << 14
_NPY_MAGIC = b"\x93NUMPY"
# Lengths are sums of squares, which must be 32-bit floats, too.
_LARGEST = 1e15
_SHOWN = 3
_HEADER_BYTES = 90_000_000
"""Of a safetensors file, whose readers refuse headers of 100 MB."""


@dataclass(frozen=True)
class VectorFile:
    """What a file holds, checked.

    Attributes:
        item_ids: Distinct, one for each row.
        vectors: Floats of any width that are finite as 32-bit floats; mapped where it can be.
    """

    item_ids: tuple[str, ...]
    vectors: Float[np.ndarray, "rows dims"]


def require_format(path: Path) -> None:
    """Refuses files that end in something else.

    Raises:
        ConfigError: The ending is none of the three.
    """
    if path.suffix not in FORMATS:
        raise ConfigError(
            f"Vectors are kept in files that end in {', '.join(FORMATS)}, got {path.name!r}; name "
            "one of these."
        )


def read_vectors(path: Path, ids: Path | None = None) -> VectorFile:
    """Reads and checks a file.

    Args:
        path: The file.
        ids: Where its ids are, for ``.npy`` and ``.safetensors``; ``None`` looks into the file
            and beside it.

    Raises:
        ConfigError: The ending is none of the three.
        DataError: A file is missing or damaged; the array is not two-dimensional or not of
            floats; a value is not finite; ids are missing, repeated, or of another number.
    """
    require_format(path)
    found: Sequence[str]
    if path.suffix == ".parquet":
        if ids is not None:
            raise DataError(f"{path}: a Parquet file has its ids in it, got {ids}; take ids out.")
        found, vectors = read_table(path)
    else:
        read = _read_npy if path.suffix == ".npy" else _read_safetensors
        inside, vectors = read(path)
        # What was named counts, then what is in the file; what lies beside it may be older.
        beside = ids or (find_ids_file(path, None) if inside is None else None)
        found = read_ids(beside) if beside is not None else inside or ()
        if inside is None and beside is None:
            raise DataError(
                f"{path} needs the ids of its items, no {path.stem}.ids.json, .txt or .npy is "
                "beside it; put it there or name it in 'ids'."
            )
    _require_table(path, vectors)
    _require_ids(path, found, len(vectors))
    _require_finite(path, found, vectors)
    return VectorFile(tuple(found), vectors)


def write_vectors(
    path: Path, item_ids: Sequence[str], vectors: Float[np.ndarray, "rows dims"], *, force: bool
) -> tuple[Path, ...]:
    """Writes vectors as 32-bit floats with their ids, whole or not at all.

    Args:
        path: The file; its ending says the format.
        item_ids: Distinct, one for each row.
        vectors: The rows.
        force: Whether files that are there may be replaced.

    Returns:
        The files that were written: ``.npy`` has its ids in a second one.

    Raises:
        ConfigError: The ending is none of the three, or a file is there already.
        DataError: The disk refuses, or the ids are too many for a safetensors file.
    """
    paths = require_places(path, force=force)
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    if path.suffix == ".parquet":
        with written_whole(path) as beside:
            write_table(beside, item_ids, rows)
    elif path.suffix == ".safetensors":
        _write_safetensors(path, item_ids, rows)
    else:
        # Old ids go first: a stop in between must not leave them beside new vectors.
        paths[1].unlink(missing_ok=True)
        with written_whole(path) as beside:
            np.save(beside, rows, allow_pickle=False)
        with written_whole(paths[1]) as beside:
            beside.write_text(_json(item_ids), encoding="utf-8")
    return paths


def require_places(path: Path, *, force: bool) -> tuple[Path, ...]:
    """The files that :func:`write_vectors` writes, refused before anything is computed.

    Raises:
        ConfigError: The ending is none of the three, a file is there already, or ids of another
            kind lie beside it.
    """
    require_format(path)
    if path.suffix != ".npy":
        require_free(path, force=force)
        return (path,)
    ids, *others = (path.with_name(path.stem + ending) for ending in ENDINGS)
    for place in (path, ids):
        require_free(place, force=force)
    strange = [place.name for place in others if place.exists()]
    if strange:
        raise ConfigError(
            f"{path} must have one file of ids, {ids.name} would lie beside {strange[0]}; remove "
            "that or name another file."
        )
    return (path, ids)


def _read_npy(path: Path) -> tuple[None, Any]:
    try:
        with path.open("rb") as file:
            # numpy takes whatever it does not know for pickled objects.
            if not file.read(len(_NPY_MAGIC)).startswith((_NPY_MAGIC, b"\x80", b"PK")):
                raise ValueError("it does not begin as a .npy file does")
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        if "pickle" in str(error) or "Python objects" in str(error):
            raise DataError(
                f"{path} must hold plain numbers, got pickled objects, which could run code; save "
                "it as an array of floats."
            ) from error
        raise _unreadable(path, error) from error
    if not isinstance(array, np.ndarray):
        raise DataError(f"{path} must hold one array, got an archive of them; save one with .npy.")
    return None, array


def _read_safetensors(path: Path) -> tuple[Sequence[str] | None, Any]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            names = list(file.keys())
            if _TENSOR not in names:
                raise DataError(
                    f"{path} must hold a tensor {_TENSOR!r}, got {names[:_SHOWN]}; rename it."
                )
            kind = file.get_slice(_TENSOR).get_dtype()
            if kind not in ("F16", "F32", "F64"):
                raise DataError(f"{path} must hold floats, got {kind}; save it as 32-bit floats.")
            vectors = file.get_tensor(_TENSOR)
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, error) from error
    text = metadata.get(_IDS_KEY)
    return (None if text is None else ids_from_json(text, path)), vectors


def _write_safetensors(path: Path, item_ids: Sequence[str], rows: np.ndarray) -> None:
    from safetensors.numpy import save_file

    text = _json(item_ids)
    if len(text.encode("utf-8")) > _HEADER_BYTES:
        raise DataError(
            f"Ids in a safetensors file may have {_HEADER_BYTES:,} bytes, {len(item_ids):,} items "
            "have more; write .npy or .parquet."
        )
    with written_whole(path) as beside:
        save_file({_TENSOR: rows}, beside, metadata={_IDS_KEY: text})


def _json(item_ids: Sequence[str]) -> str:
    return json.dumps(list(item_ids), ensure_ascii=False)


def _unreadable(path: Path, error: Exception) -> DataError:
    reason = getattr(error, "strerror", None) or str(error)
    return DataError(f"{path} must be a whole {path.suffix} file, got: {reason}; replace it.")


def _require_table(path: Path, vectors: Any) -> None:
    if vectors.dtype.kind != "f":
        raise DataError(f"{path} must hold floats, got {vectors.dtype}; save it as 32-bit floats.")
    if vectors.ndim != 2 or 0 in vectors.shape:
        raise DataError(
            f"{path} must hold a row for each item, at least one, got the shape {vectors.shape}; "
            "save it as items x dims."
        )


def _require_ids(path: Path, ids: Sequence[str], rows: int) -> None:
    if len(ids) != rows:
        raise DataError(
            f"{path} must have an id for each row, got {len(ids)} ids for {rows} rows; save both "
            "from one list."
        )
    repeated = [name for name, count in Counter(ids).items() if count > 1]
    if repeated:
        raise DataError(
            f"{path} must have each item once, {len(repeated)} ids are repeated, first "
            f"{repeated[:_SHOWN]}; keep one row of each."
        )


def _require_finite(path: Path, ids: Sequence[str], vectors: Any) -> None:
    bad: list[int] = []
    for start in range(0, len(vectors), _BLOCK_ROWS):
        # A 64-bit number beyond the range becomes infinite here, and is refused with the rest.
        with np.errstate(over="ignore"):
            block = np.asarray(vectors[start : start + _BLOCK_ROWS], dtype=np.float32)
        with np.errstate(invalid="ignore"):
            fits = (np.abs(block) <= _LARGEST).all(axis=1)
        bad.extend((start + np.flatnonzero(~fits)).tolist())
    if bad:
        raise DataError(
            f"{path} must hold finite numbers of at most {_LARGEST:g}, {len(bad)} rows do not, "
            f"first of the items {[ids[row] for row in bad[:_SHOWN]]}; mend, scale or leave out "
            "these rows."
        )
