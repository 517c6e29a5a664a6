"""The border of the package: codes and sequences are checked and packed here, once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int32, Int64

from clairo.core.errors import DataError
from clairo.core.ragged import Ragged

MAX_COLUMNS = 16
"""With more columns the scale of the integer totals would not leave room to count."""

MODALITY_BITS = {"text": 1, "image": 2, "fused": 0, "shared": 0}
"""A merge crosses modalities when its leaves have more than one bit."""

_LARGEST = np.iinfo(np.int64).max
_LARGEST_INT32 = np.iinfo(np.int32).max


def count_scale(num_columns: int) -> int:
    """What makes every weight a whole number: ``lcm(1..columns) ** 2``.

    Example:
        >>> count_scale(5)
        3600
    """
    return math.lcm(*range(1, num_columns + 1)) ** 2


def check_codes(codes: Any) -> Int32[np.ndarray, "items columns"]:
    """Codes as a table of int32.

    Raises:
        DataError: The rows are ragged, or there is no column or more than 16, or a code is
            not a whole number from 0 to 2^31 - 1.
    """
    try:
        table = np.asarray(codes)
    except ValueError as error:
        raise DataError(f"Codes need rows of one length ({error}); fill or cut them.") from error
    if table.ndim != 2 or not 1 <= table.shape[1] <= MAX_COLUMNS:
        raise DataError(
            f"Codes must be a table (items, columns) of 1 to {MAX_COLUMNS} columns, got shape "
            f"{table.shape}; use fewer codebooks."
        )
    if not np.issubdtype(table.dtype, np.integer):
        raise DataError(f"Codes must be whole numbers, got {table.dtype}; quantize them first.")
    if table.size and not 0 <= int(table.min()) <= int(table.max()) <= _LARGEST_INT32:
        row = int(np.argmax(((table < 0) | (table > _LARGEST_INT32)).any(axis=1)))
        raise DataError(
            f"Codes must lie from 0 to {_LARGEST_INT32}, got {table[row].tolist()} for item "
            f"{row}; renumber the codebook."
        )
    return np.array(table, dtype=np.int32, order="C")


def check_modalities(modalities: Sequence[str] | None, num_columns: int) -> tuple[str, ...]:
    """One modality name for each column; ``shared`` for all where nothing is said.

    Raises:
        DataError: A name is missing or unknown.
    """
    names = ("shared",) * num_columns if modalities is None else tuple(modalities)
    if len(names) != num_columns or not set(names) <= set(MODALITY_BITS):
        raise DataError(
            f"Each of the {num_columns} code columns needs one modality of "
            f"{sorted(MODALITY_BITS)}, got {list(names)}; name them in column order."
        )
    return names


def pack_histories(sequences: Sequence[Any] | Ragged, num_items: int) -> Ragged:
    """Sequences of item indices as one contiguous array.

    Raises:
        DataError: An entry is not the index of an item, or the offsets of a ragged table do not
            fit its values.
    """
    values, offsets = _flatten(sequences)
    wrong = (values < 0) | (values >= num_items)
    if wrong.any():
        place = int(np.argmax(wrong))
        row = int(np.searchsorted(offsets, place, side="right")) - 1
        raise DataError(
            f"Item indices must lie from 0 to {num_items - 1}, got {int(values[place])} in "
            f"history {row}; the histories and the code table must share a catalogue."
        )
    return Ragged(
        np.array(values, dtype=np.int32, order="C"), np.array(offsets, dtype=np.int64, order="C")
    )


def _flatten(sequences: Sequence[Any] | Ragged) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers of all sequences one after another, and offsets that fit them."""
    if isinstance(sequences, Ragged):
        values, offsets = np.asarray(sequences.values), np.asarray(sequences.offsets)
        _check_offsets(offsets, values)
    else:
        arrays = _as_arrays(sequences)
        filled = [array for array in arrays if array.size]
        values = np.concatenate(filled) if filled else np.zeros(0, dtype=np.int32)
        lengths = np.array([array.size for array in arrays], dtype=np.int64)
        offsets = np.concatenate([[0], np.cumsum(lengths)])
    if values.ndim != 1 or (values.size and not np.issubdtype(values.dtype, np.integer)):
        raise DataError(
            f"Histories must list item indices, got {values.dtype} values in {values.ndim} "
            "dimensions; look the items up in the catalogue first."
        )
    return values, offsets


def _as_arrays(sequences: Any) -> list[np.ndarray]:
    try:
        arrays = [np.asarray(sequence) for sequence in sequences]
    except (TypeError, ValueError) as error:
        raise DataError(
            f"Histories must be a list of lists of item indices ({error}); give one list a user."
        ) from error
    for row, array in enumerate(arrays):
        if array.ndim != 1:
            raise DataError(
                f"Each history must be a flat list of item indices, history {row} has "
                f"{array.ndim} dimensions; give one list a user."
            )
    return arrays


def _check_offsets(offsets: np.ndarray, values: np.ndarray) -> None:
    """The kernels read where offsets point, so wrong ones are refused here.

    Raises:
        DataError: They are no whole numbers from 0 that rise to the number of values.
    """
    whole = offsets.ndim == 1 and np.issubdtype(offsets.dtype, np.integer) and len(offsets) > 0
    if not whole or offsets[0] != 0 or offsets[-1] != len(values) or (np.diff(offsets) < 0).any():
        raise DataError(
            f"Offsets must be whole numbers that rise from 0 to the {len(values)} values, got "
            f"{offsets.tolist()[:3]} ... {offsets.tolist()[-3:]}; use Ragged.from_sequences."
        )


def check_countable(num_interactions: int, num_columns: int, largest_factor: int = 1) -> None:
    """Refuses a corpus whose totals might not fit 64 bits.

    A pair counts at most 3 for each interaction: 1 inside the set, and 1 on either side of a
    filled slot.

    Args:
        num_interactions: Items of all sequences.
        num_columns: Code columns.
        largest_factor: Largest whole number that a count is multiplied with.

    Raises:
        DataError: The arithmetic does not fit.
    """
    scale = count_scale(num_columns) * largest_factor
    if 3 * scale * num_interactions > _LARGEST or num_interactions > _LARGEST_INT32 // 2:
        raise DataError(
            f"Totals must fit 64 bits: 3 x {num_interactions} interactions x scale {scale} "
            f"({num_columns} columns) exceeds {_LARGEST} (or the interactions 2^30); use fewer "
            "columns or fewer sequences."
        )


def list_features(codes: Int32[np.ndarray, "items columns"]) -> Int32[np.ndarray, "features 2"]:
    """Every (column, value) that occurs, column by column, values ascending."""
    parts = [np.zeros((0, 2), dtype=np.int32)]
    for column in range(codes.shape[1]):
        values = np.unique(codes[:, column])
        parts.append(np.stack([np.full_like(values, column), values], axis=1))
    return np.concatenate(parts).astype(np.int32)


def number_states(
    codes: Int32[np.ndarray, "items columns"], features: Int32[np.ndarray, "features 2"]
) -> Int32[np.ndarray, "items columns"]:
    """Initial token of each code: 1 + the row of its feature.

    Raises:
        DataError: A code is not among the features.
    """
    keys = features[:, 0].astype(np.int64) << 32 | features[:, 1]
    wanted = np.arange(codes.shape[1], dtype=np.int64) << 32 | codes.astype(np.int64)
    places = np.searchsorted(keys, wanted)
    found = np.append(keys, -1)[places] == wanted
    if not found.all():
        item, column = (int(index) for index in np.argwhere(~found)[0])
        raise DataError(
            f"Every code needs a token, value {int(codes[item, column])} of column {column} "
            f"(item {item}) has none; build the vocabulary from this code table."
        )
    return np.ascontiguousarray(places + 1, dtype=np.int32)


def pair_weights(num_columns: int) -> Int64[np.ndarray, "sizes sizes"]:
    """Scaled weights of a pair by the sizes of the sets it stands in.

    Across sets of ``m`` and ``n`` tokens a pair counts ``1 / (m n)``, in row ``m``, column
    ``n``; a filled slot is a set of one. Inside a set of ``n`` tokens it counts ``2 / n``, in
    row 0. The other entries for size 0 are never used.

    References:
        Hou et al., ActionPiece (2025), the weights of inside- and across-set pairs.
    """
    scale = count_scale(num_columns)
    weights = np.zeros((num_columns + 1, num_columns + 1), dtype=np.int64)
    for n in range(1, num_columns + 1):
        weights[0, n] = 2 * scale // n
        for m in range(1, num_columns + 1):
            weights[m, n] = scale // (m * n)
    return weights
