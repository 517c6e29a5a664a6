"""Nothing outside the data folder is read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from clairo.core.errors import DataError
from clairo.datasets.places import (
    list_files,
    list_folder,
    require_files_inside,
    require_inside,
    why_no_file,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a file, beside a folder whose name begins alike."""
    for name in ("data", "data-of-others"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("text")
    return tmp_path / "data"


def test_what_lies_in_the_folder_is_inside(folder: Path) -> None:
    require_inside(folder / "file", folder)
    require_inside(folder / "absent" / "file", folder)
    (folder / "link").symlink_to(folder / "file")
    require_inside(folder / "link", folder)
    (folder.parent / "way").symlink_to(folder)
    require_inside(folder.parent / "way" / "file", folder)
    require_inside(folder / "file", folder.parent / "way")


@pytest.mark.parametrize("name", ["../data-of-others/file", "link", "linked folder/file", ".."])
def test_what_leads_out_is_refused_with_its_place(folder: Path, name: str) -> None:
    (folder / "link").symlink_to(folder.parent / "data-of-others" / "file")
    (folder / "linked folder").symlink_to(folder.parent / "data-of-others")
    with pytest.raises(DataError, match=r"must lie in the data folder .*leads to .*; copy the"):
        require_inside(folder / name, folder)


def test_a_folder_is_as_safe_as_its_links(folder: Path) -> None:
    pictures = folder / "images"
    pictures.mkdir()
    (pictures / "a.jpg").write_text("a")
    (pictures / "b.jpg").symlink_to(pictures / "a.jpg")
    require_files_inside(pictures, folder)
    (pictures / "c.jpg").symlink_to(folder.parent / "data-of-others" / "file")
    with pytest.raises(DataError, match=r"c\.jpg must lie in the data folder"):
        require_files_inside(pictures, folder)


def test_a_folder_that_is_a_link_leads_where_it_leads(folder: Path) -> None:
    (folder / "images").symlink_to(folder.parent / "data-of-others")
    with pytest.raises(DataError, match="images must lie in the data folder"):
        require_files_inside(folder / "images", folder)


def test_what_stands_in_the_place_of_a_file_is_said(folder: Path) -> None:
    (folder / "dangling").symlink_to(folder / "absent")
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    assert why_no_file(folder) == "which is a folder and no file"
    assert why_no_file(folder / "dangling").startswith("which is a link that leads to no file")
    assert (
        why_no_file(folder / "loop") == f"which is a link that leads to no file (to {folder}/loop)"
    )
    assert why_no_file(folder / "pipe") == "which is no regular file"
    assert why_no_file(folder / "absent") == "which is not there"


def test_a_loop_of_links_leads_nowhere_else(folder: Path) -> None:
    (folder / "loop").symlink_to(folder / "loop")
    require_inside(folder / "loop", folder)


def test_files_are_listed_in_order_with_those_below_and_without_linked_folders(
    folder: Path,
) -> None:
    (folder / "b").mkdir()
    (folder / "b" / "deep").write_text("x")
    (folder / "away").symlink_to(folder.parent / "data-of-others")
    assert list_files(folder) == [folder / "b" / "deep", folder / "file"]
    assert list_folder(folder) == [folder / "away", folder / "b", folder / "file"]
    assert list_files(folder / "absent") == list_folder(folder / "absent") == []


@pytest.mark.parametrize("listing", [list_files, list_folder])
def test_a_folder_that_may_not_be_read_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, listing: Callable[[Path], list[Path]]
) -> None:
    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    # The rights of a folder are none to an administrator, who may be running this.
    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DataError, match=r"data must be readable \(Permission denied\); change its"):
        listing(folder)
