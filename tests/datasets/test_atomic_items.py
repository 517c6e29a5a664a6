"""Items of atomic files: which column says what, and what is wrong with a file."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from clairo.core.dataset import Dataset
from clairo.core.errors import DataError
from clairo.datasets.atomic import AtomicConfig
from clairo.datasets.atomic_header import AtomicColumn, read_header
from clairo.datasets.atomic_items import last_category
from tests.datasets.atomic_files import write_atomic


def _read(root: Path, **settings: object) -> Dataset:
    return AtomicConfig.model_validate({"name": "shop", "data_dir": root, **settings}).read()


def test_text_is_what_the_types_say_in_the_order_of_the_file(tmp_path: Path) -> None:
    write_atomic(tmp_path)
    dataset = _read(tmp_path)
    assert dataset.catalog.item_ids == ("cup", "pot", "mug", "jar")
    assert dataset.catalog.sentences == (
        "Cup & saucer. kitchen cups. Ada", "Pot. kitchen pots", "", "",
    )  # fmt: skip
    assert dataset.catalog.titles == ("Cup & saucer", "Pot", "", "")
    assert dataset.catalog.categories == ("cups", "pots", "", "")
    facts = dataset.facts
    assert facts["field_coverage"] == {"title": 2, "genres": 2, "maker": 1}
    assert facts["items_without_metadata"] == 2
    assert facts["text_coverage"] == 2 / 4


def test_chosen_fields_stand_in_the_chosen_order_numbers_too(tmp_path: Path) -> None:
    write_atomic(tmp_path)
    dataset = _read(tmp_path, text_fields=("stock", "title"))
    assert dataset.catalog.sentences[0] == "7. Cup & saucer"
    assert dataset.facts["field_coverage"] == {"stock": 2, "title": 2}


def test_items_nobody_has_interacted_with_can_be_had(tmp_path: Path) -> None:
    write_atomic(tmp_path)
    dataset = _read(tmp_path, catalogue="all")
    assert dataset.catalog.item_ids == ("cup", "pot", "mug", "jar", "vase")
    assert dataset.catalog.titles[-1] == "Vase"


def test_without_a_file_of_items_nothing_is_known_about_them(tmp_path: Path) -> None:
    write_atomic(tmp_path, item=None)
    dataset = _read(tmp_path)
    assert dataset.catalog.sentences == ("", "", "", "")
    assert dataset.facts["items_without_metadata"] == 4
    assert dataset.facts["field_coverage"] == {}


def test_of_several_rows_the_last_one_with_a_title_counts(tmp_path: Path) -> None:
    write_atomic(
        tmp_path,
        item="item_id:token\ttitle:token_seq",
        items=["cup\tOld cup", "pot\tPot", "cup\tNew cup", "cup\t"],
    )
    dataset = _read(tmp_path)
    assert dataset.catalog.titles[0] == "New cup"
    assert dataset.facts["duplicate_metadata"] == 2
    assert dataset.facts["duplicate_metadata_items"] == [
        {"item": "cup", "lines": [2, 4, 5], "kept": 4}
    ]


@pytest.mark.parametrize(
    ("header", "title"),
    [
        ("name\tTitle", "second"),
        ("movie_title\tname", "second"),
        ("movie_title\tyear", "first"),
        ("words\tyear", ""),
    ],
)
def test_the_title_is_the_first_known_name(tmp_path: Path, header: str, title: str) -> None:
    write_atomic(tmp_path, item=f"item_id\t{header}", items=["cup\tfirst\tsecond"])
    assert _read(tmp_path).catalog.titles[0] == title


def test_a_price_is_shown_as_it_is_written(tmp_path: Path) -> None:
    items = ["cup\t9.5", "pot\t€ 5", "mug\t", "jar\t$3.99 - $10"]
    write_atomic(tmp_path, item="item_id:token\tprice:float", items=items)
    assert _read(tmp_path).catalog.prices == ("9.5", "", "", "$3.99 - $10")


@pytest.mark.parametrize(
    ("cell", "kind", "expected"),
    [
        ("Comedy Drama", "token_seq", "Drama"),
        ("Comedy Drama", "", "Comedy Drama"),
        ("Toys > Games > Cards", "token", "Cards"),
        ("Comedy|Drama", "token_seq", "Drama"),
        ("'Toys & Games', 'Card Games'", "token_seq", "Card Games"),
        ("['Card Games']", "token_seq", "Card Games"),
        ("Games, ", "token_seq", "Games"),
        ("", "token_seq", ""),
        ("Children's", "token", "Children's"),
    ],
)
def test_the_category_is_the_last_entry(cell: str, kind: str, expected: str) -> None:
    assert last_category(cell, kind) == expected


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        (None, "cup\tCup", r"item line 2: .* must have the 5 columns .*\(it has 2\)"),
        (None, "cup\ta\tb\t1\tc\td", r"line 2: .*\(it has 6\)"),
        (None, "\ta\tb\t1\tc", "line 2: item_id must be a printable string"),
        (None, "cup\ta\0\tb\t1\tc", "line 2: .*NUL byte"),
        ("item_id:token\ttitle:string", "cup\tCup", r"line 1: the type .* token_seq.*\['string'\]"),
        ("item_id:token\ttitle\ttitle", "cup\ta\tb", "line 1: each column must have a name of its"),
        ("item_id:token\t:token", "cup\ta", "line 1: each column must have a name of its own"),
        ("id:token\ttitle", "cup\ta", "line 1: the header must name item_id, it names id, title"),
    ],
)
def test_a_damaged_file_of_items_names_line_and_cure(
    tmp_path: Path, header: str | None, row: str, message: str
) -> None:
    write_atomic(tmp_path, **({"item": header} if header else {}), items=[row])  # type: ignore[arg-type]
    with pytest.raises(DataError, match=message):
        _read(tmp_path)


def test_a_text_field_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_atomic(tmp_path)
    with pytest.raises(DataError, match="must name plot, it names item_id, title, genres"):
        _read(tmp_path, text_fields=("title", "plot"))


def test_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    folder = write_atomic(tmp_path)
    path = folder / "shop.item"
    path.write_bytes(path.read_bytes().replace(b"Pot", "Pöt".encode("latin-1")))
    with pytest.raises(DataError, match=r"shop.item line 3: a line must be UTF-8 text"):
        _read(tmp_path)


def test_a_header_gives_names_and_types(tmp_path: Path) -> None:
    path = tmp_path / "a.item"
    path.write_bytes(b"item_id:token\tplot \tyear:float\r\n")
    columns = read_header(path)
    assert columns == (
        AtomicColumn("item_id", "token"), AtomicColumn("plot"), AtomicColumn("year", "float"),
    )  # fmt: skip
    assert [column.is_text for column in columns] == [True, True, False]


def test_a_truncated_file_of_items_is_salvaged_and_counted(tmp_path: Path) -> None:
    items = [f"i{n}\t{n * 7919 % 9973}" for n in range(5000)]
    folder = write_atomic(tmp_path, item="item_id:token\ttitle:token_seq", items=items)
    path = folder / "shop.item"
    path.write_bytes(gzip.compress(path.read_bytes())[:-4000])
    with pytest.raises(DataError, match="ends early after line"):
        _read(tmp_path)
    dataset = _read(tmp_path, salvage=True, catalogue="all")
    # The header is a line, too; four items are only in the interactions.
    assert dataset.facts["salvaged_metadata_lines"] == len(dataset.catalog) - 4 + 1
    assert dataset.facts["lost_metadata_bytes"] < len("i4999\t9972")
