"""Many strings in one mapped block: a sequence like any other."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clairo.core import string_column
from clairo.core.errors import ArtifactError
from clairo.core.string_column import StringColumn, write_strings

NAMES = ("ann", "", "Ünï 日本 🙂", "a\nb", "ann")
_TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=12)


def written(path: Path, *chunks: list[str]) -> StringColumn:
    write_strings(path, (pa.array(chunk, pa.string()) for chunk in chunks))
    return StringColumn.read(path)


@given(_TEXTS)
def test_it_is_the_sequence_it_was_made_of(texts: list[str]) -> None:
    column = StringColumn.of(texts)
    assert list(column) == texts
    assert len(column) == len(texts)
    assert [column[place] for place in range(len(texts))] == texts
    assert column == texts
    assert column == tuple(texts)
    assert column == StringColumn.of(texts)


@given(_TEXTS, st.integers(-14, 14) | st.none(), st.integers(-14, 14) | st.none())
def test_slices_are_those_of_a_tuple(texts: list[str], start: int | None, stop: int | None) -> None:
    column = StringColumn.of(texts)
    for step in (None, 1, 2, -1):
        assert column[start:stop:step] == tuple(texts)[start:stop:step]


def test_places_count_from_the_end_too_and_end_somewhere() -> None:
    column = StringColumn.of(NAMES)
    assert column[-1] == "ann"
    assert column.index("a\nb") == 3
    assert "ann" in column
    assert "bob" not in column
    for place in (5, -6):
        with pytest.raises(IndexError):
            column[place]


def test_it_differs_from_what_is_not_the_same() -> None:
    column = StringColumn.of(NAMES)
    for other in (NAMES[:-1], (*NAMES, "x"), (*NAMES[:-1], "bob"), "ann", 5, None):
        assert column != other
    assert column != StringColumn.of(NAMES[:-1])


def test_it_cannot_be_a_key() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(StringColumn.of(NAMES))


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    StringColumn.of(NAMES).write(tmp_path / "a.arrow")
    assert StringColumn.read(tmp_path / "a.arrow") == NAMES


@pytest.mark.parametrize("chunks", [(), ([],), ([], [])])
def test_no_strings_are_a_column_too(tmp_path: Path, chunks: tuple[list[str], ...]) -> None:
    column = written(tmp_path / "a.arrow", *chunks)
    assert len(column) == 0
    assert list(column) == []
    assert column == ()
    assert column[:5] == ()
    StringColumn.of(()).write(tmp_path / "b.arrow")
    assert StringColumn.read(tmp_path / "b.arrow") == ()


def test_chunks_are_one_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(string_column, "_BATCH_ROWS", 2)
    column = written(tmp_path / "a.arrow", ["a", "b", "c"], [], ["d", "e"])
    assert list(column) == list("abcde")
    assert column[3] == "d"
    assert column[1:4] == ("b", "c", "d")
    assert column == StringColumn.of("abcde")
    column.write(tmp_path / "b.arrow")
    assert StringColumn.read(tmp_path / "b.arrow") == column


def test_what_is_read_is_mapped_and_not_copied(tmp_path: Path) -> None:
    StringColumn.of([f"user {number:07d}" for number in range(300_000)]).write(tmp_path / "a.arrow")
    before = pa.total_allocated_bytes()
    column = StringColumn.read(tmp_path / "a.arrow")
    assert column[299_999] == "user 0299999"
    assert pa.total_allocated_bytes() - before < 100_000
    # What is mapped stays there when the file's name is gone.
    (tmp_path / "a.arrow").unlink()
    assert column[150_000] == "user 0150000"


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_damaged_file_is_a_clear_error(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.arrow"
    StringColumn.of(NAMES * 100).write(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ArtifactError, match=r"a\.arrow: strings cannot be read .*; recompute it"):
        StringColumn.read(path)


def test_a_missing_file_and_another_one_are_clear_errors(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="recompute it"):
        StringColumn.read(tmp_path / "absent.arrow")
    table = pa.table({"other": ["a"]})
    with pa.OSFile(str(tmp_path / "b"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as out:
        out.write_table(table)
    with pytest.raises(ArtifactError, match="recompute it"):
        StringColumn.read(tmp_path / "b")
