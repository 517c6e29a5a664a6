"""Other vectors of coded items, by the quantizers that coded them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int32

from clairo.core.artifacts import CodeTable, EmbeddingTable, Modalities
from clairo.core.errors import StageError
from clairo.core.stage import Runtime
from clairo.quantization.base import QuantizerConfig
from clairo.quantization.code_table import encode_table, fit_vectors, tell_apart
from clairo.quantization.reassignment import CodedVectors


@dataclass(frozen=True)
class Recoded:
    """Codes of changed vectors, each value one that some item had before.

    Attributes:
        codes: Columns as in the code table before.
        unknown: Where the quantizer gave a value that no item had, and the nearest one that an
            item had stands instead.
    """

    codes: Int32[np.ndarray, "items columns"]
    unknown: Bool[np.ndarray, "items columns"]


def refit(
    vectors: Modalities,
    table: CodeTable,
    config: QuantizerConfig,
    train_items: Bool[np.ndarray, " items"],
    seed: int,
    runtime: Runtime,
) -> tuple[CodedVectors, ...]:
    """The quantizers that made a code table, fitted anew, with the vectors they coded.

    Args:
        vectors: What was coded.
        table: What came out.
        config: Settings of the quantizer.
        train_items: Which items occur in training histories.
        seed: Seed of the stage that made the table.
        runtime: Resources.

    Raises:
        StageError: They do not make this code table again.
    """
    parts = tuple(fit_vectors(part, config, train_items, seed, runtime) for part in vectors.tables)
    before = np.hstack([encode_table(part, part.table) for part in parts])
    again, _, _ = tell_apart(before, parts, config, seed)
    if not np.array_equal(again, table.codes):
        differ = "other columns"
        if again.shape == table.codes.shape:
            differ = f"other codes for {int((again != table.codes).any(axis=1).sum())}"
        raise StageError(
            f"Quantizer {type(config).__name__} must make the same codes again from the same "
            f"vectors and seed, got {differ} of {len(again)} items; evaluate on a machine like "
            "the one that made them, or let this one make them anew in an output folder of its "
            "own."
        )
    return parts


def recode(
    parts: Sequence[CodedVectors], changed: Mapping[str, EmbeddingTable], table: CodeTable
) -> Recoded:
    """Codes of items with other vectors.

    The codes of a modality stay as they are in the table, also where uniqueness has moved them,
    unless its new vector has other codes than the old one; then they are those of the new vector,
    which nothing moves. A column that tells items apart stays as it is.

    A value that no item has is no token of any vocabulary. Instead the item takes, of the values
    of that column that occur, the one that brings what its codes decode to nearest its vector,
    column after column, the others left as they are.

    Args:
        parts: The fitted quantizers and the vectors they coded, in the order of their columns.
        changed: Other vectors of the same items, by modality.
        table: The code table of the old vectors.
    """
    codes = table.codes.copy()
    unknown = np.zeros(codes.shape, dtype=bool)
    first = 0
    for part in parts:
        vectors = changed[part.table.modality]
        before, after = encode_table(part, part.table), encode_table(part, vectors)
        at = slice(first, first + after.shape[1])
        moved = (before != after).any(axis=1)
        used = [np.unique(column) for column in table.codes[:, at].T]
        known, missed = _known(part, vectors.vectors[moved], after[moved], used)
        codes[moved, at], unknown[moved, at] = known, missed
        first = at.stop
    return Recoded(codes, unknown)


def _known(
    part: CodedVectors,
    vectors: Float[np.ndarray, "rows dims"],
    codes: Int32[np.ndarray, "rows codebooks"],
    used: Sequence[Int32[np.ndarray, " _"]],
) -> tuple[Int32[np.ndarray, "rows codebooks"], Bool[np.ndarray, "rows codebooks"]]:
    """The codes with values that do not occur replaced, and which were."""
    missed = np.stack(
        [~np.isin(codes[:, level], values) for level, values in enumerate(used)], axis=1
    )
    found = codes.copy()
    # Zeros and means give all items one vector: what it becomes is searched for once.
    searched: dict[bytes, Int32[np.ndarray, " codebooks"]] = {}
    for row in np.flatnonzero(missed.any(axis=1)):
        key = vectors[row].tobytes()
        if key not in searched:
            searched[key] = _nearest(part, vectors[row], codes[row], missed[row], used)
        found[row] = searched[key]
    return found, missed


def _nearest(
    part: CodedVectors,
    vector: Float[np.ndarray, " dims"],
    codes: Int32[np.ndarray, " codebooks"],
    missed: Bool[np.ndarray, " codebooks"],
    used: Sequence[Int32[np.ndarray, " _"]],
) -> Int32[np.ndarray, " codebooks"]:
    """One item's codes with values that occur."""
    found = codes.copy()
    for level in np.flatnonzero(missed).tolist():
        ordered = part.quantizer.alternatives(vector, found, level, part.size)
        found[level] = ordered[np.isin(ordered, used[level])][0]
    return found
