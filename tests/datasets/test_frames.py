"""Any table as a data set of one's own."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clairo.core.config import parse_config
from clairo.core.dataset import Dataset
from clairo.core.errors import ConfigError, DataError
from clairo.datasets import frame_stream
from clairo.datasets.aliases import resolve_category
from clairo.datasets.atomic import AtomicConfig
from clairo.datasets.frames import ImportSettings, save_as_atomic
from tests.datasets.amazon_files import picture

NAMES = ImportSettings(user="who", item="what", timestamp="at", rating="stars")


def visits(**columns: Any) -> pd.DataFrame:
    """Ann takes a cup before a pot, Bob a pot; some columns replaced."""
    return pd.DataFrame(
        {"who": ["ann", "bob", "ann"], "what": ["pot", "pot", "cup"], "at": [20, 10, 15]}
        | {"stars": [5.0, 4.0, 3.5]}
        | columns
    )


class Streaming:
    """What any library's table offers, and nothing else."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def as_table(kind: str, frame: pd.DataFrame, folder: Path) -> object:
    """The frame as one of the kinds of tables."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if kind == "pandas":
        return frame
    if kind == "pyarrow":
        return table
    if kind == "stream":
        return Streaming(table)
    if kind == "polars":
        return pytest.importorskip("polars").from_arrow(table)
    pq.write_table(table.slice(0, 2), folder / "a.parquet")
    pq.write_table(table.slice(2), folder / "b.parquet")
    if kind == "folder":
        return folder
    return [str(folder / "a.parquet"), folder / "b.parquet"]


@pytest.mark.parametrize("kind", ["pandas", "pyarrow", "stream", "polars", "folder", "files"])
def test_every_kind_of_table_gives_the_same_data_set(tmp_path: Path, kind: str) -> None:
    tables = tmp_path / "tables"
    tables.mkdir()
    save_as_atomic(as_table(kind, visits(), tables), tmp_path, "shop", settings=NAMES)
    assert (tmp_path / "atomic/shop/shop.inter").read_text() == (
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
        "ann\tpot\t5\t20\nbob\tpot\t4\t10\nann\tcup\t3.5\t15\n"
    )
    # Only the data set, nothing half-written.
    assert {path.name for path in (tmp_path / "atomic").rglob("*")} == {"shop", "shop.inter"}
    dataset = resolve_category("atomic/Shop", None, tmp_path).read()
    assert dataset.catalog.item_ids == ("pot", "cup")
    assert dataset.log.items.tolist() == [1, 0, 0]


def _saved(root: Path, frame: pd.DataFrame, **columns: Any) -> tuple[AtomicConfig, Dataset]:
    chosen = NAMES.model_copy(update=columns)
    config = save_as_atomic(frame, root, "shop", settings=chosen)
    return config, config.read()


@pytest.mark.parametrize(
    "times",
    [
        pd.to_datetime(["2024-01-03", "2024-01-01", "2024-01-02"]),
        pd.to_datetime(["2024-01-03", "2024-01-01", "2024-01-02"]).tz_localize("Europe/Berlin"),
        [dt.date(2024, 1, 3), dt.date(2024, 1, 1), dt.date(2024, 1, 2)],
    ],
)
def test_dates_become_milliseconds_and_that_is_recorded(tmp_path: Path, times: Any) -> None:
    config, dataset = _saved(tmp_path, visits(at=times))
    assert config.time_unit == dataset.facts["time_unit"] == "ms"
    zone = getattr(times, "tz", None)
    start = pd.Timestamp("2024-01-02", tz=zone or "UTC").timestamp() * 1000
    day = 24 * 60 * 60 * 1000
    assert dataset.log.timestamps.tolist() == [start, start + day, start - day]
    assert AtomicConfig.resolve("shop", tmp_path) == config


def test_times_that_are_numbers_have_the_unit_that_is_said(tmp_path: Path) -> None:
    stamps = [1_700_000_000_002.0, 1_700_000_000_000.0, 1_700_000_000_001.0]
    with pytest.raises(DataError, match=r"between 1970 and 2100, counted in s.*other time_unit"):
        save_as_atomic(visits(at=stamps), tmp_path, "shop", settings=NAMES)
    _, dataset = _saved(tmp_path, visits(at=stamps), time_unit="ms")
    assert dataset.log.timestamps.tolist() == [stamps[2], stamps[0], stamps[1]]


def test_without_times_the_order_of_the_rows_is_kept(tmp_path: Path) -> None:
    config, dataset = _saved(tmp_path, visits(), timestamp=None)
    assert config.timestamp is None
    assert dataset.facts["time_unit"] == "position"
    assert dataset.log.items.tolist() == [0, 1, 0]  # Ann's pot, her cup; Bob's pot


def test_ids_may_be_numbers_or_categories(tmp_path: Path) -> None:
    frame = visits(who=[7, 8, 7], what=pd.Categorical(["x", "x", "y"]))
    _, dataset = _saved(tmp_path, frame)
    assert list(dataset.log.user_ids) == ["7", "8"]
    assert dataset.catalog.item_ids == ("x", "y")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"who": ["ann", None, "ann"]}, r"row 1 \(from 0\): who must have a value, got None"),
        ({"who": [1.0, np.nan, 2.0]}, "who: ids must be text or whole numbers, got double"),
        ({"what": ["cup", "", "pot"]}, r"row 1 \(from 0\): what must be an id of printable"),
        ({"what": ["cup", "pot", "a\tb"]}, r"row 2 .*without tabs and line ends, got 'a\\tb'"),
        ({"what": ["cup", " ", "pot"]}, "row 1 .*what must be an id"),
        ({"at": [1.0, np.nan, 2.0]}, r"row 1 \(from 0\): at must"),
        ({"at": [1.0, 2.5, 2.0]}, "row 1 .*at must be a whole number of s, got 2.5; round it"),
        ({"at": [1, -2, 2]}, "row 1 .*at must lie between 1970 and 2100"),
        ({"at": pd.to_datetime(["2024-01-01", None, "2024-01-01"])}, "row 1 .*at must have"),
        ({"at": ["2024", "2025", "2026"]}, "at: times must be dates or numbers.*to_datetime"),
        ({"stars": [1.0, 2.0, np.inf]}, "row 2 .*stars must be a number, got inf"),
        ({"stars": [1.0, None, 2.0]}, "row 1 .*stars must be a number"),
        ({"stars": ["a", "b", "c"]}, "stars: ratings must be numbers"),
        ({"who": ["ann", 3, b"x"]}, "every column must hold values of one type"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_and_nothing_is_written(
    tmp_path: Path, columns: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        save_as_atomic(visits(**columns), tmp_path / "data", "shop", settings=NAMES)
    assert list((tmp_path / "data").iterdir()) == []


def test_rows_are_counted_over_all_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_stream, "BATCH_ROWS", 2)
    frame = visits(at=[20, 10, -1])
    for table in (frame, as_table("files", frame, tmp_path)):
        with pytest.raises(DataError, match=r"row 2 \(from 0\): at must lie .* got -1"):
            save_as_atomic(table, tmp_path / "data", "shop", settings=NAMES)
    ten = pd.concat([visits()] * 3 + [visits(at=[1, 2, -5])], ignore_index=True)
    with pytest.raises(DataError, match=r"row 11 \(from 0\)"):
        save_as_atomic(ten, tmp_path / "data", "shop", settings=NAMES)


@pytest.mark.parametrize("other", ["item", "timestamp", "rating"])
def test_two_roles_are_two_columns(other: str) -> None:
    with pytest.raises(ConfigError, match=r"import: .*must be different columns, got .*'who'"):
        parse_config(ImportSettings, {"user": "who", other: "who"}, "import")


def test_two_columns_of_one_name_are_named(tmp_path: Path) -> None:
    frame = visits().rename(columns={"stars": "who"})
    rule = "interactions: each column must have a name of its own, got who more than once"
    with pytest.raises(DataError, match=rule):
        save_as_atomic(frame, tmp_path, "shop", settings=NAMES)


def test_a_table_without_rows_or_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="interactions must have rows"):
        save_as_atomic(pa.table(visits().iloc[:0].astype({"who": "str", "what": "str"})),
                       tmp_path, "shop", settings=NAMES)  # fmt: skip
    with pytest.raises(DataError, match=r"columns user_id, item_id, timestamp.* got who, what"):
        save_as_atomic(visits(), tmp_path, "shop")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"who": ["ann"]}, "got dict; convert it"),
        ("missing.parquet", "must be a Parquet file"),
        ("table.csv", "must be a Parquet file"),
        ("empty", "must hold Parquet files"),
        ([], "at least one Parquet file"),
    ],
)
def test_what_is_no_table_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: object, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("table.csv").write_text("who,what\nann,cup\n")
    with pytest.raises(DataError, match=message):
        save_as_atomic(source, "data", "shop", settings=NAMES)


def test_files_of_different_columns_are_refused(tmp_path: Path) -> None:
    visits().to_parquet(tmp_path / "a.parquet")
    visits().rename(columns={"at": "when"}).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"b.parquet must have the columns of a.parquet"):
        save_as_atomic(tmp_path, tmp_path / "data", "shop", settings=NAMES)


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    visits().to_parquet(path, compression="none")
    data = bytearray(path.read_bytes())
    data[4:30] = b"\xff" * 26
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"a.parquet is damaged"):
        save_as_atomic(path, tmp_path / "data", "shop", settings=NAMES)


ITEMS = {
    "what": ["cup", "pot"],
    "title": ["Cup\tand\nsaucer", None],
    "tags": [["hot", "cold"], None],
    "weight": [1.5, np.nan],
    "sizes": [[1, 2], []],
    "is_new": [True, False],
    "since": pd.to_datetime(["2024-01-01", None]),
}


def test_columns_of_items_keep_their_names_and_get_types(tmp_path: Path) -> None:
    config = save_as_atomic(visits(), tmp_path, "shop", items=pd.DataFrame(ITEMS), settings=NAMES)
    header, cup, pot = config.item_path.read_text().splitlines()
    assert header.split("\t") == [
        "item_id:token", "title:token_seq", "tags:token_seq", "weight:float", "sizes:float_seq",
        "is_new:float", "since:token",
    ]  # fmt: skip
    assert cup.split("\t")[:6] == ["cup", "Cup and saucer", "hot, cold", "1.5", "1 2", "1"]
    assert cup.split("\t")[6].startswith("2024-01-01")
    assert pot.split("\t") == ["pot", "", "", "", "", "0", ""]
    dataset = config.read()
    assert dataset.catalog.titles == ("", "Cup and saucer")
    assert dataset.catalog.sentences[1].startswith("Cup and saucer. hot, cold. 2024-01-01")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"what": ["cup", None]}, r"items row 1 \(from 0\): what must have a value"),
        ({"a:b": ["x", "y"]}, "without colons other than item_id, got 'a:b'"),
        ({"item_id": ["x", "y"]}, "got 'item_id'"),
        ({"raw": [b"x", b"y"]}, "got 'raw' of type binary"),
        ({"deep": [{"x": 1}, {"x": 2}]}, "got 'deep' of type struct"),
    ],
)
def test_items_that_cannot_be_written_are_refused(
    tmp_path: Path, columns: dict[str, Any], message: str
) -> None:
    frame = pd.DataFrame(ITEMS | columns)
    with pytest.raises(DataError, match=message):
        save_as_atomic(visits(), tmp_path, "shop", items=frame, settings=NAMES)
    assert list(tmp_path.iterdir()) == []


def test_a_data_set_is_replaced_only_when_asked_and_keeps_its_pictures(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "cup.jpg").write_bytes(picture())
    (photos / "README").write_text("no picture")
    dates = pd.to_datetime(["2024-01-03", "2024-01-01", "2024-01-02"])
    items = pd.DataFrame(ITEMS)
    first = save_as_atomic(
        visits(at=dates), tmp_path, "shop", items=items, images=photos, settings=NAMES
    )
    assert sorted(path.name for path in first.folder.rglob("*")) == [
        "clairo.yaml", "cup.jpg", "images", "shop.inter", "shop.item",
    ]  # fmt: skip
    with pytest.raises(DataError, match=r"shop.inter is there already; choose another name"):
        save_as_atomic(visits(), tmp_path, "shop", settings=NAMES)
    again = NAMES.model_copy(update={"overwrite": True})
    second = save_as_atomic(visits(), tmp_path, "shop", settings=again)
    assert sorted(path.name for path in second.folder.rglob("*")) == [
        "cup.jpg", "images", "shop.inter",
    ]  # fmt: skip
    assert second.time_unit == "s"
    assert second.read().facts["num_images"] == 1


def test_a_failed_replacement_leaves_the_old_data_set(tmp_path: Path) -> None:
    config, _ = _saved(tmp_path, visits())
    before = config.inter_path.read_bytes()
    again = NAMES.model_copy(update={"overwrite": True})
    with pytest.raises(DataError):
        save_as_atomic(visits(at=[1, 2, -3]), tmp_path, "shop", settings=again)
    assert config.inter_path.read_bytes() == before


@pytest.mark.parametrize("name", ["../shop", "a b", ""])
def test_a_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="name: "):
        save_as_atomic(visits(), tmp_path, name, settings=NAMES)


_IDS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, categories=("L", "N", "P", "S")),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 3), _IDS, st.integers(0, 9)), min_size=1, max_size=12)
)
def test_what_is_saved_is_what_is_read(
    rows: list[tuple[int, str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("data")
    users, items, times = zip(*rows, strict=True)
    frame = pd.DataFrame({"user_id": users, "item_id": items, "timestamp": times})
    dataset = save_as_atomic(frame, root, "any").read()
    for number, user in enumerate(dataset.log.user_ids):
        # Stable: interactions at one time stay in the order of the rows.
        mine = sorted((row for row in rows if str(row[0]) == user), key=lambda row: row[2])
        read = [dataset.catalog.item_ids[item] for item in dataset.log.history(number)]
        assert read == [item for _, item, _ in mine]
