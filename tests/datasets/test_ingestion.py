"""Raw files to partitions: the same ones however they are made, and what they say."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from clairo.core.errors import ArtifactError, DataError
from clairo.core.fingerprint import hash_file
from clairo.core.interaction_table import INTERACTION_SCHEMA, LINE_BITS, InteractionTable
from clairo.datasets import ingestion, raw_blocks
from clairo.datasets.ingestion import RawFile, ingest
from clairo.datasets.row_format import RowFormat

ROWS = RowFormat("json", user="u", item="i", timestamp="t", rating="r")
WITH_HEADER = RowFormat("csv", user="u", item="i", timestamp="t", rating="r", time_unit="ms")


def json_lines(count: int, start: int = 0) -> list[str]:
    """Interactions with ratings as numbers, as text, and without."""
    ratings: tuple[Any, ...] = (1, 4.5, "3.0", None)
    return [
        json.dumps({"u": f"u{n % 7}", "i": f"ï{n % 5}", "r": ratings[n % 4], "t": n // 3})
        for n in range(start, start + count)
    ]


def write(folder: Path, lines: list[str], name: str = "raw.json.gz", end: str = "\n") -> RawFile:
    path = folder / name
    path.write_bytes(gzip.compress("".join(line + end for line in lines).encode(), mtime=0))
    return RawFile(path, ROWS)


def rows(table: InteractionTable) -> list[dict[str, Any]]:
    return [row for path in table.paths for row in pq.read_table(path).to_pylist()]


@pytest.fixture(autouse=True)
def small_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingestion, "PARTITION_ROWS", 40)


def with_block_size(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    original = raw_blocks.read_blocks

    def sized(path: Path, on_truncated: Any = None) -> Iterator[raw_blocks.Block]:
        return original(path, on_truncated, size)

    monkeypatch.setattr(raw_blocks, "_READ_BYTES", size)
    monkeypatch.setattr(ingestion, "read_blocks", sized)


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize("block_bytes", [1, 100, 1_777, 1 << 22])
def test_neither_threads_nor_blocks_change_a_partition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, num_threads: int, block_bytes: int
) -> None:
    files = [write(tmp_path, json_lines(150), "a.gz"), write(tmp_path, json_lines(30), "b.gz")]
    usual = ingest(files)
    with_block_size(monkeypatch, block_bytes)
    table = ingest(files, num_threads=num_threads)
    assert table.partitions == usual.partitions
    assert [part.rows for part in table.partitions] == [40, 40, 40, 30, 30]
    assert len(table) == 180


def test_rows_are_those_of_the_files_with_their_places(tmp_path: Path) -> None:
    first = write(tmp_path, ["", *json_lines(3), "  ", *json_lines(2, start=3)], "a.gz")
    second = write(tmp_path, json_lines(2, start=5), "b.gz")
    table = ingest([first, second])
    expected = [json.loads(line) for line in json_lines(7)]
    assert [(row["user"], row["item"], row["timestamp"]) for row in rows(table)] == [
        (line["u"], line["i"], line["t"]) for line in expected
    ]
    assert [row["rating"] for row in rows(table)] == [1.0, 4.5, 3.0, None, 1.0, 4.5, 3.0]
    assert [(row["position"] >> LINE_BITS, row["position"] % (1 << LINE_BITS))
            for row in rows(table)] == [
        (0, 2), (0, 3), (0, 4), (0, 6), (0, 7), (1, 1), (1, 2),
    ]  # fmt: skip
    assert table.facts == {"num_rows": 7, "time_unit": "s", "files": ["a.gz", "b.gz"]}
    assert [part.source for part in table.partitions] == ["a.gz", "b.gz"]


def test_partitions_are_named_by_their_content(tmp_path: Path) -> None:
    table = ingest([write(tmp_path, json_lines(50))])
    for path, part in zip(table.paths, table.partitions, strict=True):
        assert hash_file(path) == part.sha256
        assert path.name == f"part-{part.sha256[:16]}.parquet"
        assert pq.read_schema(path).equals(INTERACTION_SCHEMA)
    assert {path.name for path in table.folder.iterdir()} == {path.name for path in table.paths}
    (tmp_path / "elsewhere").mkdir()
    again = ingest([write(tmp_path / "elsewhere", json_lines(50), "other name.gz")])
    assert [part.name for part in again.partitions] == [part.name for part in table.partitions]
    changed = ingest([write(tmp_path, [*json_lines(49), *json_lines(1, start=7)])])
    assert changed.partitions[0] == table.partitions[0]
    assert changed.partitions[1] != table.partitions[1]


def test_packing_and_line_ends_do_not_change_a_partition(tmp_path: Path) -> None:
    packed = ingest([write(tmp_path, json_lines(20))])
    (tmp_path / "raw.json.gz").write_bytes("\r\n".join(json_lines(20)).encode())
    plain = tmp_path / "raw.json"
    (tmp_path / "raw.json.gz").rename(plain)
    found = ingest([RawFile(plain, ROWS)])
    assert [part.sha256 for part in found.partitions] == [part.sha256 for part in packed.partitions]


@pytest.mark.parametrize("block_bytes", [1, 1 << 22])
def test_a_header_is_read_once_and_its_line_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    with_block_size(monkeypatch, block_bytes)
    path = tmp_path / "ratings.csv"
    path.write_bytes(b"\xef\xbb\xbft:float,u:token,i:token\r\n5,ann,cup\r\n6,bob,pan\r\n")
    table = ingest([RawFile(path, WITH_HEADER)])
    assert rows(table) == [
        {"user": "ann", "item": "cup", "rating": None, "timestamp": 5, "position": 2},
        {"user": "bob", "item": "pan", "rating": None, "timestamp": 6, "position": 3},
    ]
    assert table.facts["time_unit"] == "ms"


@pytest.mark.parametrize("data", [b"\n\n", b"u,i,t\n", b"u,i,t"])
def test_a_file_without_interactions_is_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "raw.csv"
    path.write_bytes(data)
    kind = WITH_HEADER if data.startswith(b"u") else ROWS
    with pytest.raises(DataError, match=r"raw\.csv must hold interactions, there is none; fetch"):
        ingest([RawFile(path, kind)])


def test_a_file_without_bytes_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "raw.csv"
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"raw\.csv must hold one record a line, it is empty"):
        ingest([RawFile(path, WITH_HEADER)])


def test_one_empty_file_of_several_may_be(tmp_path: Path) -> None:
    files = [write(tmp_path, json_lines(3), "a.gz"), write(tmp_path, ["", ""], "b.gz")]
    assert ingest(files).facts["num_rows"] == 3


@pytest.mark.parametrize("num_threads", [1, 2])
def test_of_several_bad_lines_the_first_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, num_threads: int
) -> None:
    with_block_size(monkeypatch, 50)
    lines = json_lines(300)
    lines[200] = lines[250] = "no interaction"
    with pytest.raises(DataError, match=r"raw\.json\.gz line 201: a row must be one JSON object"):
        ingest([write(tmp_path, lines)], num_threads=num_threads)


def test_a_truncated_file_is_refused_or_salvaged_with_counts(tmp_path: Path) -> None:
    lines = json_lines(5_000)
    whole, broken = write(tmp_path, lines, "a.gz"), write(tmp_path, lines, "b.gz")
    data = broken.path.read_bytes()
    broken.path.write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match=r"b\.gz ends early after line"):
        ingest([whole, broken])
    table = ingest([whole, broken], salvage=True)
    kept = table.facts["num_rows"] - 5_000
    assert 500 < kept < 4_500
    assert table.facts["salvaged_lines"] == kept
    assert 0 <= table.facts["lost_bytes"] < len(lines[kept].encode()) + 1
    untouched = ingest([whole], salvage=True)
    assert "salvaged_lines" not in untouched.facts


def test_a_table_moves_to_another_folder_by_links(tmp_path: Path) -> None:
    table = ingest([write(tmp_path, json_lines(100))])
    folder = tmp_path / "entry"
    folder.mkdir()
    table.save(folder)
    for path in table.paths:
        assert (folder / path.name).stat().st_ino == path.stat().st_ino
    back = InteractionTable.load(folder)
    assert (back.partitions, back.facts) == (table.partitions, table.facts)
    assert rows(back) == rows(table)


def test_a_table_moves_by_copies_where_there_are_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    table = ingest([write(tmp_path, json_lines(100))])
    table.save(tmp_path)
    assert rows(InteractionTable.load(tmp_path)) == rows(table)
    assert all((tmp_path / path.name).stat().st_nlink == 1 for path in table.paths)


def test_the_temporary_folder_goes_with_the_table(tmp_path: Path) -> None:
    table = ingest([write(tmp_path, json_lines(10))])
    folder = table.folder
    table.save(tmp_path)
    assert folder.is_dir()
    del table
    assert not folder.exists()
    assert len(InteractionTable.load(tmp_path)) == 10


def test_a_table_that_misses_a_partition_is_an_error(tmp_path: Path) -> None:
    table = ingest([write(tmp_path, json_lines(50))])
    table.save(tmp_path)
    (tmp_path / table.partitions[1].name).unlink()
    with pytest.raises(ArtifactError, match=f"must hold {table.partitions[1].name}, .*recompute"):
        InteractionTable.load(tmp_path)
