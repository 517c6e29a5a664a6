"""From vectors to unique codes, with missing modalities and honest diagnostics."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from clairo.core.artifacts import CodeTable, EmbeddingTable, Modalities
from clairo.core.errors import ConfigError, DataError
from clairo.core.stage import Runtime
from clairo.quantization import OpqConfig, RqKmeansConfig
from clairo.quantization.code_table import build_code_table

NUM_ITEMS, SIZE = 60, 8
EVERYBODY = np.ones(NUM_ITEMS, dtype=bool)
SEPARATE = RqKmeansConfig(
    codebooks="separate", num_codebooks=2, codebook_size=SIZE, num_hash_buckets=16
)
SHARED = SEPARATE.model_copy(update={"codebooks": "shared"})


def make_table(modality, missing: tuple[int, ...] = (), seed: int = 0) -> EmbeddingTable:
    vectors = np.random.default_rng(seed).normal(size=(NUM_ITEMS, 6)).astype(np.float32)
    present = ~np.isin(np.arange(NUM_ITEMS), missing)
    vectors[~present] = 0
    return EmbeddingTable(modality, tuple(map(str, range(NUM_ITEMS))), vectors, present)


def build(config, *tables: EmbeddingTable, seed: int = 0) -> CodeTable:
    return build_code_table(Modalities(tables), config, EVERYBODY, seed, Runtime())


def test_separate_codebooks_stand_side_by_side_with_one_hash_column() -> None:
    table = build(SEPARATE, make_table("text"), make_table("image", seed=1))
    assert table.column_modalities == ("text", "text", "image", "image", "shared")
    assert table.column_sizes == (SIZE, SIZE, SIZE, SIZE, 16)
    assert len(np.unique(table.codes, axis=0)) == NUM_ITEMS


def test_a_fused_vector_has_fused_columns() -> None:
    table = build(SHARED, make_table("fused"))
    assert table.column_modalities == ("fused", "fused", "shared")


def test_items_without_a_modality_get_a_value_of_their_own() -> None:
    table = build(SEPARATE, make_table("text"), make_table("image", missing=(3, 9)))
    assert (table.codes[[3, 9], 2:4] == SIZE).all()
    assert (np.delete(table.codes, [3, 9], axis=0)[:, :4] < SIZE).all()
    assert (table.codes[:, :2] < SIZE).all()
    assert table.column_sizes == (SIZE, SIZE, SIZE + 1, SIZE + 1, 16)
    assert table.diagnostics["image/missing_items"] == 2


def test_text_codes_do_not_depend_on_the_images() -> None:
    alone = build(SHARED, make_table("text"))
    joint = build(SEPARATE, make_table("text"), make_table("image", seed=1))
    np.testing.assert_array_equal(alone.codes[:, :2], joint.codes[:, :2])


def test_the_seed_decides_and_threads_do_not() -> None:
    config = OpqConfig(num_codebooks=2, codebook_size=SIZE)
    first = build(config, make_table("text"))
    threads = build_code_table(
        Modalities((make_table("text"),)), config, EVERYBODY, 0, Runtime(num_threads=3)
    )
    np.testing.assert_array_equal(first.codes, threads.codes)
    assert (first.codes != build(config, make_table("text"), seed=1).codes).any()


def test_diagnostics_describe_the_columns() -> None:
    table = build(SEPARATE, make_table("text"), make_table("image", missing=(3, 9), seed=1))
    found = table.diagnostics
    for column in range(2):
        counts = np.bincount(table.codes[:, column], minlength=SIZE)
        assert found[f"text/{column}/counts"] == counts.tolist()
        assert found[f"text/{column}/usage"] == (counts > 0).mean()
        assert found[f"text/{column}/dead_codes"] == (counts == 0).sum()
    assert sum(found["image/0/counts"]) == NUM_ITEMS - 2
    assert 0 < found["text/reconstruction_error"] < 1
    perplexities = [found[f"{m}/{c}/perplexity"] for m in ("text", "image") for c in range(2)]
    assert found["perplexity_mean"] == pytest.approx(np.mean(perplexities))
    assert found["usage_min"] <= 1
    assert found["num_items"] == NUM_ITEMS
    assert found["bits_per_item"] == pytest.approx(3 + 3 + 2 * np.log2(9) + 4)
    json.dumps(dict(found), allow_nan=False)


def test_twins_collide_and_are_told_apart_by_the_hash_column_alone() -> None:
    table = make_table("text")
    vectors = table.vectors.copy()
    vectors[1] = vectors[0]
    twins = EmbeddingTable("text", table.item_ids, vectors, table.present)
    config = SHARED.model_copy(update={"num_codebooks": 4})
    found = build(config, twins)
    np.testing.assert_array_equal(found.codes[0, :-1], found.codes[1, :-1])
    assert found.codes[0, -1] != found.codes[1, -1]
    assert found.diagnostics["collision_rate"] >= 1 / NUM_ITEMS
    assert found.diagnostics["largest_bucket"] >= 2


def test_more_items_without_the_modality_than_buckets_is_an_error() -> None:
    with pytest.raises(DataError, match=r"got 20 items with codes \[8, 8\]"):
        build(SHARED, make_table("text", missing=tuple(range(20))))


def test_codebooks_must_match_the_modalities() -> None:
    with pytest.raises(ConfigError, match="codebooks=separate for \\['fused'\\]"):
        build(SEPARATE, make_table("fused"))
    with pytest.raises(ConfigError, match="codebooks=shared for \\['text', 'image'\\]"):
        build(SHARED, make_table("text"), make_table("image"))


def test_the_table_survives_the_disk(tmp_path: Path) -> None:
    table = build(SHARED, make_table("text"))
    table.save(tmp_path)
    again = CodeTable.load(tmp_path)
    np.testing.assert_array_equal(again.codes, table.codes)
    assert again.diagnostics == table.diagnostics


def test_enough_buckets_are_found_where_none_are_named() -> None:
    crowded = SHARED.model_copy(update={"num_codebooks": 1, "num_hash_buckets": None})
    table = build(crowded, make_table("fused"))
    assert table.column_modalities == ("fused", "shared")
    # 60 items in 8 cells: some cell holds at least 8, and the bound is the next power of two.
    largest = table.diagnostics["largest_bucket"]
    assert table.column_sizes[-1] == 1 << (int(largest) - 1).bit_length()
    assert len(np.unique(table.codes, axis=0)) == NUM_ITEMS


def test_codes_that_are_unique_get_no_digit_that_says_nothing() -> None:
    fine = SHARED.model_copy(
        update={"num_codebooks": 4, "codebook_size": 32, "num_hash_buckets": None}
    )
    table = build(fine, make_table("fused"))
    assert table.diagnostics["collision_rate"] == 0
    assert table.column_modalities == ("fused",) * 4
    assert table.diagnostics["bits_per_item"] == 4 * np.log2(32)


def test_one_bucket_is_refused_where_items_share_their_codes() -> None:
    crowded = SHARED.model_copy(update={"num_codebooks": 1, "num_hash_buckets": 1})
    with pytest.raises(DataError, match="num_hash_buckets=1"):
        build(crowded, make_table("fused"))


TWINS = np.random.default_rng(0).normal(size=(NUM_ITEMS, 6)).astype(np.float32)
TWINS[[7, 30]] = TWINS[2]


def with_twins(disambiguation: str) -> CodeTable:
    """Items 2, 7 and 30 are one vector."""
    table = EmbeddingTable(
        "text", tuple(map(str, range(NUM_ITEMS))), TWINS, np.ones(NUM_ITEMS, dtype=bool)
    )
    return build(SHARED.model_copy(update={"disambiguation": disambiguation}), table)


def test_a_counter_is_always_a_column_and_0_where_nobody_came_before() -> None:
    table = with_twins("counter")
    assert table.column_modalities == ("text", "text", "shared")
    assert table.codes[[2, 7, 30], -1].tolist() == sorted(table.codes[[2, 7, 30], -1].tolist())
    assert table.column_sizes[-1] == table.diagnostics["largest_bucket"]
    assert len(np.unique(table.codes, axis=0)) == NUM_ITEMS
    fine = SHARED.model_copy(
        update={"num_codebooks": 4, "codebook_size": 32, "disambiguation": "counter"}
    )
    alone = build(fine, make_table("fused"))
    assert alone.column_sizes[-1] == 1
    assert not alone.codes[:, -1].any()


def test_without_disambiguation_twins_keep_one_id_and_there_is_no_column() -> None:
    table = with_twins("none")
    assert table.column_modalities == ("text", "text")
    assert (table.codes[[7, 30]] == table.codes[2]).all()
    assert len(np.unique(table.codes, axis=0)) == table.diagnostics["num_distinct"] < NUM_ITEMS


def test_reassigned_items_are_unique_without_a_column_and_their_loss_is_told() -> None:
    before, after = with_twins("none"), with_twins("reassign")
    assert after.column_modalities == ("text", "text")
    assert len(np.unique(after.codes, axis=0)) == NUM_ITEMS
    moved = (before.codes != after.codes).any(axis=1)
    facts = after.diagnostics
    assert facts["reassigned_items"] == moved.sum() == NUM_ITEMS - facts["num_distinct"]
    assert facts["text/reassigned_reconstruction_error"] > facts["text/reconstruction_error"]
    # A first code changes only where all last codes beside it are taken.
    for item in np.flatnonzero(before.codes[:, 0] != after.codes[:, 0]):
        beside = after.codes[after.codes[:, 0] == before.codes[item, 0], 1]
        assert len(beside) == SIZE


def test_equal_vectors_alone_are_an_error_that_says_so() -> None:
    table = make_table("text")
    same = EmbeddingTable("text", table.item_ids, np.ones_like(table.vectors), table.present)
    with pytest.raises(DataError, match="vectors that differ, got 60 equal text vectors; check"):
        build(SHARED, same)


def test_a_modality_that_no_item_has_is_an_error_with_its_name() -> None:
    nobody = make_table("image", missing=tuple(range(NUM_ITEMS)))
    with pytest.raises(DataError, match="got 0 image items to fit on"):
        build(SEPARATE, make_table("text"), nobody)


def test_distinct_vectors_are_counted() -> None:
    assert with_twins("hash").diagnostics["text/distinct_vectors"] == NUM_ITEMS - 2
