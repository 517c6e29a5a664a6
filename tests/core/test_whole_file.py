"""Files appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from clairo.core.errors import ConfigError, DataError
from clairo.core.whole_file import require_free, written_whole


def test_a_file_takes_its_name_when_the_block_ends_well(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with written_whole(path) as beside:
        beside.write_text("whole")
        assert not path.exists()
        assert beside.suffix == ".txt"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def stop_half_way() -> None:
        with written_whole(path) as beside:
            beside.write_text("ha")
            raise KeyError("stopped")

    with pytest.raises(KeyError, match="stopped"):
        stop_half_way()
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_disk_that_refuses_is_an_error_with_a_cure(tmp_path: Path) -> None:
    with (
        pytest.raises(DataError, match=r"must be writable, got: No such file.*name another"),
        written_whole(tmp_path / "no" / "a.txt") as beside,
    ):
        beside.write_text("x")


def test_a_file_that_is_there_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    require_free(path, force=False)
    path.write_text("old")
    require_free(path, force=True)
    with pytest.raises(ConfigError, match="is there already; add --force"):
        require_free(path, force=False)


def test_a_place_that_can_hold_no_file_is_refused_whatever_the_force(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        require_free(tmp_path, force=True)
    with pytest.raises(ConfigError, match=r"there is no .*make it or name another"):
        require_free(tmp_path / "no" / "a.txt", force=True)
