"""The public vocabulary file: what is written is read, what is wrong is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clairo.core.errors import ArtifactError, DataError
from clairo.merging import (
    FeatureSetBPE,
    FeatureSetBPEConfig,
    ModalityWeights,
    describe,
    load_tokenizer,
)

CODES = [[0, 4], [0, 7], [1, 4]]


@pytest.fixture
def bpe() -> FeatureSetBPE:
    return FeatureSetBPEConfig(num_merges=3).fit(CODES, [[0, 1, 0, 2, 0]], seed=0)


@pytest.fixture
def content(bpe: FeatureSetBPE, tmp_path: Path) -> dict[str, Any]:
    bpe.save_actionpiece(tmp_path / "actionpiece.json")
    return dict(json.loads((tmp_path / "actionpiece.json").read_text()))


def test_the_file_has_the_four_public_keys(bpe: FeatureSetBPE, content: dict[str, Any]) -> None:
    assert set(content) == {"n_categories", "n_init_feats", "token2feat", "priority"}
    assert (content["n_categories"], content["n_init_feats"]) == (2, 5)
    assert content["token2feat"][:3] == [[-1, -1], [0, 0], [0, 1]]
    assert content["priority"] == (bpe.scaled_priority / bpe.count_scale).tolist()


def test_a_written_vocabulary_segments_as_before(bpe: FeatureSetBPE, tmp_path: Path) -> None:
    bpe.save_actionpiece(tmp_path / "v.json")
    loaded = FeatureSetBPE.load_actionpiece(tmp_path / "v.json", CODES)
    assert loaded.token2feat == bpe.token2feat
    assert loaded.scaled_priority.tolist() == bpe.scaled_priority.tolist()
    assert loaded.encode_items().values.tolist() == bpe.encode_items().values.tolist()
    assert "cross_item_share" not in describe(loaded)


def test_weighted_totals_come_back_as_the_same_whole_numbers(tmp_path: Path) -> None:
    weights = ModalityWeights(text=2 / 3, image=0.7, text_image=1.5)
    config = FeatureSetBPEConfig(num_merges=4, modality_weights=weights)
    rng = np.random.default_rng(0)
    codes, sequences = rng.integers(0, 3, (20, 3)), [rng.integers(0, 20, 30)]
    bpe = config.fit(codes, sequences, 0, modalities=("text", "image", "shared"))
    bpe.save_actionpiece(tmp_path / "v.json")
    loaded = FeatureSetBPE.load_actionpiece(tmp_path / "v.json", codes)
    assert loaded.count_scale == bpe.count_scale == 36 * 30
    assert loaded.scaled_priority.tolist() == bpe.scaled_priority.tolist()


def test_without_codes_it_knows_tokens_but_no_items(bpe: FeatureSetBPE, tmp_path: Path) -> None:
    bpe.save_actionpiece(tmp_path / "v.json")
    loaded = FeatureSetBPE.load_actionpiece(tmp_path / "v.json")
    assert loaded.encode_flat([1, 3]) == bpe.encode_flat([1, 3])
    assert len(loaded.encode_items()) == 0


def test_codes_that_the_file_does_not_know_are_refused(bpe: FeatureSetBPE, tmp_path: Path) -> None:
    bpe.save_actionpiece(tmp_path / "v.json")
    with pytest.raises(DataError, match="value 9 of column 1 \\(item 0\\) has none"):
        FeatureSetBPE.load_actionpiece(tmp_path / "v.json", [[0, 9]])


@pytest.mark.parametrize(
    ("key", "place", "value", "message"),
    [
        ("n_categories", None, 17, "n_categories must be 1 to 16, got 17"),
        ("n_categories", None, "2", "n_categories must be 1 to 16"),
        ("n_init_feats", None, 99, "n_init_feats must be 1 to 8, got 99"),
        ("n_init_feats", None, 7, r"token 5 must be \[column below 2"),
        ("n_init_feats", None, 4, r"token 4 must be \[-1, smaller, larger\]"),
        ("token2feat", None, {}, "must be lists"),
        ("token2feat", 0, [0, 0], "token 0 must be the padding"),
        ("token2feat", 1, [2, 0], r"token 1 must be \[column below 2, value\], got \[2, 0\]"),
        ("token2feat", 2, [0, 0], "token 2: .* must come after"),
        ("token2feat", 6, [-1, 6, 1], "token 6 must be"),
        ("token2feat", 6, [-1, 1, 6], "token 6 must be"),
        ("token2feat", 6, "x", "token 6 must be"),
        ("priority", 6, float("nan"), "priority of token 6 must be finite and above 0"),
        ("priority", 6, -1.0, "priority of token 6 must be finite and above 0"),
        ("priority", 6, None, "priority of token 6 must be a number"),
        ("priority", None, [0], "8 tokens have 1 priorities"),
        ("priority", 6, 10**400, "priority of token 6 must be finite and above 0"),
        ("priority", 6, 1e300, "priority of token 6 must be at most"),
        ("weight_scale", None, 0, "weight_scale must be a whole number from 1, got 0"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    content: dict[str, Any], tmp_path: Path, key: str, place: int | None, value: Any, message: str
) -> None:
    if place is None:
        content[key] = value
    else:
        content[key][place] = value
    (tmp_path / "bad.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match=f"bad.json: not a whole ActionPiece.*{message}"):
        FeatureSetBPE.load_actionpiece(tmp_path / "bad.json")


def test_a_priority_of_almost_nothing_still_merges(content: dict[str, Any], tmp_path: Path) -> None:
    content["priority"][5] = 1e-9
    (tmp_path / "v.json").write_text(json.dumps(content))
    loaded = FeatureSetBPE.load_actionpiece(tmp_path / "v.json", CODES)
    assert loaded.scaled_priority[5] == 1
    assert loaded.encode_greedy([list(loaded.merge_pairs[0])]) == [5]


def test_a_table_of_other_columns_is_refused(bpe: FeatureSetBPE, tmp_path: Path) -> None:
    bpe.save_actionpiece(tmp_path / "v.json")
    with pytest.raises(DataError, match="of 2 code columns, the table has 1"):
        FeatureSetBPE.load_actionpiece(tmp_path / "v.json", [[0], [1]])


def test_tokens_that_double_for_ever_are_refused(content: dict[str, Any], tmp_path: Path) -> None:
    for token in range(len(content["token2feat"]) - 1, 60):
        content["token2feat"].append([-1, token, token])
        content["priority"].append(1.0)
    (tmp_path / "v.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match="stands for over 10,000,000 codes"):
        FeatureSetBPE.load_actionpiece(tmp_path / "v.json")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "", "[1, 2]", '{"n_categories": 2}', "\x00", '{"a": ']
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(DataError, match=r"other.json: not a whole ActionPiece vocabulary"):
        FeatureSetBPE.load_actionpiece(tmp_path / "other.json")


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent.json: cannot be read"):
        FeatureSetBPE.load_actionpiece(tmp_path / "absent.json")


def test_an_entry_of_another_kind_is_no_tokenizer(bpe: FeatureSetBPE, tmp_path: Path) -> None:
    bpe.save(tmp_path)
    facts = json.loads((tmp_path / "facts.json").read_text())
    (tmp_path / "facts.json").write_text(json.dumps(facts | {"kind": "word_piece"}))
    with pytest.raises(ArtifactError, match="word_piece"):
        load_tokenizer(tmp_path)


def test_arrays_survive_saving_without_merges(tmp_path: Path) -> None:
    bpe = FeatureSetBPEConfig(num_merges=0).fit(np.zeros((1, 1), dtype=np.int32), [], seed=0)
    bpe.save(tmp_path)
    assert load_tokenizer(tmp_path).merge_pairs.shape == (0, 2)
