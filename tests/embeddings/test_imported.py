"""Vectors of a file belong to items by id, and to nobody by position."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from clairo.core.artifacts import ItemCatalog
from clairo.core.errors import ConfigError, DataError
from clairo.embeddings import ImportedImageConfig, ImportedTextConfig
from clairo.embeddings.imported import ImportedConfig
from clairo.embeddings.vector_files import write_vectors
from tests.contracts.encoder import RUNTIME, EncoderContract, make_catalog, shop

# In another order than the catalogue's, with an id that is no item and a row of zeros.
IDS = ("item5", "item3", "gone", "item1", "item0", "item4")
ROWS = np.array([[0, 1], [0.1, 0.9], [7, 7], [0.9, 0], [1, 0.1], [0, 0]], dtype=np.float32)


def put(folder: Path, name: str = "a.parquet", ids: Any = IDS, rows: Any = ROWS) -> Path:
    write_vectors(folder / name, ids, np.asarray(rows, dtype=np.float32), force=True)
    return folder / name


def catalog(*ids: str) -> ItemCatalog:
    return replace(make_catalog([""] * len(ids), [None] * len(ids)), item_ids=ids)


class ImportedContract(EncoderContract):
    """What both imported encoders promise; which items there are is a matter of the file."""

    config_type: ClassVar[type[ImportedConfig]]

    @pytest.fixture
    def config(self, tmp_path: Path) -> ImportedConfig:
        folder = tmp_path / "vectors"
        folder.mkdir()
        return self.config_type(path=str(put(folder)))

    def test_a_catalogue_without_the_modality_is_an_error(self, config: ImportedConfig) -> None:
        with pytest.raises(DataError, match=r"got 0 of 2 .*'item5', 'item3'.*\['x', 'y'\]"):
            config.encode(catalog("x", "y"), 0, RUNTIME)


class TestImportedText(ImportedContract):
    config_type = ImportedTextConfig


class TestImportedImage(ImportedContract):
    config_type = ImportedImageConfig


def test_rows_go_to_the_items_of_their_ids(tmp_path: Path) -> None:
    table = ImportedTextConfig(path=str(put(tmp_path))).encode(shop(), 0, RUNTIME)
    np.testing.assert_array_equal(table.vectors[5], ROWS[0])
    np.testing.assert_array_equal(table.vectors[0], ROWS[4])


def test_rows_of_no_item_and_items_of_no_row_are_counted(tmp_path: Path) -> None:
    facts = ImportedTextConfig(path=str(put(tmp_path))).encode(shop(), 0, RUNTIME).facts
    assert {name: facts[name] for name in facts if name.startswith("num_")} == {
        "num_present": 4,
        "num_rows": 6,
        "num_unknown_rows": 1,
        "num_not_in_file": 1,
        "num_zero_rows": 1,
    }


def test_a_row_of_zeros_is_present_where_that_is_said(tmp_path: Path) -> None:
    path = str(put(tmp_path))
    said = ImportedTextConfig(path=path, zero_rows="present").encode(shop(), 0, RUNTIME)
    assert said.present.tolist() == [True, True, False, True, True, True]
    assert not said.vectors[4].any()
    assert said.facts["num_zero_rows"] == 1


def test_a_file_of_zeros_is_a_modality_that_is_all_missing(tmp_path: Path) -> None:
    path = put(tmp_path, ids=("item0", "item1"), rows=np.zeros((2, 3)))
    with pytest.raises(DataError, match="image vector that is not zero, got 0 of 6"):
        ImportedImageConfig(path=str(path)).encode(shop(), 0, RUNTIME)


def test_the_same_content_elsewhere_is_the_same_encoder(tmp_path: Path) -> None:
    path = put(tmp_path, "a.npy")
    (tmp_path / "b").mkdir()
    shutil.copy(path, tmp_path / "b" / "moved.npy")
    shutil.copy(tmp_path / "a.ids.json", tmp_path / "b" / "moved.ids.json")
    here = ImportedTextConfig(path=str(path))
    there = ImportedTextConfig(path=str(tmp_path / "b" / "moved.npy"))
    named = ImportedTextConfig(path=str(path), ids=str(tmp_path / "a.ids.json"))
    assert here.identity() == there.identity() == named.identity()
    assert here.identity()["path"].startswith("sha256:")


def test_other_ids_of_the_same_vectors_are_another_encoder(tmp_path: Path) -> None:
    config = ImportedTextConfig(path=str(put(tmp_path, "a.npy")))
    before = config.identity()
    put(tmp_path, "a.npy", ids=IDS[::-1])
    after = config.identity()
    assert before["path"] == after["path"]
    assert before["ids"] != after["ids"]


def test_other_vectors_are_another_encoder(tmp_path: Path) -> None:
    config = ImportedTextConfig(path=str(put(tmp_path, rows=ROWS)))
    before = config.identity()
    put(tmp_path, rows=2 * ROWS)
    assert config.identity() != before


def test_files_that_are_not_there_are_found_out_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none at .*no.npy; correct image.path or image.ids"):
        ImportedImageConfig(path=str(tmp_path / "no.npy")).require_weights()
    path = put(tmp_path, "a.npy")
    with pytest.raises(DataError, match=r"none at .*no.json; correct text.path or text.ids"):
        ImportedTextConfig(path=str(path), ids=str(tmp_path / "no.json")).require_weights()
    with pytest.raises(ConfigError, match=r"\.npy, \.parquet, \.safetensors, got 'a.csv'"):
        ImportedTextConfig(path=str(tmp_path / "a.csv")).require_weights()
    ImportedTextConfig(path=str(path)).require_weights()
