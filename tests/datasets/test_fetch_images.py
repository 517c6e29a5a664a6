"""Fetching pictures from a local server that does everything wrong once.

What counts is what the server was asked and what lies on disk, never how long it took.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from clairo.core.errors import DataError
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.fetch import FetchOptions, fetch_missing
from clairo.datasets.item_images import find_images
from clairo.datasets.picture_manifest import MANIFEST_FILE, ManifestRow, read_manifest
from clairo.datasets.picture_plan import plan_pictures
from clairo.datasets.picture_policy import PicturePolicy
from clairo.datasets.picture_summary import PictureSummary
from tests.datasets.amazon_files import picture, put_picture, reviews_path, write_amazon
from tests.datasets.file_server import Fault, FileServer
from tests.datasets.test_picture_decoding import bomb

SETTINGS: dict[str, Any] = {
    "allow_private": True,
    "attempts": 3,
    "backoff_seconds": 0.01,
    "gap_seconds": 0,
    "silence_seconds": 0.5,
    "total_seconds": 20,
    "host_failures": 50,
    "max_side": 64,
}


class Shop:
    """Items with addresses on the server, in a folder of their own."""

    def __init__(self, server: FileServer, root: Path) -> None:
        self.server = server
        self.root = root
        self.rows: list[dict[str, Any]] = []

    def sells(self, item: str, *paths: str) -> None:
        urls = [path if "://" in path else f"{self.server.url}{path}" for path in paths]
        self.rows.append({"asin": item, "title": item, "imageURLHighRes": urls})

    def write(self) -> AmazonConfig:
        reviews = [("ann", row["asin"], time) for time, row in enumerate(self.rows)]
        return write_amazon(self.root, reviews, self.rows)

    def fetch(self, said: list[str] | None = None, **settings: Any) -> PictureSummary:
        config = self.write() if not self.config.folder.exists() else self.config
        policy = PicturePolicy.model_validate({**SETTINGS, **settings})
        announce = (lambda line: None) if said is None else said.append
        options = FetchOptions(picture_policy=policy)
        return fetch_missing(config, allow=True, announce=announce, options=options).images

    @property
    def config(self) -> AmazonConfig:
        return AmazonConfig(category="Gift_Cards", release="2018", data_dir=self.root)

    def row(self, item: str, path: str) -> ManifestRow:
        return read_manifest(self.config.folder)[item, f"{self.server.url}{path}"]

    def files(self) -> dict[str, bytes]:
        folder = self.config.image_dir
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def shop(server: FileServer, tmp_path: Path) -> Shop:
    return Shop(server, tmp_path / "data")


def test_a_picture_is_stored_and_the_manifest_says_what_it_was(shop: Shop) -> None:
    data = picture(side=200)
    shop.server.files["/cup.jpg"] = data
    shop.sells("cup", "/cup.jpg")
    before = datetime.now(UTC).replace(microsecond=0)
    summary = shop.fetch()
    assert (summary.num_fetched, summary.num_bytes, summary.missing) == (1, len(data), {})
    row = shop.row("cup", "/cup.jpg")
    assert (row.outcome, row.status, row.bytes, row.attempts) == ("stored", 200, len(data), 1)
    assert row.sha256 == hashlib.sha256(data).hexdigest()
    assert (row.file, row.width, row.height) == ("cup.jpg", 64, 64)
    assert before <= datetime.fromisoformat(row.when) <= datetime.now(UTC)
    assert Image.open(io.BytesIO(shop.files()["cup.jpg"])).size == (64, 64)
    assert shop.config.read().facts["num_images"] == 1


BAD_ANSWERS = [
    (Fault(status=404), None, "not_found"),
    (Fault(status=410), None, "not_found"),
    (Fault(status=403), None, "refused"),
    (Fault(status=500), None, "failed"),
    (Fault(status=429, retry_after="0"), None, "failed"),
    (Fault(drop_after=50), None, "failed"),
    (Fault(is_silent=True), None, "failed"),
    (Fault(), b"<html><p>Robot check</html>", "not_a_picture"),
    (Fault(), picture()[:-30], "not_a_picture"),
    (Fault(), picture(side=1, kind="PNG"), "not_a_picture"),
    (Fault(), bomb(9_000), "too_many_pixels"),
    (Fault(), bytes(60_000), "too_large"),
    (Fault(status=302, location="/bad.jpg"), None, "redirects"),
    (Fault(status=302, location="ftp://a.example/x"), None, "bad_address"),
]


@pytest.mark.parametrize(("fault", "content", "outcome"), BAD_ANSWERS)
def test_the_next_address_is_asked_where_one_gives_no_picture(
    shop: Shop, fault: Fault, content: bytes | None, outcome: str
) -> None:
    shop.server.files |= {"/bad.jpg": content or picture("red"), "/good.jpg": picture("blue")}
    shop.server.faults["/bad.jpg"] = fault
    shop.sells("cup", "/bad.jpg", "/good.jpg", "/never.jpg")
    summary = shop.fetch(attempts=2, max_bytes=50_000)
    assert summary.num_fetched == 1
    assert shop.files() == {"cup.jpg": picture("blue")}
    assert shop.row("cup", "/bad.jpg").outcome == outcome
    assert shop.server.gets("/never.jpg") == []
    asked = 2 if outcome == "failed" else 1
    assert len(shop.server.gets("/bad.jpg")) == asked


def test_a_drip_without_end_is_left_for_the_next_address(shop: Shop) -> None:
    shop.server.files |= {"/good.jpg": picture("blue")}
    shop.server.faults["/slow.jpg"] = Fault(drips=True)
    shop.sells("cup", "/slow.jpg", "/good.jpg")
    assert shop.fetch(attempts=1, total_seconds=0.4).num_fetched == 1
    assert shop.row("cup", "/slow.jpg").outcome == "failed"


def test_every_address_of_an_item_is_tried_and_the_reason_can_be_read(shop: Shop) -> None:
    shop.server.files["/b.jpg"] = b"no picture"
    shop.sells("cup", "/a.jpg", "/b.jpg")
    summary = shop.fetch()
    assert summary.missing == {"not_a_picture": 1}
    assert shop.row("cup", "/a.jpg").reason == "the server answered 404"
    assert "no whole picture" in shop.row("cup", "/b.jpg").reason


def test_a_server_in_trouble_is_asked_again_with_growing_pauses(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranges: list[tuple[float, float]] = []

    def middle(low: float, high: float) -> float:
        ranges.append((low, high))
        return 1.0

    pauses: list[float] = []
    from clairo.datasets.picture_turns import Job, Turns

    original = Turns.add

    def add(turns: Turns, job: Job, delay: float = 0.0) -> None:
        pauses.append(delay)
        original(turns, job, delay)

    monkeypatch.setattr("clairo.datasets.picture_run.random.uniform", middle)
    monkeypatch.setattr(Turns, "add", add)
    shop.server.files["/cup.jpg"] = picture()
    shop.server.faults["/cup.jpg"] = Fault(status=500, times=3)
    shop.sells("cup", "/cup.jpg")
    assert shop.fetch(attempts=4).num_fetched == 1
    assert pauses == [0.0, 0.01, 0.02, 0.04]
    assert ranges == [(0.5, 1.5)] * 3
    assert shop.row("cup", "/cup.jpg").attempts == 4


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("as_date", [False, True])
def test_the_pause_that_a_server_asks_for_holds_for_the_whole_host(
    shop: Shop, status: int, as_date: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clairo.datasets.picture_turns import Turns

    asked: list[tuple[str, float]] = []

    def pause(turns: Turns, host: str, seconds: float, reason: str) -> None:
        asked.append((host, seconds))

    monkeypatch.setattr(Turns, "pause", pause)
    value = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    shop.server.files["/cup.jpg"] = picture()
    shop.server.faults["/cup.jpg"] = Fault(
        status=status, retry_after=value if as_date else "3600", times=1
    )
    shop.sells("cup", "/cup.jpg")
    assert shop.fetch().num_fetched == 1
    ((host, seconds),) = asked
    assert shop.server.url.endswith(host)
    assert 3_500 < seconds <= 3_600


def test_a_host_that_asks_for_an_hour_is_left_until_the_next_run(shop: Shop) -> None:
    for number in range(30):
        shop.server.files[f"/{number}.jpg"] = picture()
        shop.server.faults[f"/{number}.jpg"] = Fault(status=429, retry_after="3600")
        shop.sells(f"i{number}", f"/{number}.jpg")
    summary = shop.fetch(per_host=1)
    # One answer was enough; nobody waited, and nobody asked for the others.
    assert len(shop.server.requests) - 3 == 1
    assert summary.missing == {"given_up": 30}
    (reason,) = summary.hosts_given_up.values()
    assert reason == "it answers 429 and asks to wait 3,600 s"
    shop.server.faults.clear()
    assert shop.fetch().num_fetched == 30


def test_a_host_that_keeps_failing_is_given_up_and_another_goes_on(shop: Shop) -> None:
    shop.server.files["/good.jpg"] = picture()
    for number in range(20):
        shop.sells(f"i{number}", f"http://127.0.0.1:9/{number}.jpg")
    shop.sells("cup", "http://127.0.0.1:9/cup.jpg", "/good.jpg")
    summary = shop.fetch(host_failures=4)
    assert summary.num_fetched == 1
    assert sum(summary.missing.values()) == 20
    assert list(summary.hosts_given_up) == ["127.0.0.1:9"]


def test_redirects_are_followed_up_to_a_limit(shop: Shop) -> None:
    shop.server.files["/3.jpg"] = picture()
    for number in range(3):
        fault = Fault(status=301, location=f"{number + 1}.jpg")
        shop.server.faults[f"/{number}.jpg"] = fault
    shop.sells("cup", "/0.jpg")
    assert shop.fetch(max_redirects=2).missing == {"redirects": 1}
    assert "more than 2 redirects" in shop.row("cup", "/0.jpg").reason
    assert shop.server.gets("/3.jpg") == []
    assert shop.fetch(max_redirects=3, retry_failed=True).num_fetched == 1
    assert shop.row("cup", "/0.jpg").final_url == f"{shop.server.url}/3.jpg"


def test_a_loop_of_redirects_is_seen_at_its_first_return(shop: Shop) -> None:
    shop.server.faults["/a.jpg"] = Fault(status=302, location="/b.jpg")
    shop.server.faults["/b.jpg"] = Fault(status=302, location="/a.jpg")
    shop.sells("cup", "/a.jpg")
    assert shop.fetch(max_redirects=90).missing == {"redirects": 1}
    assert len(shop.server.gets("/a.jpg")) == len(shop.server.gets("/b.jpg")) == 1


def test_a_redirect_to_a_private_address_is_refused_unless_allowed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first host counts as public here, so that only the second one can be refused.
    import ipaddress

    port = shop.server.url.rpartition(":")[2]
    server_address = ipaddress.ip_address("127.0.0.1")
    monkeypatch.setattr(
        "clairo.datasets.public_addresses.is_public", lambda address: address == server_address
    )
    shop.server.faults["/cup.jpg"] = Fault(status=302, location=f"http://127.0.0.2:{port}/in.jpg")
    shop.server.files["/in.jpg"] = picture()
    shop.sells("cup", "/cup.jpg")
    summary = shop.fetch(allow_private=False)
    assert summary.missing == {"private_address": 1}
    row = shop.row("cup", "/cup.jpg")
    assert row.final_url == f"http://127.0.0.2:{port}/in.jpg"
    assert "127.0.0.2 is at 127.0.0.2" in row.reason
    assert shop.server.gets("/in.jpg") == []
    # What was refused then is asked without --retry-failed once it is allowed.
    shop.server.faults["/cup.jpg"] = Fault(status=302, location="/in.jpg")
    assert shop.fetch(allow_private=True).num_fetched == 1


def test_an_address_on_a_private_host_is_refused_itself(shop: Shop) -> None:
    shop.server.files["/cup.jpg"] = picture()
    shop.sells("cup", "/cup.jpg")
    assert shop.fetch(allow_private=False).missing == {"private_address": 1}
    assert shop.server.requests == []


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


def test_ids_that_are_no_file_names_and_items_without_address_are_counted(shop: Shop) -> None:
    shop.sells("../evil", "/cup.jpg")
    shop.sells("plain")
    summary = shop.fetch()
    assert summary.missing == {"unsafe_id": 1, "no_address": 1}
    assert (summary.num_without_url, summary.num_unavailable) == (2, 0)
    assert shop.server.requests == []


def test_pictures_that_lie_there_are_left_as_they_are(shop: Shop) -> None:
    shop.sells("cup", "/cup.jpg")
    shop.write()
    put_picture(shop.config, "cup.png", b"put here by hand")
    assert shop.fetch().num_present == 1
    assert shop.files() == {"cup.png": b"put here by hand"}


def test_a_full_disk_ends_the_run_and_what_was_there_stays(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        shop.server.files[f"/{name}.jpg"] = picture("red" if name == "a" else "blue")
        shop.sells(name, f"/{name}.jpg")
    original, written = Path.write_bytes, list[str]()

    def write(path: Path, data: bytes) -> int:
        if path.name.endswith(".jpg.part"):
            written.append(path.name)
            if len(written) == 2:
                raise OSError(28, os.strerror(28))
        return original(path, data)

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(DataError, match=r"must be writable.*No space left"):
        shop.fetch()
    assert len(shop.files()) == 1
    monkeypatch.undo()
    assert (shop.fetch().num_present, len(shop.files())) == (1, 2)


def test_the_announcement_names_number_hosts_and_size(shop: Shop) -> None:
    shop.server.files |= {f"/{n}.jpg": bytes(1_000) for n in range(4)}
    for number in range(4):
        shop.sells(f"i{number}", f"/{number}.jpg")
    said: list[str] = []
    shop.fetch(said)
    host = shop.server.url.removeprefix("http://")
    assert said[0] == f"  4 pictures from {host} (about 4.0 kB) -> {shop.config.image_dir}"
    assert {method for method, _, _ in shop.server.requests[:3]} == {"HEAD"}


def test_every_reason_has_a_label_and_a_cure() -> None:
    from typing import get_args

    from clairo.datasets.picture_manifest import Outcome
    from clairo.datasets.picture_summary import missing_lines

    reasons = [*get_args(Outcome), "no_address", "unsafe_id", "given_up"]
    lines = missing_lines(dict.fromkeys(reasons, 1))
    assert len(set(lines)) == len(reasons)
    assert all(": " in line for line in lines)


def test_a_plan_shows_five_hosts_and_counts_the_others(tmp_path: Path) -> None:
    candidates = {f"i{n}": (f"http://h{n}.example/x.jpg",) for n in range(7)}
    plan = plan_pictures(candidates, {}, tmp_path, PicturePolicy())
    assert "h4.example (1), 2 more hosts (size unknown)" in plan.announcement(tmp_path, None)
    assert find_images(tmp_path, list(candidates)) == {}


def test_the_manifest_holds_no_password(shop: Shop) -> None:
    shop.server.files["/cup.jpg"] = picture()
    shop.sells("cup", shop.server.url.replace("http://", "http://ann:secret@") + "/cup.jpg")
    assert shop.fetch().num_fetched == 1
    text = (shop.config.folder / MANIFEST_FILE).read_text()
    assert "secret" not in text
    assert json.loads(text)["url"] == f"{shop.server.url}/cup.jpg"
