"""Pictures that come with a table, and links that lead elsewhere."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from clairo.core.errors import DataError
from clairo.datasets.frame_pictures import CopiedPictures, candidate_pictures, copy_pictures
from clairo.datasets.frames import ImportSettings, Tables, save_as_atomic, save_tables
from tests.datasets.amazon_files import picture

VISITS = pd.DataFrame({"user_id": [1, 1], "item_id": ["cup", "pot"], "timestamp": [1, 2]})
AGAIN = ImportSettings(overwrite=True)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A cup that decodes, a pot that does not, a text, a hidden file and a folder."""
    folder = tmp_path / "photos"
    (folder / "more.jpg").mkdir(parents=True)
    (folder / "cup.jpg").write_bytes(picture())
    (folder / "pot.jpg").write_bytes(picture()[:200])
    (folder / "read.me").write_text("no picture")
    (folder / ".hidden.jpg").write_bytes(picture())
    return folder


def test_pictures_that_do_not_decode_stay_behind_and_are_named(
    tmp_path: Path, photos: Path
) -> None:
    saved = save_tables(Tables(VISITS, images=photos), tmp_path / "data", "shop")
    assert saved.pictures == CopiedPictures(("cup.jpg",), ("pot.jpg", "read.me"))
    assert [path.name for path in saved.config.image_dir.iterdir()] == ["cup.jpg"]
    assert saved.config.read().catalog.has_image.tolist() == [True, False]


def test_a_link_within_the_folder_of_pictures_is_a_picture(tmp_path: Path, photos: Path) -> None:
    (photos / "lid.jpg").symlink_to(photos / "cup.jpg")
    (tmp_path / "way").symlink_to(photos)
    pictures = candidate_pictures(tmp_path / "way")
    copied = copy_pictures(pictures, tmp_path / "copies")
    assert copied.copied == ("cup.jpg", "lid.jpg")
    assert not (tmp_path / "copies" / "lid.jpg").is_symlink()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("/etc/passwd", r"passwd.jpg must be a picture of its folder, it is a link to /etc/passwd"),
        ("absent.jpg", r"passwd.jpg must be a picture, which is a link that leads to no file"),
        ("passwd.jpg", r"passwd.jpg must be a picture, which is a link that leads to no file"),
    ],
)
def test_links_that_are_no_pictures_are_refused_before_anything_is_written(
    tmp_path: Path, photos: Path, target: str, message: str
) -> None:
    (photos / "passwd.jpg").symlink_to(target)
    with pytest.raises(DataError, match=message):
        save_as_atomic(VISITS, tmp_path / "data", "shop", images=photos)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("is_file", [False, True])
def test_a_folder_of_pictures_that_is_none_leaves_no_data_set_behind(
    tmp_path: Path, is_file: bool
) -> None:
    nope = tmp_path / "nope"
    if is_file:
        nope.write_text("")
    with pytest.raises(DataError, match=r"images must be a folder of pictures, got .*nope"):
        save_as_atomic(VISITS, tmp_path / "data", "shop", images=nope)
    # So that the next attempt need not overwrite anything.
    save_as_atomic(VISITS, tmp_path / "data", "shop")


def test_a_picture_that_cannot_be_read_leaves_no_data_set_behind(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DataError, match=r"cup.jpg must be a readable picture"):
        save_as_atomic(VISITS, tmp_path / "data", "shop", images=photos)
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize("name", [".", "images", "shop.inter", "shop.item", "clairo.yaml"])
def test_nothing_is_written_through_a_link_that_leads_out(
    tmp_path: Path, photos: Path, name: str
) -> None:
    folder, outside = tmp_path / "data/atomic/shop", tmp_path / "outside"
    outside.mkdir()
    link = folder / name
    link.parent.mkdir(parents=True)
    link.symlink_to(outside if name in (".", "images") else outside / name)
    with pytest.raises(DataError, match=r"must lie in the data folder .*leads to"):
        save_as_atomic(VISITS, tmp_path / "data", "shop", images=photos, settings=AGAIN)
    assert list(outside.iterdir()) == []
    assert list(folder.parent.glob("shop/*.inter")) in ([], [link])
