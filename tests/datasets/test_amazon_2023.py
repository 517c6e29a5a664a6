"""The release of 2023: the publisher's splits, its own ids, its table of items."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from clairo.core.errors import DataError
from clairo.datasets import amazon_2023
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.amazon_metadata import read_metadata
from clairo.datasets.amazon_sources import ITEM_TABLE_2023
from tests.contracts.datasets import DatasetContract
from tests.datasets.amazon_files import gzip_lines

Event = tuple[str, str, float, int]
NAMES = ("user_id", "parent_asin", "rating", "timestamp", "history")
PARTS: tuple[tuple[Event, ...], ...] = (
    (
        ("ann", "cup", 5.0, 1_500_000_000_000),
        ("ann", "pot", 4.0, 1_500_000_000_500),
        ("bob", "cup", 3.0, 1_400_000_000_000),
        ("cat", "pan", 5.0, 1_300_000_000_000),
    ),
    (("ann", "pan", 5.0, 1_500_000_000_900), ("bob", "pot", 1.0, 1_400_000_000_000)),
    (("ann", "lid", 5.0, 1_600_000_000_000), ("bob", "pan", 2.0, 1_400_000_000_001)),
)
ROWS: tuple[dict[str, Any], ...] = (
    {
        "parent_asin": "cup",
        "title": "Cup",
        "price": 3.0,
        "store": "Shop",
        "details": {"Brand": "Acme"},
        "main_category": "Home",
        "categories": ["Kitchen", "Cups"],
        "images": [
            {"variant": "PT01", "hi_res": "http://x/side.jpg"},
            {"variant": "MAIN", "hi_res": None, "large": "http://x/main.jpg"},
        ],
    },
    {"parent_asin": "pot", "title": "Pot", "main_category": "Home", "price": None},
)


def table_text(rows: Sequence[Mapping[str, str]]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, ["", "title", "price", "details", "parent_asin"])
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def write_2023(
    root: Path, parts: Sequence[Sequence[Event]] = PARTS, **settings: Any
) -> AmazonConfig:
    """Official splits and metadata."""
    config = AmazonConfig(category="All_Beauty", release="2023", data_dir=root, **settings)
    config.folder.mkdir(parents=True, exist_ok=True)
    for file, events in zip(config.reviews_files, parts, strict=True):
        stream = io.StringIO(newline="")
        writer = csv.writer(stream)
        writer.writerow(NAMES)
        writer.writerows((*event, "some thing") for event in events)
        file.path.write_bytes(gzip.compress(stream.getvalue().encode()))
    config.metadata_file.path.write_bytes(gzip_lines(json.dumps(row) for row in ROWS))
    return config


class TestAmazon2023(DatasetContract):
    config_type = AmazonConfig

    @pytest.fixture
    def config(self, tmp_path: Path) -> AmazonConfig:
        return write_2023(tmp_path / "data")


def test_the_splits_are_the_files(tmp_path: Path) -> None:
    dataset = write_2023(tmp_path).read()
    assert list(dataset.log.user_ids) == ["ann", "bob", "cat"]
    assert dataset.catalog.item_ids == ("cup", "pot", "pan", "lid")
    assert [sequence.tolist() for sequence in dataset.train_sequences()] == [[0, 1], [0], [2]]
    # Bob's two rows at one time: the file of training comes first.
    assert dataset.splits.valid_positions.tolist() == [2, 1, -1]
    assert dataset.splits.test_positions.tolist() == [3, 2, -1]
    assert (dataset.facts["split"], dataset.facts["time_unit"]) == ("official", "ms")
    assert dataset.facts["tied_valid_targets"] == 1


def test_ties_are_drawn_anew_within_each_file_and_never_across(tmp_path: Path) -> None:
    # Cat's two training rows are at one time; bob's tie is between training and validation.
    train = (*PARTS[0], ("cat", "lid", 5.0, 1_300_000_000_000))
    found = [write_2023(tmp_path, (train, *PARTS[1:]), tie_seed=seed).read() for seed in range(12)]
    assert {tuple(dataset.log.history(1).tolist()) for dataset in found} == {(0, 1, 2)}
    assert {tuple(dataset.log.history(2).tolist()) for dataset in found} == {(2, 3), (3, 2)}


def test_rows_that_leak_are_refused(tmp_path: Path) -> None:
    train, valid, test = PARTS
    early = (("ann", "pan", 5.0, 1_400_000_000_900), valid[1])
    with pytest.raises(DataError, match=r"Official splits must hold .*got 1 rows out of order"):
        write_2023(tmp_path, (train, early, test)).read()
    twice = (*test, ("ann", "pot2", 5.0, 1_700_000_000_000))
    with pytest.raises(DataError, match=r"1 users with more rows; fetch the three files"):
        write_2023(tmp_path, (train, valid, twice)).read()


def test_official_files_bring_their_own_split(tmp_path: Path) -> None:
    config = write_2023(tmp_path, split={"kind": "global_time"})
    with pytest.raises(DataError, match="bring their own split, got global_time; read the ratings"):
        config.read()


def test_repeats_are_dropped_as_the_publisher_does(tmp_path: Path) -> None:
    train, valid, test = PARTS
    again = (*valid, ("cat", "pan", 4.0, 1_700_000_000_000))
    assert write_2023(tmp_path, (train, again, test)).read().facts["num_interactions"] == 8
    kept = write_2023(tmp_path, (train, again, test), duplicates="all").read()
    assert kept.facts["num_interactions"] == 9
    assert kept.facts["duplicates"] == "all"


def test_a_lowest_rating_filters_the_publishers_files_too(tmp_path: Path) -> None:
    dataset = write_2023(tmp_path, min_rating=3).read()
    assert dataset.facts["num_interactions"] == 6
    assert dataset.splits.test_positions.tolist() == [3, -1, -1]


@pytest.mark.parametrize(
    ("reviews", "name"),
    [("5core", "5core/Toys.csv.gz"), ("ratings", "0core/Toys.csv.gz"), ("all", "Toys.jsonl.gz")],
)
def test_each_kind_of_reviews_is_read_from_its_own_file(
    tmp_path: Path, reviews: Any, name: str
) -> None:
    config = AmazonConfig(
        category="Toys", release="2023", data_dir=tmp_path, reviews=reviews, metadata="none",
        user_core=1, item_core=1,
    )  # fmt: skip
    (path,) = (file.path for file in config.reviews_files)
    assert path == config.folder / name
    path.parent.mkdir(parents=True)
    lines = (
        [json.dumps(dict(zip(NAMES, event, strict=False))) for event in PARTS[0]]
        if reviews == "all"
        else [",".join(NAMES[:4]), *(",".join(map(str, event)) for event in PARTS[0])]
    )
    path.write_bytes(gzip_lines(lines))
    dataset = config.read()
    assert list(dataset.log.user_ids) == ["ann", "bob", "cat"]
    assert dataset.facts["split"] == "leave_last_out"


def test_rows_of_2023_are_brought_into_our_shape() -> None:
    record, plain = (amazon_2023.item_record(row) for row in ROWS)
    assert (record.title, record.brand, record.price) == ("Cup", "Acme", "$3.00")
    assert (record.categories, record.category) == (("Kitchen", "Cups"), "Cups")
    assert record.image_url == "http://x/main.jpg"
    assert (plain.categories, plain.category, plain.price) == (("Home",), "Home", "")


def test_the_item_table_is_read_where_the_metadata_is_not_there(tmp_path: Path) -> None:
    config = write_2023(tmp_path)
    table = config.folder / ITEM_TABLE_2023
    rows = [
        {"title": 'A "fine"\ncup, red', "details": "{'Brand': 'Acme'}", "parent_asin": "cup"},
        {"title": "[Pot]", "details": "__import__('os').system('true')", "parent_asin": "pot"},
    ]
    table.write_text(table_text(rows), newline="")
    assert config.metadata_path == config.metadata_file.path
    config.metadata_file.path.unlink()
    assert config.missing_files() == []
    dataset = config.read()
    assert dataset.catalog.titles == ('A "fine" cup, red', "[Pot]", "", "")
    assert dataset.facts["field_coverage"]["brand"] == 1
    assert dataset.facts["metadata_file"] == ITEM_TABLE_2023


@pytest.mark.parametrize(
    "cell",
    [
        "{'Brand': __import__('os').system('touch TRAP')}",
        "[open('TRAP', 'w')]",
        "{'Brand': [x for x in (open('TRAP', 'w'),)]}",
        "[" * 10_000,
    ],
)
def test_code_in_a_cell_is_a_text_and_never_executed(tmp_path: Path, cell: str) -> None:
    trap = tmp_path / "executed"
    path = tmp_path / "table.csv"
    text = cell.replace("TRAP", str(trap))
    path.write_text(table_text([{"title": "Cup", "details": text, "parent_asin": "cup"}]))
    record = read_metadata(path, "2023", None).records["cup"]
    assert (record.title, record.brand) == ("Cup", "")
    assert not trap.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title,parent_asin\nCup\n", "line 2: an item table must have a header"),
        ("title,parent_asin\nCup,cup,more\n", "the number of values differs"),
        ("title,parent_asin\nCup,\n", "line 2: parent_asin must be a printable string"),
        ("title,other\nCup,cup\n", "line 2: parent_asin must be a printable string"),
        ('title,parent_asin\n"Cup,cup\n', "an item table must have a header"),
        ("title,parent_asin\n", "must hold one record a line, it has none"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_metadata(path, "2023", None)


def test_a_table_of_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes("title,parent_asin\nTä,cup\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"table.csv line 2: a line must be UTF-8 .*utf-8"):
        read_metadata(path, "2023", None)


def _table(path: Path, *lines: bytes) -> Path:
    path.write_bytes(b"title,parent_asin\n" + b"".join(line + b"\n" for line in lines))
    return path


@pytest.mark.parametrize("wrong", ["Tä".encode("latin-1"), b"T\0"])
def test_the_line_of_a_table_that_is_no_text_is_named(tmp_path: Path, wrong: bytes) -> None:
    # Six rows on lines 2 to 7, one of them over two lines, then the wrong one.
    rows = [b"A,a", b'"B', b'b",b', b"", b"C,c", b"D,d"]
    path = _table(tmp_path / "table.csv", *rows, wrong + b",e", b"F,f")
    with pytest.raises(DataError, match=r"table.csv line 8: a line must be UTF-8 text without NUL"):
        read_metadata(path, "2023", None)


def test_a_cell_may_be_as_long_as_a_line(tmp_path: Path) -> None:
    usual = csv.field_size_limit()
    title = "x" * (usual + 1)
    path = _table(tmp_path / "table.csv", title.encode() + b",a", b'"two\n\nlines",b')
    records = read_metadata(path, "2023", None).records
    assert (records["a"].title, records["b"].title) == (title, "two lines")
    assert csv.field_size_limit() == usual


def test_a_quotation_mark_that_never_ends_is_refused_with_the_last_line(tmp_path: Path) -> None:
    path = _table(tmp_path / "table.csv", b"A,a", b'"B,b', b"C,c")
    with pytest.raises(DataError, match="line 4: an item table must have"):
        read_metadata(path, "2023", None)
