"""Hashes of raw files, and files that may not be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clairo.core.errors import DataError
from clairo.core.fingerprint import hash_file, hash_json
from clairo.pipeline.sources import hash_sources
from tests.datasets.amazon_files import picture, put_picture, write_amazon


def test_a_folder_is_the_hashes_of_its_files_by_name(tmp_path: Path) -> None:
    config = write_amazon(tmp_path)
    for name in ("pot.jpg", "cup.jpg"):
        put_picture(config, name, picture())
    (config.image_dir / "old").mkdir()
    (config.image_dir / "old" / "cup.jpg").write_bytes(b"x")
    names = ["cup.jpg", "old/cup.jpg", "pot.jpg"]
    expected = hash_json({name: hash_file(config.image_dir / name) for name in names})
    assert hash_sources(config)["images"] == expected


def test_a_picture_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_amazon(tmp_path)
    put_picture(config, "cup.jpg", picture())
    plain = Path.open

    def refuse(path: Path, *args: object, **options: object) -> object:
        if path.name == "cup.jpg":
            raise PermissionError(13, "Permission denied", str(path))
        return plain(path, *args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(
        DataError, match=r"cup.jpg cannot be read \(Permission denied\); change its"
    ):
        hash_sources(config)


def test_a_folder_that_may_not_be_read_is_not_taken_for_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_amazon(tmp_path)
    put_picture(config, "cup.jpg", picture())

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match=r"images must be readable \(Permission denied\)"):
        hash_sources(config)
