"""Gzip files of lines, whole and damaged."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from clairo.core.errors import DataError
from clairo.datasets.raw_lines import read_lines


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_lines_are_numbered_and_blank_ones_skipped(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.gz", gzip.compress(b"one\n\ntwo\n"))
    assert list(read_lines(path)) == [(1, b"one"), (3, b"two")]


def test_the_last_line_needs_no_end(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.gz", gzip.compress(b"one\ntwo"))
    assert list(read_lines(path)) == [(1, b"one"), (2, b"two")]


def test_members_one_after_another_are_one_file(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.gz", gzip.compress(b"one\ntw") + gzip.compress(b"o\n"))
    assert [line for _, line in read_lines(path)] == [b"one", b"two"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty; fetch it again"),
        (gzip.compress(b""), "is empty; fetch it again"),
        (b'{"plain": "json"}\n', "must be a gzip file"),
        (gzip.compress(b"one\n" * 5000)[:-12], "ends early after line"),
        (gzip.compress(b"one\n")[:-8] + b"\0" * 8, "damaged after line 1"),
    ],
)
def test_a_damaged_file_is_one_clear_error(tmp_path: Path, data: bytes, message: str) -> None:
    path = _write(tmp_path / "a.gz", data)
    with pytest.raises(DataError, match=message) as caught:
        list(read_lines(path))
    assert str(path) in str(caught.value)


def test_a_missing_file_and_a_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must be there"):
        list(read_lines(tmp_path / "absent.gz"))
    with pytest.raises(DataError, match="must be a readable file"):
        list(read_lines(tmp_path))


def test_whole_lines_of_a_truncated_file_can_be_kept(tmp_path: Path) -> None:
    lines = [f"line {number:05d} {number * 7919 % 10007}" for number in range(5000)]
    whole = gzip.compress("\n".join(lines).encode())
    path = _write(tmp_path / "a.gz", whole[: len(whole) // 2])
    counts: list[int] = []
    kept = [line.decode() for _, line in read_lines(path, counts.append)]
    assert counts == [len(kept)]
    assert 1000 < len(kept) < 4000
    assert kept == lines[: len(kept)]


@pytest.mark.shared
def test_a_real_broken_download_is_refused_or_kept_up_to_its_break(shared: Path) -> None:
    path = shared / "data/corrupt/truncated_meta_Digital_Music.json.gz"
    with pytest.raises(DataError, match=r"ends early after line 7419; .*salvage=True"):
        list(read_lines(path))
    assert sum(1 for _ in read_lines(path, lambda number: None)) == 7419
