"""Codes that came with the data become a code table."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pydantic import ValidationError

from clairo.core.artifacts import GivenCodes
from clairo.core.errors import ConfigError, DataError
from clairo.datasets.aliases import resolve_category
from clairo.quantization import GivenConfig
from clairo.quantization.given import build_given_table
from clairo.quantization.printing import print_semantic_id

IDS = ("a", "b", "c", "d")
TEXT = GivenCodes("text", np.array([[1, 0], [1, 0], [0, 5], [1, 0]], dtype=np.int32), (2, 8))
IMAGE = GivenCodes("image", np.array([[3], [2], [0], [3]], dtype=np.int32), (4,))


def build(*codes: GivenCodes, seed: int = 0, **settings: object):
    return build_given_table(codes, IDS, GivenConfig(**settings), seed)


def test_all_codes_stand_side_by_side_and_a_digit_tells_equal_ones_apart() -> None:
    table = build(TEXT, IMAGE)
    assert table.column_modalities == ("text", "text", "image", "shared")
    # Items a and d share all codes, so the digit has two values.
    assert table.column_sizes == (2, 8, 4, 2)
    assert table.codes[:, :3].tolist() == [[1, 0, 3], [1, 0, 2], [0, 5, 0], [1, 0, 3]]
    assert sorted(table.codes[[0, 3], 3].tolist()) == [0, 1]
    assert len(np.unique(table.codes, axis=0)) == 4


def test_one_modality_alone_has_its_own_codes_and_its_own_collisions() -> None:
    table = build(TEXT, IMAGE, modalities="text")
    assert table.column_modalities == ("text", "text", "shared")
    # Three items share the text codes: the smallest power of two above is 4.
    assert table.column_sizes == (2, 8, 4)
    assert table.facts["largest_bucket"] == 3
    assert build(TEXT, IMAGE, modalities="image").facts["largest_bucket"] == 2


def test_codes_that_are_unique_get_no_digit_unless_it_is_asked_for() -> None:
    unique = GivenCodes("text", np.arange(4, dtype=np.int32)[:, None], (4,))
    assert build(unique).column_modalities == ("text",)
    assert build(unique, num_hash_buckets=2).column_sizes == (4, 2)


def test_too_few_buckets_are_an_error_never_two_items_with_one_id() -> None:
    with pytest.raises(DataError, match=r"got 3 items with codes \[1, 0\] for num_hash_buckets=2"):
        build(TEXT, num_hash_buckets=2)


def test_the_same_seed_gives_the_same_digits() -> None:
    one, two = (build(TEXT, seed=3, num_hash_buckets=64).codes for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert (build(TEXT, seed=4, num_hash_buckets=64).codes != one).any()


def test_diagnostics_are_those_of_any_code_table() -> None:
    facts = build(TEXT, IMAGE).facts
    assert facts["text/0/counts"] == [1, 3]
    assert facts["text/1/usage"] == 2 / 8
    assert facts["image/0/dead_codes"] == 1
    assert facts["usage_min"] == 2 / 8
    assert facts["collision_rate"] == 1 - 3 / 4
    assert facts["bits_per_item"] == np.log2(2 * 8 * 4 * 2)
    entropy = -(0.25 * np.log2(0.25) + 0.75 * np.log2(0.75))
    assert facts["text/0/perplexity"] == pytest.approx(2**entropy)
    json.dumps(dict(facts), allow_nan=False)


def test_two_files_of_one_modality_are_numbered_on() -> None:
    table = build(TEXT, GivenCodes("text", IMAGE.codes, (4,)))
    assert table.facts["text/2/counts"] == [1, 0, 1, 2]
    assert print_semantic_id(table, 2).startswith("<A_0><B_5><C_0>")


def test_a_data_set_without_codes_is_refused_with_the_cure() -> None:
    with pytest.raises(DataError, match="this one has none; choose a quantizer"):
        build()


def test_a_modality_without_codes_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"all or one of \['text'\], .* got 'image'"):
        build(TEXT, modalities="image")


@pytest.mark.parametrize("wrong", [{"modalities": "sound"}, {"num_hash_buckets": 0}])
def test_values_out_of_range_are_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        GivenConfig(**wrong)


@pytest.mark.shared
def test_instruments_needs_a_digit_for_text_alone_and_prints_text_as_capitals(shared) -> None:
    dataset = resolve_category("lcrec/Instruments", None, shared / "data").read()
    ids = dataset.catalog.item_ids
    text = build_given_table(dataset.codes, ids, GivenConfig(modalities="text"), 0)
    both = build_given_table(dataset.codes, ids, GivenConfig(), 0)
    assert text.facts["num_distinct"] == 5_988
    assert text.facts["collision_rate"] == 1 - 5_988 / 6_250
    assert text.column_sizes == (256, 256, 256, 256, 2)
    assert both.column_sizes == (256,) * 8
    # The files print <a_170>... for text and <A_154>... for images: the opposite case.
    assert print_semantic_id(both, 0) == (
        "<A_170><B_224><C_251><D_151><a_154><b_106><c_221><d_144>"
    )
