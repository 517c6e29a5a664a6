"""A table of raw interactions is what its manifest says, and moves without being read."""

from __future__ import annotations

from pathlib import Path

import pytest

from clairo.core.errors import ArtifactError
from clairo.core.interaction_table import InteractionTable, Partition

PARTITIONS = (
    Partition("part-aa.parquet", "aa" * 32, 3, "reviews.json.gz"),
    Partition("part-bb.parquet", "bb" * 32, 2, "more.json.gz"),
)


def table(folder: Path) -> InteractionTable:
    folder.mkdir()
    for part in PARTITIONS:
        (folder / part.name).write_text(part.sha256)
    return InteractionTable(folder, PARTITIONS, {"num_rows": 5, "time_unit": "s"})


def moved(folder: Path) -> Path:
    (folder / "entry").mkdir()
    table(folder / "made").save(folder / "entry")
    return folder / "entry"


def test_it_has_as_many_rows_as_its_partitions(tmp_path: Path) -> None:
    made = table(tmp_path / "made")
    assert len(made) == 3 + 2
    assert [path.name for path in made.paths] == ["part-aa.parquet", "part-bb.parquet"]


def test_it_comes_back_as_it_was_in_its_own_folder(tmp_path: Path) -> None:
    back = InteractionTable.load(moved(tmp_path))
    assert back.partitions == PARTITIONS
    assert back.facts == {"num_rows": 5, "time_unit": "s"}
    assert [path.read_text() for path in back.paths] == ["aa" * 32, "bb" * 32]
    assert all(path.parent == tmp_path / "entry" for path in back.paths)


def test_the_entry_outlives_the_folder_it_came_from(tmp_path: Path) -> None:
    entry = moved(tmp_path)
    for path in (tmp_path / "made").iterdir():
        path.unlink()
    assert [path.read_text() for path in InteractionTable.load(entry).paths] == [
        "aa" * 32,
        "bb" * 32,
    ]


def test_a_partition_that_is_listed_twice_is_moved_once(tmp_path: Path) -> None:
    made = table(tmp_path / "made")
    twice = InteractionTable(made.folder, (*PARTITIONS, PARTITIONS[0]), made.facts)
    (tmp_path / "entry").mkdir()
    twice.save(tmp_path / "entry")
    assert len(InteractionTable.load(tmp_path / "entry")) == 3 + 2 + 3


def test_without_links_it_is_copied_and_a_failing_copy_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    assert len(InteractionTable.load(moved(tmp_path))) == 5
    (tmp_path / "made" / "part-aa.parquet").unlink()
    gone = InteractionTable(tmp_path / "made", PARTITIONS, {})
    (tmp_path / "other").mkdir()
    with pytest.raises(FileNotFoundError):
        gone.save(tmp_path / "other")


@pytest.mark.parametrize("name", ["part-aa.parquet", "part-bb.parquet", "interactions.json"])
def test_a_missing_file_is_a_clear_error(tmp_path: Path, name: str) -> None:
    entry = moved(tmp_path)
    (entry / name).unlink()
    with pytest.raises(ArtifactError, match=f"{name}.*; recompute it"):
        InteractionTable.load(entry)
