"""Rows of interactions: two ways to parse them that agree, and every line that is refused."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clairo.core.errors import DataError
from clairo.core.interaction_table import INTERACTION_SCHEMA, LINE_BITS
from clairo.datasets.raw_blocks import Block
from clairo.datasets.raw_lines import require_string
from clairo.datasets.row_format import RowFormat
from clairo.datasets.row_parsing import RowParser, header_and_rest, with_columns

JSON = RowFormat("json", user="u", item="i", timestamp="t", rating="r")
CSV = RowFormat("csv", "u", "i", "t", "r", columns=("u", "i", "r", "t", "more"))
MILLISECONDS = RowFormat("json", "u", "i", "t", "r", time_unit="ms")
GOOD = {"u": "ann", "i": "cup", "r": 4.0, "t": 100}


def parser(rows: RowFormat, number: int = 0) -> RowParser:
    return RowParser(Path("data/raw.gz"), number, rows)


def block(data: bytes, first_line: int = 1) -> Block:
    return Block(first_line, data, data.count(b"\n") + (not data.endswith(b"\n")))


def parse(data: bytes, rows: RowFormat = JSON) -> list[dict[str, Any]]:
    table = parser(rows).parse(block(data))
    assert table.schema.names == INTERACTION_SCHEMA.names
    return table.to_pylist()


def json_line(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode() + b"\n"


_IDS = st.text(min_size=1, max_size=6).filter(str.isprintable)
_VALID = st.lists(
    st.tuples(
        _IDS,
        _IDS,
        st.none() | st.integers(-16, 16).map(lambda quarter: quarter / 4),
        st.integers(0, JSON.latest - 1),
        st.text(max_size=5).map(lambda text: "".join(filter(str.isprintable, text))),
    ),
    min_size=1,
    max_size=9,
)
_Row = tuple[str, str, float | None, int, str]


def both_ways(data: bytes, rows: RowFormat) -> list[dict[str, Any]]:
    """The rows, after checking that the fast way took them and gives what the exact one does."""
    found = parser(rows, 3)
    fast, exact = found._parse_at_once(block(data, 7)), found._parse_by_line(block(data, 7))
    assert fast is not None
    assert fast.cast(INTERACTION_SCHEMA).combine_chunks().equals(exact.combine_chunks())
    return exact.to_pylist()


def expected(rows: list[_Row]) -> list[dict[str, Any]]:
    return [
        {
            "user": user,
            "item": item,
            "rating": rating,
            "timestamp": time,
            "position": (3 << LINE_BITS) + 7 + place,
        }
        for place, (user, item, rating, time, _) in enumerate(rows)
    ]


@given(_VALID, st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_json_is_the_same_at_once_and_line_by_line(
    rows: list[_Row], is_ascii: bool, end: str
) -> None:
    names = ("u", "i", "r", "t", "more")
    lines = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=is_ascii) for row in rows]
    assert both_ways("".join(line + end for line in lines).encode(), JSON) == expected(rows)


@given(_VALID, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.sampled_from(["\n", "\r\n"]))
def test_csv_is_the_same_at_once_and_line_by_line(rows: list[_Row], quoting: Any, end: str) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, quoting=quoting, lineterminator=end)
    writer.writerows(rows)
    data = stream.getvalue().encode()
    found = parser(CSV, 3).parse(block(data, 7)).to_pylist()
    assert found == parser(CSV, 3)._parse_by_line(block(data, 7)).to_pylist() == expected(rows)


def test_quotes_and_commas_are_no_reason_for_the_slow_way() -> None:
    data = b'"a ""x"", y",b,1.5,2,"more, and more"\nann,"c,d",,3,\n'
    rows = both_ways(data, CSV)
    assert [(row["user"], row["item"], row["rating"]) for row in rows] == [
        ('a "x", y', "b", 1.5),
        ("ann", "c,d", None),
    ]


def test_every_character_is_judged_alike_both_ways() -> None:
    # All that older interpreters know less of would take long; 0x88F and 0x897 are two of them.
    codes = [*range(1, 0x3000), *range(0x3000, sys.maxunicode + 1, 97)]
    every = [chr(code) for code in codes if not 0xD800 <= code < 0xE000]
    fast = pc.utf8_is_printable(pa.array(every)).to_pylist()
    exact = []
    for character in every:
        try:
            require_string({"id": character}, "id", Path("a"), 1)
            exact.append(True)
        except DataError:
            exact.append(False)
    assert fast == exact
    assert 0.1 < sum(fast) / len(every) < 0.9


def test_rows_without_ratings_take_the_fast_way() -> None:
    data = b'{"u": "ann", "i": "cup", "t": 1}\n' * 2
    assert [row["rating"] for row in both_ways(data, JSON)] == [None, None]
    no_rating = RowFormat("csv", "u", "i", "t", columns=("u", "i", "t"))
    assert [row["rating"] for row in both_ways(b"ann,cup,1\n", no_rating)] == [None]


def test_blank_lines_are_skipped_and_counted() -> None:
    data = b"\n" + json_line() + b" \n" + json_line(t=200)
    assert [(row["timestamp"], row["position"]) for row in parse(data)] == [(100, 2), (200, 4)]
    rows = parse(b"ann,cup,1,5,\n\nbob,cup,,6,\n", CSV)
    assert [(row["rating"], row["position"]) for row in rows] == [(1.0, 1), (None, 3)]


@pytest.mark.parametrize("rating", ["4.5", " 4.5 ", "+4.5", "45e-1", "4.50"])
def test_numeric_ratings_may_be_text(rating: str) -> None:
    assert parse(json_line(r=rating))[0]["rating"] == 4.5
    assert parse(f"ann,cup,{rating},5,\n".encode(), CSV)[0]["rating"] == 4.5


@pytest.mark.parametrize("time", [100, 100.0, "100", "100.0", "1e2", "0x64"])
def test_whole_timestamps_may_be_written_in_any_way(time: Any) -> None:
    assert parse(json_line(t=time))[0]["timestamp"] == 100
    assert parse(f"ann,cup,1,{time},\n".encode(), CSV)[0]["timestamp"] == 100


_TIME, _RATING, _USER = "t must be a whole number", "r must be a finite number", "u must be a prin"
_OBJECT, _TEXT = "a row must be one JSON object", "must be UTF-8 text without NUL bytes"
_BETWEEN = "t must lie between 1970 and 2100, counted in"
_REFUSED_JSON: list[tuple[bytes, str]] = [
    (b'{"u": "a\0"}\n', _TEXT),
    (json_line(more="Xpfel").replace(b"X", b"\xc4"), _TEXT),
    (json_line().replace(b"ann", b"\xe4nn"), _TEXT),
    (b'{"i": "cup", "t": 1, "r": 1}\n', _USER),
    (json_line(u=None), _USER),
    (json_line(u=5), _USER),
    (json_line(u=""), _USER),
    (json_line(u="a\tb"), _USER),
    (json_line(u="a\0"), _USER),
    (json_line(u="\ud800"), _USER),
    (json_line(i=["cup"]), "i must be a printable string"),
    (b'{"u": "ann", "i": "cup", "r": 1}\n', _TIME),
    (json_line(t=-1), f"{_BETWEEN} s .*got -1"),
    (json_line(t=1_600_000_000_000), f"{_BETWEEN} s .*got 1600000000000"),
    (json_line(t=JSON.latest), f"{_BETWEEN} s .*got 4102444800"),
    (json_line(t=10**400), _TIME),
    (json_line(t=1.5), _TIME),
    (json_line(t="1_000"), _TIME),
    (json_line(t="²"), _TIME),
    (json_line(t="soon"), _TIME),
    (json_line(t=True), _TIME),
    (json_line(t=float("nan")), _TIME),
    (json_line(r=float("nan")), _RATING),
    (json_line(r=float("inf")), _RATING),
    (json_line(r="nan"), _RATING),
    (json_line(r="five"), _RATING),
    (json_line(r=True), _RATING),
    (json_line(r=1e39), _RATING),
    (json_line(r=10**400), _RATING),
    (json_line(r=[5]), _RATING),
    (b"[1, 2]\n", _OBJECT),
    (b'"text"\n', _OBJECT),
    (b"null\n", _OBJECT),
    (b'{"u": "ann",\n', _OBJECT),
    (b"ann,cup,4,100\n", _OBJECT),
    (b"[" * 100_000 + b"\n", _OBJECT),
    (json_line()[:-1] + json_line(), _OBJECT),
    (json_line()[:-1] + b" trailing\n", _OBJECT),
]


@pytest.mark.parametrize(("line", "message"), _REFUSED_JSON)
def test_a_line_of_json_that_is_no_interaction_is_named(line: bytes, message: str) -> None:
    for before, after in ((b"", b""), (json_line(), json_line()), (b"\n", b"")):
        number = 1 + before.count(b"\n")
        with pytest.raises(DataError, match=message) as caught:
            parse(before + line + after)
        assert str(caught.value).startswith(f"data/raw.gz line {number}: ")


_COLUMNS = "a row must have the columns of the file"
_REFUSED_CSV: list[tuple[bytes, str]] = [
    (b"ann,cup,4,100\n", f"{_COLUMNS} .*4 values for 5 columns"),
    (b"ann,cup,4,100,,\n", f"{_COLUMNS} .*6 values for 5 columns"),
    (b",cup,4,100,\n", _USER),
    (b'"a\tb",cup,4,100,\n', _USER),
    (b"ann,cup,4,,\n", _TIME),
    (b"ann,cup,4,-5,\n", f"{_BETWEEN} s .*got -5"),
    (b"ann,cup,4,0xten,\n", _TIME),
    (b"ann,cup,4,1.25,\n", _TIME),
    (b"ann,cup,nan,100,\n", _RATING),
    (b"ann,cup,-inf,100,\n", _RATING),
    (b"ann,cup,four,100,\n", _RATING),
    (b"ann,cup,4,100,\xe4\n", _TEXT),
    (b"ann,cup,4,100,\0\n", _TEXT),
    (b"ann,cup,4,100,\rbob,cup,4,100,\n", _COLUMNS),
    (b'"ann,cup,4,100,\n', _COLUMNS),
    (b'"ann"x,cup,4,100,\n', _COLUMNS),
]


@pytest.mark.parametrize(("line", "message"), _REFUSED_CSV)
def test_a_line_of_values_that_is_no_interaction_is_named(line: bytes, message: str) -> None:
    good = b"ann,cup,4,100,\n"
    for before, after in ((b"", b""), (good, good), (b"\n", b"")):
        with pytest.raises(DataError, match=message) as caught:
            parse(before + line + after, CSV)
        number = 1 + before.count(b"\n")
        assert str(caught.value).startswith(f"data/raw.gz line {number}: ")


@pytest.mark.parametrize(
    "data",
    [
        json_line()[:-2] + b"\n}\n",
        json_line()[:-1] + json_line()[:-2] + b"\n}\n",
        json_line() + json_line()[:-1] + json_line() + b"\n",
        b'{"u": "ann", "i": "cup", "t": 1, "more":\n{"x": 1}}' + json_line(),
    ],
)
def test_objects_that_are_not_one_a_line_are_refused_even_where_the_count_is_right(
    data: bytes,
) -> None:
    with pytest.raises(DataError, match=_OBJECT):
        parse(data)


@pytest.mark.parametrize(
    "data",
    [
        b'ann,cup,4,100,"two\nlines"\n',
        b'ann,cup,4,100,"two\nlines"\nbob,cup,4,100,\rcat,cup,4,100,\n',
    ],
)
def test_a_row_of_values_over_two_lines_is_refused_even_where_the_count_is_right(
    data: bytes,
) -> None:
    with pytest.raises(DataError, match=_COLUMNS):
        parse(data, CSV)


def test_milliseconds_reach_as_far_as_seconds() -> None:
    assert parse(json_line(t=1_600_000_000_000), MILLISECONDS)[0]["timestamp"] == 1_600_000_000_000
    with pytest.raises(DataError, match=f"{_BETWEEN} ms"):
        parse(json_line(t=4_102_444_800_000), MILLISECONDS)


@pytest.mark.parametrize(
    ("header", "columns", "rating"),
    [
        (b"u,i,r,t", ("u", "i", "r", "t"), "r"),
        (b"t,x,i,u\r", ("t", "x", "i", "u"), None),
        (b"u:token, i:token ,t:float,r:float\r\n", ("u", "i", "t", "r"), "r"),
        (b'"u","i","t"', ("u", "i", "t"), None),
    ],
)
def test_a_header_says_which_columns_there_are(
    header: bytes, columns: tuple[str, ...], rating: str | None
) -> None:
    found = with_columns(RowFormat("csv", "u", "i", "t", "r"), header, Path("a.csv"))
    assert (found.columns, found.rating) == (columns, rating)


def test_a_header_keeps_delimiter_and_unit() -> None:
    rows = RowFormat("csv", "u", "i", "t", "r", delimiter="\t", time_unit="ms")
    found = with_columns(rows, b"u:token\ti:token\tt:float", Path("a.inter"))
    assert (found.columns, found.delimiter, found.time_unit) == (("u", "i", "t"), "\t", "ms")


@pytest.mark.parametrize("header", [b"u,i,r", b"u,i,t,u", b"", b"ann;cup;5", b"\xff\xfe"])
def test_a_header_without_a_column_or_with_one_twice_is_refused(header: bytes) -> None:
    with pytest.raises(DataError, match=r"a.csv line 1: the header must name u, i, t, each .*once"):
        with_columns(RowFormat("csv", "u", "i", "t", "r"), header, Path("a.csv"))


@pytest.mark.parametrize("header", [b"u,i,t\rann,cup,1", b'"' + b"x" * 200_000 + b'"'])
def test_a_header_that_is_no_line_of_values_is_refused(header: bytes) -> None:
    with pytest.raises(DataError, match=r"a.csv line 1: the header must name the columns \("):
        with_columns(RowFormat("csv", "u", "i", "t"), header, Path("a.csv"))


def test_the_header_is_cut_from_the_first_block() -> None:
    blocks = iter([block(b"u,i,t\na,b,1\n"), block(b"c,d,2\n", 3)])
    header, rest = header_and_rest(blocks)
    assert header == b"u,i,t"
    assert list(rest) == [Block(2, b"a,b,1\n", 1), Block(3, b"c,d,2\n", 1)]
    header, rest = header_and_rest(iter([block(b"u,i,t")]))
    assert (header, list(rest)) == (b"u,i,t", [])
