"""What is not asked twice: pictures that items share, and what an earlier run left."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.picture_manifest import MANIFEST_FILE, read_manifest
from tests.datasets.amazon_files import picture, put_picture, reviews_path
from tests.datasets.file_server import Fault
from tests.datasets.picture_shop import Shop


def test_the_same_content_is_stored_once_under_several_names(shop: Shop) -> None:
    names = [f"i{number}" for number in range(6)]
    for name in names:
        shop.server.files[f"/{name}.jpg"] = picture("gray")
        shop.sells(name, f"/{name}.jpg")
    shop.server.files["/own.jpg"] = picture("red")
    shop.sells("own", "/own.jpg")
    summary = shop.fetch()
    assert (summary.num_fetched, summary.num_duplicates) == (7, 5)
    inodes = {(shop.config.image_dir / f"{name}.jpg").stat().st_ino for name in names}
    assert len(inodes) == 1
    assert shop.config.read().facts["num_images"] == 7
    ((shared),) = summary.shared
    assert (shared.file, shared.num_items) == ("i0.jpg", 6)
    assert any("6 items share one picture" in line for line in summary.lines(Path("f")))


def test_where_there_are_no_links_the_same_content_is_copied(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError(95, os.strerror(95))

    monkeypatch.setattr("clairo.datasets.picture_files.os.link", refuse)
    for name in ("cup", "pot"):
        shop.server.files[f"/{name}.jpg"] = picture("gray")
        shop.sells(name, f"/{name}.jpg")
    assert shop.fetch().num_duplicates == 1
    assert shop.files() == {"cup.jpg": picture("gray"), "pot.jpg": picture("gray")}
    assert (shop.config.image_dir / "cup.jpg").stat().st_nlink == 1


def test_an_address_that_many_items_name_is_asked_once(shop: Shop) -> None:
    shop.server.files["/same.jpg"] = picture()
    for number in range(9):
        shop.sells(f"i{number}", "/gone.jpg", "/same.jpg")
    summary = shop.fetch()
    assert (summary.num_fetched, summary.num_duplicates) == (9, 8)
    assert len(shop.server.gets("/same.jpg")) == len(shop.server.gets("/gone.jpg")) == 1
    assert len(read_manifest(shop.config.folder)) == 18
    # A new item of a later release needs no request at all.
    (shop.config.image_dir / "i3.jpg").unlink()
    shop.server.requests.clear()
    assert shop.fetch().num_fetched == 1
    assert shop.server.gets("/same.jpg") == []


def test_a_second_run_asks_only_for_what_failed_for_now(shop: Shop) -> None:
    shop.server.files |= {"/a.jpg": picture("red"), "/b.jpg": picture("blue"), "/c.jpg": b"no"}
    shop.server.faults["/b.jpg"] = Fault(status=500)
    for name in ("a", "b", "c", "d"):
        shop.sells(name, f"/{name}.jpg")
    assert shop.fetch().missing == {"failed": 1, "not_a_picture": 1, "not_found": 1}
    shop.server.requests.clear()
    shop.server.faults.clear()
    summary = shop.fetch()
    assert (summary.num_present, summary.num_fetched) == (1, 1)
    assert [path for _, path, _ in shop.server.requests] == ["/b.jpg"]
    shop.server.files |= {"/c.jpg": picture("green"), "/d.jpg": picture("white")}
    shop.server.requests.clear()
    assert shop.fetch().num_fetched == 0
    assert shop.server.requests == []
    assert shop.fetch(retry_failed=True).num_fetched == 2


def test_nothing_is_read_again_where_the_raw_files_are_as_they_were(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.server.files["/cup.jpg"] = picture()
    shop.sells("cup", "/cup.jpg")
    shop.sells("pot", "/gone.jpg")
    shop.fetch()
    reads: list[str] = []

    def refuse(config: AmazonConfig, item_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        reads.append("metadata")
        return {"cup": ()}

    monkeypatch.setattr("clairo.datasets.amazon_items.read_picture_urls", refuse)
    manifest = (shop.config.folder / MANIFEST_FILE).read_bytes()
    assert shop.fetch().missing == {"not_found": 1}
    assert reads == []
    assert (shop.config.folder / MANIFEST_FILE).read_bytes() == manifest
    # Another time of change, or other filters, and it is read again.
    os.utime(reviews_path(shop.config), ns=(1, 1))
    shop.fetch()
    assert reads == ["metadata"]


def test_a_damaged_list_of_candidates_is_made_again(shop: Shop) -> None:
    shop.server.files["/cup.jpg"] = picture()
    shop.sells("cup", "/cup.jpg")
    shop.fetch()
    (kept,) = (shop.config.folder / ".partial").glob("candidates-*.parquet")
    kept.write_bytes(b"PAR1 damaged")
    assert shop.fetch().num_present == 1
    assert kept.read_bytes() != b"PAR1 damaged"


def test_pictures_that_lie_there_are_left_as_they_are(shop: Shop) -> None:
    shop.sells("cup", "/cup.jpg")
    shop.write()
    put_picture(shop.config, "cup.png", b"put here by hand")
    assert shop.fetch().num_present == 1
    assert shop.files() == {"cup.png": b"put here by hand"}
