"""Index files: what is read is written again to the byte, what is wrong is named with its line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clairo.core.artifacts import CodeTable
from clairo.core.errors import ConfigError, DataError
from clairo.quantization.index_layout import LAYOUTS, IndexLayout
from clairo.quantization.index_reading import LARGEST_CODE, read_index
from clairo.quantization.index_report import describe_index, find_collisions, report_lines
from clairo.quantization.interchange import (
    IndexFile,
    convert,
    find_roles,
    index_of_table,
    marks_of,
)

ROWS = {"0": ["<a_1>", "<b_0>"], "1": ["<a_1>", "<b_0>"], "2": ["<a_0>", "<b_5>"]}
TABLE = CodeTable(
    item_ids=("x", "ü", "z"),
    codes=np.array([[1, 0, 3, 0], [1, 0, 3, 1], [0, 5, 2, 0]], dtype=np.int32),
    column_modalities=("text", "text", "image", "shared"),
    column_sizes=(2, 8, 4, 2),
)


def put(folder: Path, content: Any) -> Path:
    path = folder / "Tiny.index.json"
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    path.write_bytes(data)
    return path


def index(rows: dict[str, list[str]], folder: Path) -> IndexFile:
    return read_index(put(folder, rows))


@pytest.mark.shared
@pytest.mark.parametrize("name", ["index_lemb", "index_vitemb"])
def test_the_published_files_come_out_byte_for_byte(
    shared: Path, tmp_path: Path, name: str
) -> None:
    path = shared / "data" / "lcrec" / "Instruments" / f"Instruments.{name}.json"
    read_index(path).save(tmp_path / path.name)
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()


@pytest.mark.shared
def test_the_published_text_codes_have_the_collisions_that_are_told_of_them(shared: Path) -> None:
    path = shared / "data" / "lcrec" / "Instruments" / "Instruments.index_lemb.json"
    found = find_collisions(read_index(path))
    assert (found.num_items, found.num_distinct) == (6250, 5988)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS),
        json.dumps(ROWS) + "\n",
        json.dumps(ROWS, separators=(",", ":")),
        json.dumps(ROWS, separators=(",", ": ")),
        json.dumps(ROWS, indent=2) + "\n",
        json.dumps(ROWS, indent="\t"),
        json.dumps(ROWS, indent=4).replace("\n", "\r\n"),
        "\ufeff" + json.dumps(ROWS, indent=4),
        json.dumps({"ü": ["<a_1>"]}),
        json.dumps({"ü": ["<a_1>"]}, ensure_ascii=False),
        json.dumps({"9": ["<a_1>"], "10": ["<a_2>"], "1": ["<a_1>"]}),
    ],
)
def test_every_usual_layout_is_kept_to_the_byte(tmp_path: Path, text: str) -> None:
    path = put(tmp_path, text.encode())
    found = read_index(path)
    assert found.layout.exact
    found.save(path)
    assert path.read_bytes() == text.encode()


def test_a_layout_of_its_own_is_said_to_be_lost_and_the_content_is_kept(tmp_path: Path) -> None:
    path = put(tmp_path, b'{\n  "0": ["<a_1>"],\n  "1": ["<a_2>"]\n}\n')
    found = read_index(path)
    assert not found.layout.exact
    assert found.layout.end == "\n"
    found.save(path)
    assert json.loads(path.read_text()) == {"0": ["<a_1>"], "1": ["<a_2>"]}
    lines = report_lines("f", found, describe_index(found, find_roles(found)))
    assert lines[-1].endswith("written again it is of another layout, with the same content")


def test_named_layouts_are_those_of_the_field() -> None:
    assert LAYOUTS["indented"].render(ROWS) == json.dumps(ROWS, indent=4)
    assert LAYOUTS["compact"].render(ROWS) == json.dumps(ROWS)
    assert IndexLayout(indent="\t", end="\n").about() == (
        "indented by tabs, a line end after the last brace"
    )


LAYOUTS_DRAWN = st.builds(
    IndexLayout,
    indent=st.sampled_from(["    ", "  ", "\t", " "]),
    key_separator=st.sampled_from([": ", ":"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    start=st.sampled_from(["", "\ufeff"]),
    end=st.sampled_from(["", "\n", "\r\n"]),
)
TABLES_DRAWN = st.integers(1, 4).flatmap(
    lambda depth: st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        st.lists(st.integers(0, LARGEST_CODE), min_size=depth, max_size=depth),
        min_size=1,
        max_size=6,
    )
)


@given(rows=TABLES_DRAWN, layout=LAYOUTS_DRAWN, escaped=st.booleans(), images=st.integers(0, 4))
def test_whatever_is_written_is_read_and_written_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    rows: dict[str, list[int]],
    layout: IndexLayout,
    escaped: bool,
    images: int,
) -> None:
    codes = np.array(list(rows.values()), dtype=np.int32)
    num_images = min(images, codes.shape[1])
    modalities = ["text"] * (codes.shape[1] - num_images) + ["image"] * num_images
    laid_out = replace(layout, escaped=escaped)
    wrote = IndexFile(tuple(rows), marks_of(modalities, "mql4grec"), codes, laid_out)  # type: ignore[arg-type]
    path = tmp_path_factory.mktemp("drawn") / "a.index.json"
    wrote.save(path)
    found = read_index(path)
    assert (found.keys, found.marks) == (wrote.keys, wrote.marks)
    assert found.codes.tolist() == codes.tolist()
    assert found.text().encode() == path.read_bytes()
    roles = find_roles(found, "mql4grec", digit=False)
    assert list(roles.modalities) == modalities
    there = convert(found, roles, "clairo")
    back = convert(there, find_roles(there, "clairo", digit=False), "mql4grec")
    assert back.text() == found.text()


TWO = b'{\n"0": ["<a_1>", "<b_2>"],\n"1": %s\n}'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "got an empty file"),
        (b" \n", "got an empty file"),
        (b"{}", "one item or more, got none"),
        (b"[]", "line 1 column 1: must be a JSON object.*{ expected"),
        (b'{"0": ["<a_1>"]', "line 1 column 16.*it ends in the middle"),
        (b'{"0": ["<a_1', "it ends in the middle"),
        (b'{"0": ["<a_1>"],\n}', "line 2 column 1.*\" expected"),
        (b'{"0": ["<a_1>"]} {}', "column 18.*something after the last brace"),
        (b'{"0": ["<a_1>"]\n"1": []}', "line 2 column 1.*, expected"),
        (b'{"0": ' + b"[" * 100_000, "lists of lists are no codes"),
        (b'{"0":\n["<a_1>"], "\xff": []}', "line 2: must be UTF-8, got the byte 0xff"),
        (b'{"0": ["<a_1>"],\n"1": ["<a_2>"],\n"0": ["<a_1>"]}', "line 3, item '0'.*in line 1"),
        (TWO % b'"<a_1><b_2>"', "line 3, item '1': must have a list of 1 to 64 codes"),
        (TWO % b"[]", "line 3, item '1': must have a list of 1 to 64 codes, got 0 of them"),
        (TWO % b'["<a_1>"]', "line 3, item '1'.*got 1 where the first item has 2"),
        (TWO % b'["<a_1>", 7]', "code 2 must be printed like <a_5>.*got 7"),
        (TWO % b'["<a_1>", "<b_-2>"]', "code 2 must be printed.*'<b_-2>'"),
        (TWO % b'["<a_1>", "<b_07>"]', "code 2 must be printed.*'<b_07>'"),
        (TWO % b'["<a_1>", "b_7"]', "code 2 must be printed.*'b_7'"),
        (TWO % b'["<a_1>", "<b_1048576>"]', f"code 2 must be at most {LARGEST_CODE}"),
        (TWO % (b'["<a_1>", "<b_' + b"9" * 10_000 + b'>"]'), "code 2 must be at most"),
        (TWO % b'["<A_1>", "<b_2>"]', "small or capital in all items, code 1 has A"),
        (TWO % b'["<b_1>", "<a_2>"]', "code 1 must have the letter a as the first item, got b"),
        (b'{"0": ["<b_1>"]}', "code 1 must have the letter a, A or f0, got b after nothing"),
        (b'{"0": ["<a_1>", "<c_1>"]}', "code 2 must have the letter b, got c after a"),
        (b'{"0": ["<a_1>", "<B_1>"]}', "code 2 must have the letter b, got B after a"),
        (b'{"0": ["<a_1>", "<a_1>"]}', "code 2 must have the letter b, got a after a"),
        (b'{"0": ["<#_1>", "<a_1>"]}', "code 1 must have the letter a, A or f0, got #"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, content: bytes, said: str) -> None:
    path = put(tmp_path, content)
    with pytest.raises(DataError, match=said) as raised:
        read_index(path)
    assert str(path) in str(raised.value)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_index(tmp_path / "no.index.json")


def test_a_column_for_every_letter_is_read_and_the_next_is_refused(tmp_path: Path) -> None:
    marks = marks_of(["text"] * 26, "lcrec")
    row = [f"<{mark}_1>" for mark in marks]
    assert index({"0": row}, tmp_path).marks == marks
    with pytest.raises(DataError, match="26 of them at most, got 27 columns"):
        marks_of(["text"] * 27, "lcrec")
    with pytest.raises(DataError, match="code 27 must have the letter none"):
        index({"0": [*row, "<a_1>"]}, tmp_path)


@pytest.mark.parametrize(
    ("row", "convention", "modalities"),
    [
        (["<a_1>", "<b_2>"], "lcrec", ("text", "text")),
        (["<A_1>", "<B_2>"], "mql4grec", ("image", "image")),
        (["<a_1>", "<A_2>"], "mql4grec", ("text", "image")),
        (["<A_1>", "<a_2>"], "clairo", ("text", "image")),
        (["<a_1>", "<#_2>"], "clairo", ("image", "shared")),
        (["<f0_1>", "<f1_2>"], "clairo", ("fused", "fused")),
    ],
)
def test_the_letters_tell_the_convention_or_the_familys_is_assumed(
    tmp_path: Path, row: list[str], convention: str, modalities: tuple[str, ...]
) -> None:
    roles = find_roles(index({"0": row}, tmp_path), digit=False)
    assert (roles.convention, roles.modalities) == (convention, modalities)
    alone = len({mark.isupper() for mark in index({"0": row}, tmp_path).marks}) == 1
    family_alone = alone and convention != "clairo"
    assert roles.reason.startswith("assumed") == family_alone


def test_a_convention_that_is_told_counts(tmp_path: Path) -> None:
    roles = find_roles(index({"0": ["<a_1>"]}, tmp_path), "clairo")
    assert (roles.modalities, roles.reason) == (("image",), "as told")


def test_our_marks_are_none_of_the_family(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="have letters only, got the mark '#'; read the file as"):
        find_roles(index({"0": ["<a_1>", "<#_2>"]}, tmp_path), "lcrec")


def test_a_last_column_that_counts_equal_codes_is_a_digit(tmp_path: Path) -> None:
    rows = {"0": ["<a_1>", "<b_0>"], "1": ["<a_1>", "<b_1>"], "2": ["<a_7>", "<b_0>"]}
    counting = index(rows, tmp_path)
    assert find_roles(counting).modalities == ("text", "shared")
    assert find_roles(counting, digit=False).modalities == ("text", "text")
    level = index({**rows, "2": ["<a_7>", "<b_3>"]}, tmp_path)
    assert find_roles(level).modalities == ("text", "text")
    assert find_roles(level, digit=True).modalities == ("text", "shared")


def test_converting_changes_letters_and_nothing_else(tmp_path: Path) -> None:
    path = put(tmp_path, json.dumps({"9": ["<A_1>", "<a_2>"], "3": ["<A_4>", "<a_5>"]}).encode())
    ours = read_index(path)
    family = convert(ours, find_roles(ours), "mql4grec")
    assert family.text() == json.dumps({"9": ["<a_1>", "<A_2>"], "3": ["<a_4>", "<A_5>"]})
    assert convert(family, find_roles(family), "clairo").text() == ours.text()


def test_a_table_prints_as_ours_or_as_the_family() -> None:
    assert index_of_table(TABLE, "clairo").printed(1) == ["<A_1>", "<B_0>", "<a_3>", "<#_1>"]
    family = index_of_table(TABLE, "mql4grec", keys=TABLE.item_ids)
    assert family.printed(1) == ["<a_1>", "<b_0>", "<A_3>", "<B_1>"]
    assert family.keys == ("x", "ü", "z")


def test_one_modality_is_written_with_or_without_the_digit() -> None:
    text = index_of_table(TABLE, "lcrec", modality="text")
    assert text.printed(1) == ["<a_1>", "<b_0>", "<c_1>"]
    image = index_of_table(TABLE, "mql4grec", modality="image", digit=False)
    assert [image.printed(item) for item in range(3)] == [["<A_3>"], ["<A_3>"], ["<A_2>"]]


def test_fused_codes_have_the_letters_of_texts_in_the_familys_files() -> None:
    fused = CodeTable(("x",), np.array([[4, 5]], dtype=np.int32), ("fused", "fused"), (8, 8))
    assert index_of_table(fused, "lcrec").printed(0) == ["<a_4>", "<b_5>"]
    assert index_of_table(fused, "clairo").printed(0) == ["<f0_4>", "<f1_5>"]
    with pytest.raises(ConfigError, match=r"made from \['fused'\]; choose one of these, or all"):
        index_of_table(fused, "lcrec", modality="text")


def test_the_report_counts_use_and_collisions(tmp_path: Path) -> None:
    found = index(ROWS, tmp_path)
    report = describe_index(found, find_roles(found))
    assert [(c.largest, c.size, c.used) for c in report.columns] == [(1, 2, 2), (5, 8, 2)]
    assert (report.collisions.num_sharing, report.collisions.num_distinct) == (2, 2)
    (bucket,) = report.collisions.buckets
    assert (bucket.printed, bucket.num_items, bucket.keys) == ("<a_1><b_0>", 2, ("0", "1"))
    assert report.before_digit is None
    assert report.numbered
    lines = report_lines("Tiny.index.json", found, report)
    assert lines[0] == "Tiny.index.json: 3 items of 2 codes, the first <a_1><b_0>"
    assert "Collisions: 2 of 3 items (66.7%) share their codes with another" in lines[5]
    assert lines[6] == "  <a_1><b_0>: 2 items, 0, 1"


def test_the_report_says_what_the_digit_saves(tmp_path: Path) -> None:
    rows = {f"item {i}": ["<a_1>", f"<b_{i}>"] for i in range(7)}
    found = index(rows, tmp_path)
    report = describe_index(found, find_roles(found))
    assert report.before_digit is not None
    assert report.before_digit.largest_bucket == 7
    lines = report_lines("f", found, report)
    assert lines[1] == "Items are named such as 'item 0'"
    assert "  <a_1>: 7 items, item 0, item 1, item 2, item 3, item 4 ..." in lines
    assert "Collisions: none, all 7 items have codes of their own" in lines


def test_a_last_column_that_alone_tells_items_apart_is_asked_about(tmp_path: Path) -> None:
    # A hash digit is no counter, so nothing but the reader knows it from a code.
    rows = {"0": ["<a_1>", "<b_5>"], "1": ["<a_1>", "<b_2>"], "2": ["<a_7>", "<b_3>"]}
    found = index(rows, tmp_path)
    *_, hint = report_lines("f", found, describe_index(found, find_roles(found)))[:-1]
    assert hint.startswith("Without <b_..> 2 items would share their codes")
    assert hint.endswith("--digit says the latter")
    told = describe_index(found, find_roles(found, digit=True))
    assert not any("--digit" in line for line in report_lines("f", found, told))
