"""Metadata rows of both releases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clairo.core.errors import DataError
from clairo.datasets import amazon_2014, amazon_2018
from clairo.datasets.amazon_metadata import read_metadata
from tests.datasets.amazon_files import gzip_lines


def _file(folder: Path, *lines: str) -> Path:
    path = folder / "meta.json.gz"
    path.write_bytes(gzip_lines(lines))
    return path


def test_2014_rows_are_python_literals(tmp_path: Path) -> None:
    row = {
        "asin": "a",
        "title": "Don't Drink",
        "price": 8.91,
        "imUrl": "http://x/a.jpg",
        "categories": [["Music", "Rock", "Indie"], ["Digital Music", "Rock"]],
        "description": None,
    }
    record = read_metadata(_file(tmp_path, repr(row)), "2014", ["a"]).records["a"]
    assert (record.title, record.price) == ("Don't Drink", "$8.91")
    assert record.categories == ("Music", "Rock", "Indie", "Digital Music")
    assert record.category == "Indie"
    assert record.image_url == "http://x/a.jpg"


@pytest.mark.parametrize(
    "code",
    [
        "__import__('os').system('touch {path}')",
        "{{'asin': open('{path}', 'w')}}",
        "{{'asin': 'a', 'title': [x for x in (1,)]}}",
        "{{'asin': 'a'",
        "(" * 10_000,
    ],
)
def test_code_is_refused_and_never_executed(tmp_path: Path, code: str) -> None:
    trap = tmp_path / "executed"
    path = _file(tmp_path, code.format(path=trap))
    with pytest.raises(DataError, match="line 1: a 2014 metadata row must be one Python dict"):
        read_metadata(path, "2014", ["a"])
    assert not trap.exists()


def test_a_literal_that_is_no_dictionary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 2: a 2018 metadata row must be one JSON object"):
        read_metadata(_file(tmp_path, '{"asin": "a"}', "[1, 2]"), "2018", ["a"])


def test_a_stray_backslash_is_no_concern() -> None:
    assert amazon_2014.parse_row(rb"{'asin': 'a', 'title': 'C:\data'}") == {
        "asin": "a",
        "title": "C:\\data",
    }


def test_2018_scraping_accidents_are_left_out() -> None:
    record = amazon_2018.item_record(
        {
            "title": "var aPageStart = (new Date()).getTime();",
            "price": ".a-box-inner{background-color:#fff}",
            "feature": ["No fees"],
            "category": ["Gift Cards", "Gift Cards", "No fees", "More bullets"],
            "imageURLHighRes": [],
            "imageURL": ["https://x/small.jpg"],
        }
    )
    assert (record.title, record.price) == ("", "")
    assert record.categories == ("Gift Cards",)
    assert record.category == "Gift Cards"
    assert record.image_url == "https://x/small.jpg"


@pytest.mark.parametrize("junk", ["</span></span></span>", "Redeemable on Amazon.com.", ""])
def test_a_category_path_ends_before_what_is_no_name(junk: str) -> None:
    record = amazon_2018.item_record({"category": ["Kitchen", "Cups", junk, "Rest"]})
    assert record.category == "Cups"


def test_of_repeated_rows_the_last_complete_one_counts(tmp_path: Path) -> None:
    rows = [
        {"asin": "a", "title": "Old"},
        {"asin": "a", "title": "New"},
        {"asin": "a", "brand": "no title"},
        {"asin": "b", "brand": "first"},
        {"asin": "b", "brand": "last"},
    ]
    metadata = read_metadata(_file(tmp_path, *map(json.dumps, rows)), "2018", ["a", "b"])
    assert metadata.records["a"].title == "New"
    assert metadata.records["b"].brand == "last"
    assert metadata.num_duplicates == 3


def test_rows_of_other_items_are_skipped_unread(tmp_path: Path) -> None:
    path = _file(tmp_path, '{"asin": "other", broken', '{"asin": "a", "title": "A"}')
    assert list(read_metadata(path, "2018", ["a"]).records) == ["a"]


def test_an_id_that_only_a_text_mentions_is_not_taken_for_the_rows(tmp_path: Path) -> None:
    row = {"title": 'see "asin": "other"', "asin": "a"}
    assert "a" in read_metadata(_file(tmp_path, json.dumps(row)), "2018", ["a"]).records
    assert "a" in read_metadata(_file(tmp_path, repr(row)), "2014", ["a"]).records


def test_a_row_without_an_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 1: asin must be a printable string"):
        read_metadata(_file(tmp_path, '{"title": "lost"}'), "2018", ["a"])


def test_a_file_of_blank_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has none"):
        read_metadata(_file(tmp_path, "", ""), "2018", ["a"])


@pytest.mark.parametrize("line", ["no data at all", '{"asin": ', "\x00", "[" * 100_000])
def test_a_line_that_is_no_json_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(DataError, match="line 1: a 2018 metadata row must be one JSON object"):
        read_metadata(_file(tmp_path, line), "2018", ["a"])


@pytest.mark.parametrize("release", ["2018", "2023"])
@pytest.mark.parametrize(
    "code", ["__import__('os').system('touch {path}')", "{{'asin': open('{path}', 'w')}}"]
)
def test_code_is_no_json_and_never_executed(tmp_path: Path, release: str, code: str) -> None:
    trap = tmp_path / "executed"
    path = _file(tmp_path, code.format(path=trap))
    rule = f"line 1: a {release} metadata row must be one JSON object"
    with pytest.raises(DataError, match=rule):
        read_metadata(path, release, None)
    assert not trap.exists()


def test_all_rows_are_wanted_where_no_items_are_named(tmp_path: Path) -> None:
    path = _file(tmp_path, '{"asin": "b", "title": "B"}', '{"asin": "a"}', '{"asin": "b"}')
    metadata = read_metadata(path, "2018", None)
    assert list(metadata.records) == ["b", "a"]
    assert [(d.item, d.lines, d.kept) for d in metadata.duplicates] == [("b", (1, 3), 1)]


def test_a_mark_blank_lines_and_windows_line_ends_are_no_concern(tmp_path: Path) -> None:
    path = tmp_path / "meta.json"
    path.write_bytes(b'\xef\xbb\xbf{"asin": "a", "title": "A"}\r\n\r\n{"asin": "b"}\r\n')
    assert list(read_metadata(path, "2018", None).records) == ["a", "b"]
    literals = tmp_path / "meta.py"
    literals.write_bytes(b"\xef\xbb\xbf{'asin': 'a'}\r\n\r\n{'asin': 'b'}")
    assert list(read_metadata(literals, "2014", None).records) == ["a", "b"]


@pytest.mark.parametrize(
    ("release", "row"), [("2014", b"{'asin': '\xe4'}"), ("2018", b'{"asin": "\xe4"}')]
)
def test_a_row_of_another_encoding_is_refused_by_line(
    tmp_path: Path, release: str, row: bytes
) -> None:
    path = tmp_path / "meta.json"
    path.write_bytes(b"\n" + row + b"\n")
    with pytest.raises(DataError, match=f"line 2: a {release} metadata row must be one"):
        read_metadata(path, release, None)


def test_a_refusal_of_code_reads_the_same_in_every_run(tmp_path: Path) -> None:
    path = _file(tmp_path, "{'asin': open('x')}")
    with pytest.raises(DataError, match=r"malformed node or string on line 1: <ast.Call object>"):
        read_metadata(path, "2014", None)


def test_prices_that_json_can_write_and_nobody_can_pay_say_nothing(tmp_path: Path) -> None:
    lines = [f'{{"asin": "{n}", "price": {p}}}' for n, p in enumerate(("NaN", "1e300", "2.5"))]
    records = read_metadata(_file(tmp_path, *lines), "2018", None).records
    assert [records[str(number)].sentence(("price",)) for number in range(3)] == ["", "", "$2.50"]
