"""Vectors in Parquet: a column ``item_id``, and lists or a column for each dimension."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clairo.core.errors import DataError

ID_COLUMN: Final = "item_id"
VECTOR_COLUMN: Final = "vector"


def write_table(
    path: Path, item_ids: Sequence[str], rows: np.ndarray[Any, np.dtype[np.float32]]
) -> None:
    """Writes ids and one column of lists of equal length."""
    flat = pa.array(rows.reshape(-1))
    vectors = pa.FixedSizeListArray.from_arrays(flat, rows.shape[1])
    table = pa.table({ID_COLUMN: pa.array(list(item_ids), pa.string()), VECTOR_COLUMN: vectors})
    # Floats hardly repeat: a dictionary of them costs time and saves nothing.
    pq.write_table(table, path, use_dictionary=False)


def read_table(path: Path) -> tuple[tuple[str, ...], Any]:
    """Ids, and an array of items x dims.

    Raises:
        DataError: The file is missing or damaged, has no ids, or columns that are no vectors.
    """
    try:
        # Not read_table: it takes folders such as 'x=1' for columns, and is slower.
        with path.open("rb") as stream:
            table = pq.ParquetFile(stream).read()
    except (OSError, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path} must be a whole Parquet file, got: {reason}; replace it.") from (
            error
        )
    if table.column_names.count(ID_COLUMN) != 1:
        raise DataError(
            f"{path} must have one column {ID_COLUMN}, got the columns {table.column_names[:9]}; "
            "rename the one with the ids."
        )
    return _ids(path, table.column(ID_COLUMN)), _vectors(path, table.drop_columns([ID_COLUMN]))


def _ids(path: Path, column: Any) -> tuple[str, ...]:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    texts = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if not (texts or pa.types.is_integer(kind)) or column.null_count:
        raise DataError(
            f"{path}: {ID_COLUMN} must be texts or whole numbers in every row, got {column.type} "
            f"with {column.null_count} empty rows; correct the column."
        )
    return tuple(str(value) for value in column.to_pylist())


def _vectors(path: Path, table: Any) -> Any:
    types = [field.type for field in table.schema]
    if len(types) == 1 and _is_list(types[0]):
        return _from_lists(path, table.column(0))
    if not types or not all(map(pa.types.is_floating, types)):
        strange = [f.name for f in table.schema if not pa.types.is_floating(f.type)]
        raise DataError(
            f"{path}: beside {ID_COLUMN} there must be one column of lists, or a column of floats "
            f"for each dimension, got {strange[:9] or 'none'}; leave out what is no vector."
        )
    # An empty cell becomes NaN, which is refused with the others.
    return np.column_stack([column.to_numpy() for column in table.columns])


def _is_list(kind: Any) -> bool:
    checks = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(check(kind) for check in checks)


def _from_lists(path: Path, column: Any) -> Any:
    if not pa.types.is_floating(column.type.value_type):
        raise DataError(
            f"{path} must hold floats, got lists of {column.type.value_type}; save 32-bit floats."
        )
    lengths = set(pc.unique(pc.list_value_length(column)).to_pylist())
    if len(lengths) != 1 or None in lengths:
        shown = sorted("none" if length is None else str(length) for length in lengths)
        raise DataError(
            f"{path} must have a vector of one length in each row, got the lengths {shown[:9]}; "
            "leave items without a vector out."
        )
    flat = pc.list_flatten(column).to_numpy()
    return flat.reshape(len(column), lengths.pop())
