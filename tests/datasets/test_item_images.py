"""Pictures: found, checked, never mixed up."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from clairo.core.errors import DataError
from clairo.datasets.item_images import find_images, picture_format, pictured_items, read_images
from tests.datasets.amazon_files import picture


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_whole_pictures_decode(kind: str) -> None:
    assert picture_format(picture(kind=kind)) == kind


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>not found</html>",
        picture()[:300],
        picture(kind="PNG")[:-20],
        picture(side=1, kind="GIF"),
    ],
    ids=["empty", "page", "truncated jpeg", "truncated png", "one pixel"],
)
def test_what_shows_nothing_is_no_picture(data: bytes) -> None:
    assert picture_format(data) is None


def test_a_decompression_bomb_is_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert picture_format(picture(side=12)) is None
    assert picture_format(picture(side=40)) is None


def test_an_undecodable_picture_is_missing_and_its_neighbours_keep_theirs(tmp_path: Path) -> None:
    red, blue = picture("red"), picture("blue", kind="PNG")
    (tmp_path / "a.jpg").write_bytes(red)
    (tmp_path / "b.jpg").write_bytes(red[:200])
    (tmp_path / "d.PNG").write_bytes(blue)
    (tmp_path / "stranger.jpg").write_bytes(red)
    found = read_images(tmp_path, ["d", "c", "b", "a"])
    assert found.images == (blue, None, None, red)
    assert found.undecodable == ("b.jpg",)


def test_a_broken_picture_does_not_hide_a_good_one_of_the_same_item(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture()[:200])
    (tmp_path / "a.png").write_bytes(picture(kind="PNG"))
    (tmp_path / "b.jpg").write_bytes(b"")
    found = read_images(tmp_path, ["b", "a"])
    assert found.images == (None, picture(kind="PNG"))
    assert found.undecodable == ("b.jpg", "a.jpg")
    assert pictured_items(tmp_path) == ("a",)


def test_without_a_folder_there_are_no_pictures(tmp_path: Path) -> None:
    assert read_images(tmp_path / "absent", ["a"]).images == (None,)


def test_of_two_files_of_one_item_the_first_by_name_counts(tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg", "a"):
        (tmp_path / name).write_bytes(b"")
    assert find_images(tmp_path, ["a"])["a"].name == "a.jpg"


def test_a_picture_that_cannot_be_read_at_all_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture())
    original = Path.read_bytes

    def fail(path: Path) -> bytes:
        if path.name == "a.jpg":
            raise PermissionError(13, "Permission denied")
        return original(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_bytes", fail)
        with pytest.raises(DataError, match="check its rights"):
            read_images(tmp_path, ["a"])
