"""Nothing outside the data folder is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from clairo.core.errors import DataError
from clairo.datasets.places import require_files_inside, require_inside


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
