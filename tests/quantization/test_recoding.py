"""Other vectors of coded items get codes of the same quantizers, and only values that occur."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from jaxtyping import Float, Int32

from clairo.core.artifacts import CodeTable, EmbeddingTable, Modalities
from clairo.core.errors import StageError
from clairo.core.stage import Runtime
from clairo.quantization import (
    OpqConfig,
    PqConfig,
    Quantizer,
    QuantizerConfig,
    RqKmeansConfig,
    RqVaeConfig,
    VqVaeConfig,
)
from clairo.quantization.code_table import build_code_table
from clairo.quantization.reassignment import CodedVectors
from clairo.quantization.recoding import recode, refit

SMALL: dict[str, Any] = {"num_codebooks": 2, "codebook_size": 4, "num_hash_buckets": None}
SEED = 3


def vectors(modality: Any, seed: int, *, missing: bool = True) -> EmbeddingTable:
    """Forty items; every fifth lacks the modality, some have the same vector."""
    made = np.random.default_rng(seed).normal(size=(40, 6)).astype(np.float32)
    made[1:4] = made[6]
    present = (np.arange(40) % 5 > 0) | (not missing)
    made[~present] = 0
    return EmbeddingTable(modality, tuple(f"item-{i}" for i in range(40)), made, present)


APART = Modalities((vectors("text", 0), vectors("image", 1)))


def coded(config: QuantizerConfig, of: Modalities = APART) -> CodeTable:
    return build_code_table(of, config, np.ones(40, dtype=bool), SEED, Runtime())


def fitted(config: QuantizerConfig, table: CodeTable, of: Modalities = APART) -> Any:
    return refit(of, table, config, np.ones(40, dtype=bool), SEED, Runtime())


@pytest.mark.parametrize(
    "config",
    [
        RqKmeansConfig(codebooks="separate", **SMALL),
        PqConfig(codebooks="separate", **SMALL),
        OpqConfig(codebooks="separate", **SMALL),
        RqVaeConfig(codebooks="separate", hidden=(8,), epochs=2, **SMALL),
        VqVaeConfig(codebooks="separate", hidden=(8,), epochs=2, **{**SMALL, "num_codebooks": 1}),
        RqKmeansConfig(codebooks="separate", disambiguation="counter", **SMALL),
        RqKmeansConfig(codebooks="separate", disambiguation="none", **SMALL),
    ],
    ids=lambda config: f"{config.kind}-{config.disambiguation}",
)
def test_vectors_that_did_not_change_keep_their_codes_exactly(config: QuantizerConfig) -> None:
    table = coded(config)
    found = recode(fitted(config, table), {part.modality: part for part in APART.tables}, table)
    np.testing.assert_array_equal(found.codes, table.codes)
    assert not found.unknown.any()


def test_items_that_uniqueness_moved_keep_what_they_were_given() -> None:
    config = RqKmeansConfig(disambiguation="reassign", **{**SMALL, "codebook_size": 8})
    whole = Modalities((vectors("text", 0, missing=False),))
    table = coded(config, whole)
    assert table.facts["reassigned_items"] >= 3  # items 1, 2, 3 and 6 have one vector
    found = recode(fitted(config, table, whole), {"text": whole.tables[0]}, table)
    np.testing.assert_array_equal(found.codes, table.codes)


def test_a_changed_modality_leaves_the_columns_of_the_other_and_the_digit() -> None:
    config = RqKmeansConfig(codebooks="separate", **SMALL)
    table = coded(config)
    names = np.array(table.column_modalities)
    text, image = APART.tables
    rolled = replace(image, vectors=np.where(image.present[:, None], image.vectors[::-1], 0))
    found = recode(fitted(config, table), {"text": text, "image": rolled}, table)
    kept = names != "image"
    assert names[kept].tolist() == ["text", "text", "shared"]
    np.testing.assert_array_equal(found.codes[:, kept], table.codes[:, kept])
    assert (found.codes != table.codes).any(axis=1).sum() > 10
    np.testing.assert_array_equal(found.codes[~image.present], table.codes[~image.present])


def test_codes_of_another_seed_are_not_believed() -> None:
    config = RqKmeansConfig(codebooks="separate", **SMALL)
    table = coded(config)
    with pytest.raises(StageError, match=r"same codes again .* other codes for \d+ of 40 items"):
        refit(APART, table, config, np.ones(40, dtype=bool), SEED + 1, Runtime())


def test_codes_with_other_columns_are_not_believed() -> None:
    config = RqKmeansConfig(codebooks="separate", **SMALL)
    table = coded(config)
    with pytest.raises(StageError, match="got other columns of 40 items"):
        fitted(config.model_copy(update={"disambiguation": "none"}), table)


@dataclass(frozen=True)
class Ruler(Quantizer):
    """One code, the nearest whole number from 0 to 7, which it stands for."""

    def encode(self, vectors: Float[np.ndarray, "rows 1"]) -> Int32[np.ndarray, "rows 1"]:
        return np.clip(np.rint(vectors), 0, 7).astype(np.int32)

    def decode(self, codes: Int32[np.ndarray, "rows 1"]) -> Float[np.ndarray, "rows 1"]:
        return codes.astype(np.float64)


def test_a_value_that_no_item_has_becomes_the_nearest_one_that_occurs() -> None:
    def on_ruler(values: list[float]) -> EmbeddingTable:
        column = np.array(values)[:, None]
        return EmbeddingTable("text", ("a", "b", "c"), column, np.ones(3, dtype=bool))

    before = on_ruler([0.0, 2.0, 7.0])
    table = CodeTable(("a", "b", "c"), np.array([[0], [2], [7]], np.int32), ("text",), (8,))
    parts = (CodedVectors(Ruler({}), before, 8),)
    # 3 and 5 have no token: 3.2 is nearer to 2 than to 7, 4.9 is nearer to 7. 0.1 reads as 0.
    found = recode(parts, {"text": on_ruler([3.2, 4.9, 0.1])}, table)
    assert found.codes.tolist() == [[2], [7], [0]]
    assert found.unknown.tolist() == [[True], [True], [False]]
