"""Fetching pictures from a local server that does everything wrong once.

What counts is what the server was asked and what lies on disk, never how long it took.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from clairo.core.errors import DataError
from clairo.datasets.picture_summary import PictureSummary
from tests.datasets.amazon_files import picture
from tests.datasets.file_server import Fault
from tests.datasets.picture_shop import Shop
from tests.datasets.test_picture_decoding import bomb

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


@pytest.mark.parametrize(
    "value", [f"Sat, 31 Jan 2026 12:00:30 +{'9' * 20}", f"Sat, 31 Jan 2026 {'9' * 20}:00:30 GMT"]
)
def test_a_pause_that_cannot_be_computed_is_a_failure_like_others(shop: Shop, value: str) -> None:
    shop.server.files["/cup.jpg"] = picture()
    shop.server.faults["/cup.jpg"] = Fault(status=503, retry_after=value, times=1)
    shop.sells("cup", "/cup.jpg")
    summary = _within_a_minute(shop.fetch)
    assert isinstance(summary, PictureSummary)
    assert (summary.num_fetched, shop.row("cup", "/cup.jpg").attempts) == (1, 2)


@pytest.mark.parametrize("place", ["client", "turns", "end of turn"])
def test_an_error_that_nobody_foresaw_ends_the_run_and_is_told(
    shop: Shop, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError(place)

    target = {
        "client": "picture_client.PictureClient.get",
        "turns": "picture_turns.Turns.answered",
        "end of turn": "picture_turns.Turns.finished",
    }
    monkeypatch.setattr(f"clairo.datasets.{target[place]}", fail)
    for number in range(40):
        shop.server.files[f"/{number}.jpg"] = picture()
        shop.sells(f"i{number}", f"/{number}.jpg")
    error = _within_a_minute(shop.fetch)
    assert isinstance(error, ZeroDivisionError)
    assert error.args == (place,)


def _within_a_minute(fetch: Callable[[], PictureSummary]) -> PictureSummary | BaseException:
    """What a run gives or raises; a run that hangs fails the test and is left behind."""
    found: list[PictureSummary | BaseException] = []

    def run() -> None:
        try:
            found.append(fetch())
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout=60)
    assert found, "the run hangs"
    return found[0]


def test_a_host_that_keeps_failing_is_given_up_and_another_goes_on(shop: Shop) -> None:
    shop.server.files["/good.jpg"] = picture()
    for number in range(20):
        shop.sells(f"i{number}", f"http://127.0.0.1:9/{number}.jpg")
    shop.sells("cup", "http://127.0.0.1:9/cup.jpg", "/good.jpg")
    summary = shop.fetch(host_failures=4)
    assert summary.num_fetched == 1
    assert sum(summary.missing.values()) == 20
    assert list(summary.hosts_given_up) == ["127.0.0.1:9"]


def test_a_picture_for_which_there_was_no_memory_is_asked_for_again_by_the_next_run(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    shop.server.files["/cup.jpg"] = picture()
    shop.sells("cup", "/cup.jpg")
    with monkeypatch.context() as patch:
        patch.setattr("PIL.JpegImagePlugin.JpegImageFile.load", fail)
        assert shop.fetch().missing == {"failed": 1}
    assert len(shop.server.gets("/cup.jpg")) == 1
    assert "too little memory" in shop.row("cup", "/cup.jpg").reason
    assert shop.fetch().num_fetched == 1


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
