"""Columns of JSON lines by the engine's parser: what it takes, and what it must leave to others."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clairo.datasets import json_rows
from clairo.datasets.json_rows import read_json
from clairo.datasets.raw_blocks import Block
from clairo.datasets.row_format import RowFormat

ROWS = RowFormat("json", user="u", item="i", timestamp="t", rating="r")
GOOD = b'{"u": "ann", "i": "cup", "r": 4.5, "t": 100}\n'


def block(data: bytes) -> Block:
    return Block(1, data, data.count(b"\n") + (not data.endswith(b"\n")))


def read(data: bytes, rows: RowFormat = ROWS) -> dict[str, list[object]]:
    return read_json(block(data), rows).to_pydict()


def with_more(value: str) -> bytes:
    """A good line with one more field, whose value is written as given."""
    return GOOD[:-2] + b', "more": ' + value.encode() + b"}\n"


def test_each_line_gives_a_row_whatever_else_it_holds_and_however_it_ends() -> None:
    data = GOOD + b'{"t":7,"x":{"u":"no"},"r":null,"i":"pan","u":"bob"}\r\n' + GOOD.rstrip()
    assert read(data) == {
        "user": ["ann", "bob", "ann"],
        "item": ["cup", "pan", "cup"],
        "timestamp": [100, 7, 100],
        "rating": [4.5, None, 4.5],
    }


def test_a_rating_may_be_absent_and_no_other_field() -> None:
    data = GOOD + b'{"u": "bob", "i": "cup", "t": 1}\n'
    assert read(data)["rating"] == [4.5, None]
    for key in (b"u", b"i"):
        with pytest.raises(ValueError, match="a field is missing"):
            read(GOOD + GOOD.replace(b'"%b"' % key, b'"other"'))


def test_escaped_text_is_what_it_stands_for() -> None:
    names = ['a"b', "back\\slash", "\u00e9\u4e2d", "\U0001f600", "/", "plain"]
    lines = [json.dumps({"u": name, "i": "c", "r": 1, "t": 1}) for name in names]
    assert read("\n".join(lines).encode())["user"] == names


def test_keys_may_have_any_name() -> None:
    rows = RowFormat("json", user="it's", item='a "b"', timestamp="$.t[0]", rating="SELECT")
    line = json.dumps({"it's": "ann", 'a "b"': "cup", "$.t[0]": 3, "SELECT": 2}).encode()
    found = {"user": ["ann"], "item": ["cup"], "timestamp": [3], "rating": [2.0]}
    assert read(line, rows) == found


@pytest.mark.parametrize("other", ["U", "u "])
def test_a_key_of_nearly_the_same_name_is_another(other: str) -> None:
    data = json.dumps({other: "bob", "u": "ann", "i": "c", "r": 1, "t": 1}).encode()
    assert read(data)["user"] == ["ann"]


@pytest.mark.parametrize(
    "line",
    [
        GOOD[:-2] + b', "u": "bob"}\n',
        GOOD[:-2] + b', "\\u0075": "bob"}\n',
        b'{"u": "ann", "i": "cup", "t": 100, "t": 200}\n',
        GOOD[:-2] + b",}\n",
        GOOD[:-2] + b" , \t}\n",
        with_more("[1, 2,]"),
        with_more("[1, 2, ]"),
        with_more("nan"),
        with_more("-inf"),
        with_more("[Inf]"),
        with_more("01"),
        with_more('"\\x"'),
        GOOD[:-1] + b" trailing\n",
        GOOD[:-1] + GOOD,
        b"\n",
        b"[1]\n",
        b"null\n",
        b'{"u": 5, "i": "cup", "r": 1, "t": 1}\n',
        b'{"u": ["ann"], "i": "cup", "r": 1, "t": 1}\n',
        b'{"u": "ann", "i": null, "r": 1, "t": 1}\n',
        GOOD.replace(b"100", b"1.5"),
        GOOD.replace(b"100", b"true"),
        GOOD.replace(b"100", b'"100"'),
        GOOD.replace(b"4.5", b"true"),
        GOOD.replace(b"4.5", b"[4.5]"),
    ],
)
def test_what_is_out_of_the_ordinary_is_refused_wherever_it_stands(line: bytes) -> None:
    for data in (line, GOOD + line, line + GOOD):
        with pytest.raises(ValueError):  # noqa: PT011
            read(data)
    assert read(GOOD)["user"] == ["ann"]


@pytest.mark.parametrize(
    "text",
    ["NaN", "[Infinity, -Infinity]", '", nan"', '"[inf, ] ,}"', "[ ]", "{ }", '"a, information"'],
)
def test_json_that_looks_like_what_is_none_is_taken(text: str) -> None:
    assert read(GOOD + with_more(text) + GOOD)["user"] == ["ann"] * 3


@given(st.integers(0, 90), st.sampled_from(["[1,]", "[1, ]", "nan", "[-inf]"]))
def test_wherever_pieces_end_what_is_no_json_is_seen(shift: int, value: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_rows, "_PIECE_BYTES", 31)
        line = with_more(value)
        padded = json.dumps({"x": "y" * shift}).encode() + b"\n"
        assert not json_rows._is_strict(padded + line + GOOD)
        assert json_rows._is_strict(padded + GOOD)
