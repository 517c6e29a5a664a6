"""Ids of the rows of an array, in a file of their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from clairo.core.errors import DataError

ENDINGS: Final = (".ids.json", ".ids.txt", ".ids.npy")


def find_ids_file(path: Path, ids: Path | None) -> Path | None:
    """The file with the ids of an array: the one that is named, or the one beside it.

    A Parquet file has its ids in it, whatever lies beside.

    Raises:
        DataError: Several lie beside it.
    """
    if ids is not None or path.suffix == ".parquet":
        return ids
    places = [path.with_name(path.stem + ending) for ending in ENDINGS]
    found = [place for place in places if place.is_file()]
    if len(found) > 1:
        raise DataError(
            f"{path} must have one file of ids, got {', '.join(f.name for f in found)}; remove all "
            "but one, or name it in 'ids'."
        )
    return found[0] if found else None


def read_ids(path: Path) -> tuple[str, ...]:
    """Ids of a ``.json`` list, of a ``.txt`` with a line each, or of a ``.npy`` array.

    Raises:
        DataError: The file is missing, of another kind, or holds something else than ids.
    """
    try:
        if path.suffix == ".npy":
            return _from_array(path)
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path} must be a readable file of ids, got: {reason}; replace it.") from (
            error
        )
    if path.suffix == ".json":
        return ids_from_json(text, path)
    if path.suffix != ".txt":
        raise DataError(f"{path}: ids are in .json, .txt or .npy, got {path.suffix!r}; name one.")
    # Not splitlines: other separators than line ends may be part of an id.
    lines = text.removesuffix("\n").split("\n")
    ids = tuple(line.removesuffix("\r") for line in lines)
    if "" in ids:
        number = ids.index("") + 1
        raise DataError(f"{path} line {number}: must be an id, got nothing; remove the line.")
    return ids


def ids_from_json(text: str, path: Path) -> tuple[str, ...]:
    """Ids of a list in JSON, of texts or of whole numbers.

    Raises:
        DataError: It is something else.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: ids must be a list in JSON ({error}); replace them.") from error
    if not isinstance(values, list):
        raise DataError(
            f"{path}: ids must be a list in JSON, got {type(values).__name__}; list them in the "
            "order of the rows."
        )
    return _as_texts(values, path)


def _from_array(path: Path) -> tuple[str, ...]:
    array = np.load(path, allow_pickle=False)
    if not isinstance(array, np.ndarray) or array.ndim != 1 or array.dtype.kind not in "Uiu":
        raise DataError(
            f"{path}: ids must be one row of texts or whole numbers; save them with "
            "np.save(path, np.array(ids, dtype=str))."
        )
    return tuple(str(value) for value in array.tolist())


def _as_texts(values: Sequence[object], path: Path) -> tuple[str, ...]:
    for value in values:
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            raise DataError(
                f"{path}: an id must be a text or a whole number, got {value!r:.60}; correct it."
            )
    return tuple(str(value) for value in values)
