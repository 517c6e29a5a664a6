"""How rows are written, where there are no times or no quotation marks."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pytest

from clairo.datasets.raw_blocks import Block
from clairo.datasets.row_format import RowFormat
from clairo.datasets.row_parsing import RowParser

COLUMNS = ("u", "i")


def _parse(data: bytes, **settings: object) -> pa.Table:
    rows = RowFormat("csv", "u", "i", None, columns=COLUMNS, time_unit="position", **settings)  # type: ignore[arg-type]
    return RowParser(Path("a.csv"), 0, rows).parse(Block(5, data, data.count(b"\n")))


@pytest.mark.parametrize("data", [b"ann,cup\nbob,pot\n", b"ann,cup\n\nbob,pot\n"])
def test_without_times_the_timestamp_is_the_line(data: bytes) -> None:
    table = _parse(data)
    assert table["timestamp"].to_pylist() == table["position"].to_pylist()
    assert table["timestamp"].to_pylist()[0] == 5


@pytest.mark.parametrize("data", [b'"a",b"c\n', b'\n"a",b"c\n'])
def test_quotation_marks_can_be_ordinary(data: bytes) -> None:
    table = _parse(data, quoted=False)
    assert (table["user"].to_pylist(), table["item"].to_pylist()) == (['"a"'], ['b"c'])


def test_a_quoted_line_is_split_by_the_rules_of_csv() -> None:
    rows = RowFormat("csv", "u", "i", "t")
    assert rows.split('"a,b",c\r\n') == ["a,b", "c"]
    with pytest.raises(csv.Error):
        rows.split('"a,b')


def test_a_column_that_is_not_there_has_no_name() -> None:
    assert RowFormat("csv", "u", "i", None).names == {"user": "u", "item": "i"}
