"""How artifacts put arrays, tables and facts on disk: safetensors, parquet, json; never pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from clairo.core.errors import ArtifactError


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes named arrays to one safetensors file."""
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Reads what :func:`write_arrays` wrote.

    Raises:
        ArtifactError: The file is missing or not a whole safetensors file.
    """
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ArtifactError(f"{path}: arrays cannot be read ({error}); recompute it.") from error


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
