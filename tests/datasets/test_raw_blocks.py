"""Raw files in blocks of whole lines: every way to be packed, cut and damaged."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clairo.core.errors import DataError
from clairo.datasets import raw_blocks
from clairo.datasets.raw_blocks import MAX_LINE_BYTES, Block, Truncation, read_blocks

_BOM = b"\xef\xbb\xbf"
_PACKINGS = (bytes, gzip.compress)


def _write(folder: Path, data: bytes, name: str = "a.txt") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _lines(blocks: list[Block]) -> list[tuple[int, bytes]]:
    """Numbered lines; checks that the blocks' own numbers and counts fit together."""
    lines: list[tuple[int, bytes]] = []
    for block in blocks:
        own = block.data.removesuffix(b"\n").split(b"\n")
        assert block.first_line == len(lines) + 1
        assert block.num_lines == len(own)
        lines += enumerate(own, block.first_line)
    return lines


@pytest.mark.parametrize("pack", _PACKINGS)
def test_packed_and_plain_files_hold_the_same_lines(tmp_path: Path, pack: type[bytes]) -> None:
    path = _write(tmp_path, pack(b"one\n\ntwo\nthree"))
    expected = [(1, b"one"), (2, b""), (3, b"two"), (4, b"three")]
    assert _lines(list(read_blocks(path))) == expected
    assert _lines(list(read_blocks(path, block_bytes=1))) == expected


def test_members_of_a_gzip_file_are_one_text(tmp_path: Path) -> None:
    packed = b"".join(map(gzip.compress, (b"on", b"e\n", b"", b"two\nth", b"ree\n")))
    blocks = list(read_blocks(_write(tmp_path, packed, "a.gz")))
    assert _lines(blocks) == [(1, b"one"), (2, b"two"), (3, b"three")]


def test_zeros_after_the_last_member_are_padding(tmp_path: Path) -> None:
    path = _write(tmp_path, gzip.compress(b"one\n") + b"\0" * 100, "a.gz")
    assert _lines(list(read_blocks(path))) == [(1, b"one")]


@pytest.mark.parametrize("pack", _PACKINGS)
def test_a_byte_order_mark_at_the_start_is_dropped_and_no_other(
    tmp_path: Path, pack: type[bytes]
) -> None:
    path = _write(tmp_path, pack(_BOM + b"one\n" + _BOM + b"two\n"))
    assert _lines(list(read_blocks(path))) == [(1, b"one"), (2, _BOM + b"two")]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_another_encoding_is_refused_with_the_cure(tmp_path: Path, codec: str) -> None:
    path = _write(tmp_path, "\ufeffone\n".encode(codec))
    with pytest.raises(DataError, match=r"must be UTF-8, .* UTF-16; convert it .*iconv"):
        list(read_blocks(path))


_TEXTS = st.lists(st.sampled_from([b"a", b"bc", b"", b"\r", _BOM, b"\xef", b"long " * 9])).map(
    b"\n".join
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=_TEXTS,
    block_bytes=st.integers(1, 70),
    read_bytes=st.integers(1, 70),
    is_packed=st.booleans(),
)
def test_wherever_blocks_and_reads_end_the_lines_are_the_same(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: bytes,
    block_bytes: int,
    read_bytes: int,
    is_packed: bool,
) -> None:
    monkeypatch.setattr(raw_blocks, "_READ_BYTES", read_bytes)
    path = _write(tmp_path, gzip.compress(text) if is_packed else text)
    plain = text.removeprefix(_BOM)
    if not plain:
        with pytest.raises(DataError, match="is empty; fetch it again"):
            list(read_blocks(path, block_bytes=block_bytes))
        return
    blocks = list(read_blocks(path, block_bytes=block_bytes))
    assert b"".join(block.data for block in blocks) == plain
    assert all(block.data.endswith(b"\n") for block in blocks[:-1])
    expected = plain.removesuffix(b"\n").split(b"\n")
    assert sum(block.num_lines for block in blocks) == len(expected)
    ends = [block.data.removesuffix(b"\n").split(b"\n") for block in blocks]
    assert [line for lines in ends for line in lines] == expected
    firsts = [1 + sum(map(len, ends[:number])) for number in range(len(ends))]
    assert [block.first_line for block in blocks] == firsts


def test_blocks_are_about_as_large_as_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_blocks, "_READ_BYTES", 10)
    path = _write(tmp_path, b"123456789\n" * 100)
    assert [len(block.data) for block in read_blocks(path, block_bytes=100)] == [100] * 10


@pytest.mark.parametrize("end", [b"\n", b"", b"\nshort\n"])
@pytest.mark.parametrize("pack", _PACKINGS)
def test_a_line_that_is_too_long_is_refused_by_number_wherever_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: type[bytes], end: bytes
) -> None:
    monkeypatch.setattr(raw_blocks, "MAX_LINE_BYTES", 40)
    for read_bytes in range(1, 40):
        monkeypatch.setattr(raw_blocks, "_READ_BYTES", read_bytes)
        longest = _write(tmp_path, pack(b"one\ntwo\n" + b"x" * 40 + end))
        assert sum(block.num_lines for block in read_blocks(longest)) >= 3
        longer = _write(tmp_path, pack(b"one\ntwo\n" + b"x" * 41 + end))
        with pytest.raises(DataError, match=r"line 3: a line may have 40 bytes, this one has more"):
            list(read_blocks(longer))


def test_a_real_line_of_50_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.json.gz"
    piece = b" " * (1 << 20)
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(b'{"first": "line"}\n')
        for _ in range(50):
            stream.write(piece)
    with pytest.raises(DataError, match=f"line 2: a line may have {MAX_LINE_BYTES:,} bytes"):
        list(read_blocks(path))


def _truncated(folder: Path) -> tuple[Path, list[bytes]]:
    """A broken download, and the lines that were packed."""
    lines = [f"line {number:05d} {number * 7919 % 10007}".encode() for number in range(5000)]
    whole = gzip.compress(b"\n".join(lines))
    return _write(folder, whole[: len(whole) // 2], "a.gz"), lines


def test_a_truncated_file_names_the_last_whole_line_and_the_byte(tmp_path: Path) -> None:
    path, _ = _truncated(tmp_path)
    kept = sum(block.num_lines for block in read_blocks(path, lambda left: None))
    size = path.stat().st_size
    expected = rf"ends early after line {kept:,} \(gzip stream truncated at byte {size:,}\)"
    with pytest.raises(DataError, match=expected) as caught:
        list(read_blocks(path))
    assert str(path) in str(caught.value)
    assert "--salvage" in str(caught.value)


@pytest.mark.parametrize("block_bytes", [1, 1000, 1 << 22])
def test_salvage_keeps_the_whole_lines_and_counts_what_is_lost(
    tmp_path: Path, block_bytes: int
) -> None:
    path, lines = _truncated(tmp_path)
    told: list[Truncation] = []
    blocks = list(read_blocks(path, told.append, block_bytes))
    kept = [line for _, line in _lines(blocks)]
    assert 1000 < len(kept) < 4000
    assert kept == lines[: len(kept)]
    (left,) = told
    assert left.num_lines == len(kept)
    # What was unpacked of the next line is a beginning of it and no more.
    assert 0 <= left.lost_bytes < len(lines[len(kept)]) + 1


def test_salvage_of_a_known_break_has_exact_counts(tmp_path: Path) -> None:
    # Stored, not compressed: what a cut takes of the file it takes of the text.
    packed = gzip.compress(b"one\ntwo\nthree", compresslevel=0)
    told: list[Truncation] = []
    blocks = list(read_blocks(_write(tmp_path, packed[:-10], "a.gz"), told.append))
    # The trailer of 8 bytes is gone, and 2 of the 5 bytes of the last line.
    assert _lines(blocks) == [(1, b"one"), (2, b"two")]
    assert told == [Truncation(num_lines=2, lost_bytes=3)]


def test_salvage_of_a_file_without_a_whole_line_is_still_an_error(tmp_path: Path) -> None:
    path = _write(tmp_path, gzip.compress(b"one")[:8], "a.gz")
    with pytest.raises(DataError, match="is empty; fetch it again"):
        list(read_blocks(path, lambda left: None))


def test_a_whole_file_tells_of_no_loss(tmp_path: Path) -> None:
    path = _write(tmp_path, gzip.compress(b"one\n"), "a.gz")
    told: list[Truncation] = []
    assert _lines(list(read_blocks(path, told.append))) == [(1, b"one")]
    assert told == []


def test_damage_is_named_with_line_and_byte_and_never_salvaged(tmp_path: Path) -> None:
    good = gzip.compress(b"one\ntwo\n")
    told: list[Truncation] = []
    for data in (
        good[:-8] + b"\0" * 8,  # another checksum
        good + b"no gzip member",
        good + gzip.compress(b"three\n")[:10] + b"\xff" * 40,  # no such block type
    ):
        path = _write(tmp_path, data, "a.gz")
        with pytest.raises(DataError, match=r"is damaged after line 2 \(byte \d+\): .*; delete"):
            list(read_blocks(path, told.append))
    assert told == []


@pytest.mark.parametrize("data", [b"", gzip.compress(b""), _BOM, gzip.compress(_BOM)])
def test_an_empty_file_is_an_error(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(DataError, match="it is empty; fetch it again"):
        list(read_blocks(_write(tmp_path, data)))


def test_a_page_under_a_packed_name_is_no_data(tmp_path: Path) -> None:
    path = _write(tmp_path, b"<html>404</html>", "a.gz")
    with pytest.raises(DataError, match=r"must be a gzip file, it starts with b'<h'; delete it"):
        list(read_blocks(path))


def test_a_missing_file_and_a_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must be there to be read, it is not; fetch it"):
        list(read_blocks(tmp_path / "absent.gz"))
    with pytest.raises(DataError, match="must be a readable file"):
        list(read_blocks(tmp_path))
