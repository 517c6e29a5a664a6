"""Numbered lines of raw files, and the errors that name one."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from clairo.core.errors import DataError
from clairo.datasets.raw_blocks import Block, Truncation
from clairo.datasets.raw_lines import lines_of, read_lines, refuse_line, require_string


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_lines_are_numbered_and_blank_ones_skipped(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.gz", gzip.compress(b"one\n\n \t\ntwo\n"))
    assert list(read_lines(path)) == [(1, b"one"), (4, b"two")]


def test_the_last_line_needs_no_end(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.gz", gzip.compress(b"one\ntwo"))
    assert list(read_lines(path)) == [(1, b"one"), (2, b"two")]


def test_line_ends_of_windows_are_no_part_of_a_line(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.csv", b"one\r\n\r\ntwo\r\n")
    assert list(read_lines(path)) == [(1, b"one"), (3, b"two")]


def test_lines_of_a_block_are_numbered_as_in_the_file() -> None:
    assert list(lines_of(Block(7, b"one\n\ntwo\n", 3))) == [(7, b"one"), (9, b"two")]


def test_whole_lines_of_a_truncated_file_can_be_kept(tmp_path: Path) -> None:
    lines = [f"line {number:05d} {number * 7919 % 10007}" for number in range(5000)]
    whole = gzip.compress("\n".join(lines).encode())
    path = _write(tmp_path / "a.gz", whole[: len(whole) // 2])
    told: list[Truncation] = []
    kept = [line.decode() for _, line in read_lines(path, told.append)]
    assert [left.num_lines for left in told] == [len(kept)]
    assert 1000 < len(kept) < 4000
    assert kept == lines[: len(kept)]


def test_a_refused_line_is_named_with_rule_value_and_cure() -> None:
    error = refuse_line(Path("data/a.gz"), 7, "a row must be one object", "got 5")
    assert isinstance(error, DataError)
    assert str(error) == (
        "data/a.gz line 7: a row must be one object (got 5); correct the line or fetch the file "
        "again."
    )


@pytest.mark.parametrize("text", ["a", "B00X-1", "Äpfel 7", "日本", "🙂", "a b"])
def test_ids_may_have_any_printable_characters(text: str) -> None:
    assert require_string({"asin": text}, "asin", Path("a"), 1) == text


@pytest.mark.parametrize("value", ["", "a\n", "\t", "a\0", "\u200b", "\ud800", "\x7f", "\u2028"])
def test_ids_may_not_have_others(value: str) -> None:
    with pytest.raises(DataError, match="a line 3: asin must be a printable string"):
        require_string({"asin": value}, "asin", Path("a"), 3)


@pytest.mark.parametrize("row", [{}, {"asin": None}, {"asin": 5}, {"asin": ["a"]}, {"asin": True}])
def test_ids_must_be_strings(row: dict[str, object]) -> None:
    with pytest.raises(DataError, match="asin must be a printable string"):
        require_string(row, "asin", Path("a"), 1)
