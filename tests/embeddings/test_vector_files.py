"""Vectors and ids come back from the disk as they were; what cannot be used is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file

from clairo.core.errors import ConfigError, DataError
from clairo.embeddings import vector_files
from clairo.embeddings.vector_files import FORMATS, read_vectors, write_vectors

IDS = ("a b", "ü", "商品", "0\u2028\n")
ROWS = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_is_written_is_read_to_the_bit(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"vectors{suffix}"
    rows = ROWS.copy()
    rows[0] = [-0.0, 1e15, np.finfo(np.float32).smallest_subnormal]
    written = write_vectors(path, IDS, rows, force=False)
    assert sorted(tmp_path.iterdir()) == sorted(written)
    found = read_vectors(path)
    assert found.item_ids == IDS
    assert found.vectors.dtype == np.float32
    assert np.asarray(found.vectors).tobytes() == rows.tobytes()


@pytest.mark.parametrize("suffix", FORMATS)
def test_nothing_is_replaced_unasked(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"vectors{suffix}"
    write_vectors(path, IDS, ROWS, force=False)
    with pytest.raises(ConfigError, match="is there already; add --force"):
        write_vectors(path, IDS, 2 * ROWS, force=False)
    write_vectors(path, IDS, 2 * ROWS, force=True)
    np.testing.assert_array_equal(read_vectors(path).vectors, 2 * ROWS)


def test_ids_of_another_kind_beside_new_ones_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ids.txt").write_text("old")
    with pytest.raises(ConfigError, match=r"a.ids.json would lie beside a.ids.txt"):
        write_vectors(tmp_path / "a.npy", IDS, ROWS, force=True)


def test_ids_that_no_header_holds_are_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_files, "_HEADER_BYTES", 10)
    with pytest.raises(DataError, match=r"4 items have more; write .npy or .parquet"):
        write_vectors(tmp_path / "a.safetensors", IDS, ROWS, force=False)
    assert not list(tmp_path.iterdir())


def ids_json(folder: Path) -> None:
    (folder / "a.ids.json").write_text(json.dumps(["x", 7]))


def ids_text(folder: Path) -> None:
    (folder / "a.ids.txt").write_bytes(b"x\r\n7\r\n")


def ids_array(folder: Path) -> None:
    np.save(folder / "a.ids.npy", np.array(["x", "7"]))


@pytest.mark.parametrize("put_ids", [ids_json, ids_text, ids_array])
@pytest.mark.parametrize("suffix", [".npy", ".safetensors"])
def test_ids_are_found_beside_the_vectors(
    tmp_path: Path, put_ids: Callable[[Path], None], suffix: str
) -> None:
    put_ids(tmp_path)
    if suffix == ".npy":
        np.save(tmp_path / "a.npy", ROWS[:2])
    else:
        save_file({"vectors": ROWS[:2], "other": ROWS}, tmp_path / "a.safetensors")
    assert read_vectors(tmp_path / f"a{suffix}").item_ids == ("x", "7")


def test_whole_numbers_are_ids_as_they_are_printed(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", ROWS[:2])
    np.save(tmp_path / "ids.npy", np.array([10, 9]))
    assert read_vectors(tmp_path / "a.npy", tmp_path / "ids.npy").item_ids == ("10", "9")


def test_ids_in_a_safetensors_file_count_before_those_beside_it(tmp_path: Path) -> None:
    write_vectors(tmp_path / "a.safetensors", IDS, ROWS, force=False)
    ids_json(tmp_path)
    assert read_vectors(tmp_path / "a.safetensors").item_ids == IDS
    (tmp_path / "named.json").write_text(json.dumps(["1", "2", "3", "4"]))
    named = read_vectors(tmp_path / "a.safetensors", tmp_path / "named.json")
    assert named.item_ids == ("1", "2", "3", "4")


@pytest.mark.parametrize("width", [np.float16, np.float64, ">f4"])
def test_other_widths_of_floats_are_read(tmp_path: Path, width: Any) -> None:
    np.save(tmp_path / "a.npy", np.array([[1.5, -2.0], [0.25, 3.0]], dtype=width))
    ids_json(tmp_path)
    assert read_vectors(tmp_path / "a.npy").vectors.tolist() == [[1.5, -2.0], [0.25, 3.0]]


def test_a_parquet_column_for_each_dimension_is_read_in_their_order(tmp_path: Path) -> None:
    frame = pd.DataFrame({"d1": [1.0, 2.0], "item_id": [10, 9], "d0": [3.0, 4.0]})
    frame.to_parquet(tmp_path / "a.parquet")
    found = read_vectors(tmp_path / "a.parquet")
    assert found.item_ids == ("10", "9")
    assert found.vectors.tolist() == [[1.0, 3.0], [2.0, 4.0]]


def test_names_of_folders_are_no_columns(tmp_path: Path) -> None:
    (tmp_path / "x=1").mkdir()
    write_vectors(tmp_path / "x=1" / "a.parquet", IDS, ROWS, force=False)
    np.testing.assert_array_equal(read_vectors(tmp_path / "x=1" / "a.parquet").vectors, ROWS)


def test_parquet_lists_of_any_name_and_in_any_pieces_are_read(tmp_path: Path) -> None:
    table = pa.table({"emb": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "item_id": ["a", "b", "c"]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=2)
    found = read_vectors(tmp_path / "a.parquet")
    assert found.item_ids == ("a", "b", "c")
    assert found.vectors.tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"id": ["a"], "v": [[1.0]]}, r"one column item_id, got the columns \['id', 'v'\]"),
        ({"item_id": [1.5], "v": [[1.0]]}, "texts or whole numbers in every row, got double"),
        ({"item_id": ["a", None], "v": [[1.0], [2.0]]}, "with 1 empty rows"),
        ({"item_id": ["a"]}, "a column of floats for each dimension, got none"),
        ({"item_id": ["a"], "d": [1.0], "title": ["x"]}, r"got \['title'\]; leave out"),
        ({"item_id": ["a"], "v": [[1]]}, "must hold floats, got lists of int64"),
        ({"item_id": ["a", "b"], "v": [[1.0], [1.0, 2.0]]}, r"got the lengths \['1', '2'\]"),
        ({"item_id": ["a", "b"], "v": [[1.0], None]}, r"got the lengths \['1', 'none'\]"),
        ({"item_id": ["a", "b"], "v": [[1.0, None], [1.0, 2.0]]}, r"1 rows do not.*\['a'\]"),
        ({"item_id": ["a", "b"], "d": [1.0, None]}, r"1 rows do not.*\['b'\]"),
    ],
)
def test_parquet_that_is_no_table_of_vectors_is_named(
    tmp_path: Path, columns: dict[str, Any], said: str
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=said):
        read_vectors(tmp_path / "a.parquet")


def with_value(value: float) -> np.ndarray:
    rows = ROWS[:2].astype(np.float64)
    rows[1, 2] = value
    return rows


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (with_value(np.nan), r"1 rows do not, first of the items \['7'\]"),
        (with_value(-np.inf), r"1 rows do not, first of the items \['7'\]"),
        (with_value(1e39), r"of at most 1e\+15, 1 rows do not"),
        (with_value(1e30), r"of at most 1e\+15, 1 rows do not.*scale"),
        (ROWS[0], r"a row for each item, at least one, got the shape \(3,\)"),
        (ROWS[:2, :, None], r"got the shape \(2, 3, 1\)"),
        (ROWS[:2, :0], r"got the shape \(2, 0\)"),
        (ROWS[:2].astype(np.int64), "must hold floats, got int64; save it as"),
        (ROWS[:2].astype(str), "must hold floats, got <U"),
        (ROWS, "an id for each row, got 2 ids for 4 rows"),
        (np.array([{}, {}], dtype=object), "got pickled objects, which could run code"),
    ],
)
def test_an_array_that_is_no_table_of_vectors_is_named(
    tmp_path: Path, array: np.ndarray, said: str
) -> None:
    np.save(tmp_path / "a.npy", array)
    ids_json(tmp_path)
    with pytest.raises(DataError, match=said):
        read_vectors(tmp_path / "a.npy")


def test_repeated_ids_are_named(tmp_path: Path) -> None:
    write_vectors(tmp_path / "a.parquet", ("x", "y", "x", "x"), ROWS, force=False)
    with pytest.raises(DataError, match=r"each item once, 1 ids are repeated, first \['x'\]"):
        read_vectors(tmp_path / "a.parquet")


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_that_is_cut_off_or_not_there_is_an_error(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    with pytest.raises(DataError, match=r"must be a whole .*No such file"):
        read_vectors(path)
    write_vectors(path, IDS, ROWS, force=False)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataError, match=f"must be a whole .*{suffix[1:]}"):
        read_vectors(path)
    path.write_bytes(b"")
    with pytest.raises(DataError, match="must be a whole"):
        read_vectors(path)


def test_a_pickle_or_an_archive_is_no_array(tmp_path: Path) -> None:
    ids_json(tmp_path)
    (tmp_path / "a.npy").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(DataError, match="got pickled objects"):
        read_vectors(tmp_path / "a.npy")
    np.savez(tmp_path / "a.npz", ROWS)
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    with pytest.raises(DataError, match="one array, got an archive"):
        read_vectors(tmp_path / "a.npy")


def test_a_tensor_of_another_name_or_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file({"emb": ROWS}, path)
    with pytest.raises(DataError, match=r"a tensor 'vectors', got \['emb'\]; rename it"):
        read_vectors(path)
    save_file({"vectors": ROWS.astype(np.int8)}, path)
    with pytest.raises(DataError, match="must hold floats, got I8"):
        read_vectors(path)


def test_ids_must_be_somewhere_and_only_once(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", ROWS[:2])
    with pytest.raises(DataError, match=r"no a.ids.json, .txt or .npy is beside it"):
        read_vectors(tmp_path / "a.npy")
    ids_json(tmp_path)
    ids_text(tmp_path)
    with pytest.raises(DataError, match=r"got a.ids.json, a.ids.txt; remove all but one"):
        read_vectors(tmp_path / "a.npy")
    with pytest.raises(DataError, match="Parquet file has its ids in it"):
        read_vectors(tmp_path / "a.parquet", tmp_path / "a.ids.txt")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("no.json", None, "No such file"),
        ("ids.csv", b"a", "ids are in .json, .txt or .npy, got '.csv'"),
        ("ids.txt", b"a\n\nb\n", "line 2: must be an id, got nothing"),
        ("ids.txt", b"\xff", "readable file of ids"),
        ("ids.json", b"{", "ids must be a list in JSON"),
        ("ids.json", b'{"a": 0}', "a list in JSON, got dict"),
        ("ids.json", b'["a", null]', "a text or a whole number, got None"),
        ("ids.json", b"[true]", "got True"),
        ("ids.json", b'[""]', "got ''"),
        ("ids.npy", b"", "readable file of ids"),
    ],
)
def test_ids_that_cannot_be_read_are_named(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    np.save(tmp_path / "a.npy", ROWS[:2])
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_vectors(tmp_path / "a.npy", tmp_path / name)


@pytest.mark.parametrize("array", [np.array([1.5]), np.array([["a"]]), np.array(["a"], object)])
def test_ids_in_an_array_are_one_row_of_texts_or_numbers(tmp_path: Path, array: Any) -> None:
    np.save(tmp_path / "a.npy", ROWS[:1])
    np.save(tmp_path / "ids.npy", array)
    with pytest.raises(DataError, match="ids"):
        read_vectors(tmp_path / "a.npy", tmp_path / "ids.npy")


def test_a_file_of_another_kind_is_not_taken_for_pickled_objects(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"junk")
    ids_json(tmp_path)
    with pytest.raises(DataError, match=r"does not begin as a \.npy file does"):
        read_vectors(tmp_path / "a.npy")
