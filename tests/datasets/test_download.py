"""Patience with bad lines and hosts, and its end."""

from __future__ import annotations

import gzip
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from clairo.datasets.download import Downloader, DownloadError, FetchPolicy
from tests.datasets.file_server import Fault, FileServer

QUICK = FetchPolicy(timeout_seconds=0.3, attempts=3, backoff_seconds=0.01, host_failures=3)
CONTENT = gzip.compress(random.Random(5).randbytes(20_000))


@pytest.fixture
def downloader() -> Iterator[Downloader]:
    with Downloader(QUICK) as running:
        yield running


@pytest.fixture
def serving(server: FileServer) -> FileServer:
    server.files["/a.gz"] = CONTENT
    return server


def test_a_refusal_is_final_and_does_not_count_against_the_host(
    serving: FileServer, downloader: Downloader
) -> None:
    for _ in range(5):
        with pytest.raises(DownloadError, match="answered 404") as caught:
            downloader.content(f"{serving.url}/absent")
        assert caught.value.permanent
    assert len(serving.gets("/absent")) == 5
    assert downloader.content(f"{serving.url}/a.gz") == CONTENT
    assert downloader.hosts_given_up == ()


def test_a_server_that_is_busy_is_asked_again(serving: FileServer, downloader: Downloader) -> None:
    serving.faults["/a.gz"] = Fault(status=503, times=2)
    assert downloader.content(f"{serving.url}/a.gz") == CONTENT
    assert len(serving.gets("/a.gz")) == 3


def test_a_silent_host_is_given_up_for_all_its_addresses(
    serving: FileServer, downloader: Downloader
) -> None:
    for number in range(40):
        serving.faults[f"/{number}"] = Fault(is_silent=True)
    start = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(downloader.content, f"{serving.url}/{n}") for n in range(40)]
        errors = [future.exception() for future in futures]
    assert time.monotonic() - start < 5
    assert all(isinstance(error, DownloadError) and not error.permanent for error in errors)
    # Eight were on their way when patience ended; nobody asked for the other thirty-two.
    assert len(serving.requests) <= 16
    assert downloader.hosts_given_up == (serving.url.removeprefix("http://"),)


def test_an_address_where_nobody_listens_is_given_up(downloader: Downloader) -> None:
    with pytest.raises(DownloadError, match="failed 3 times") as caught:
        downloader.content("http://127.0.0.1:9/x")
    assert not caught.value.permanent
    with pytest.raises(DownloadError, match="given up after 3 failures, lastly: "):
        downloader.content("http://127.0.0.1:9/y")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "http://[broken/x", "no address"])
def test_an_address_that_is_none_is_refused_at_once(downloader: Downloader, url: str) -> None:
    with pytest.raises(DownloadError) as caught:
        downloader.content(url)
    assert caught.value.permanent


def test_the_size_is_unknown_where_the_server_does_not_say(
    serving: FileServer, downloader: Downloader
) -> None:
    assert downloader.size(f"{serving.url}/absent") is None


def test_no_thread_outlives_a_downloader(serving: FileServer) -> None:
    before = threading.active_count()
    with Downloader(QUICK) as downloader:
        downloader.content(f"{serving.url}/a.gz")
    assert threading.active_count() <= before + 1


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that would have been waited."""
    waited: list[float] = []
    monkeypatch.setattr("clairo.datasets.download.time.sleep", waited.append)
    return waited


@pytest.mark.parametrize(
    ("retry_after", "expected"),
    [("7", 7.0), ("86400", 60.0), ("0", 0.01), ("", 0.01), ("Fri, 31 Dec 1999 23:59:59 GMT", 0.01)],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_pause_that_a_server_asks_for_is_kept_up_to_a_bound(
    serving: FileServer,
    downloader: Downloader,
    pauses: list[float],
    status: int,
    retry_after: str,
    expected: float,
) -> None:
    serving.faults["/a.gz"] = Fault(status=status, retry_after=retry_after, times=1)
    assert downloader.content(f"{serving.url}/a.gz") == CONTENT
    assert pauses == [0.0, expected]


def test_pauses_double_and_there_is_none_after_the_last_attempt(
    serving: FileServer, downloader: Downloader, pauses: list[float]
) -> None:
    serving.faults["/a.gz"] = Fault(status=500)
    with pytest.raises(DownloadError, match="failed 3 times, lastly: the server answered 500"):
        downloader.content(f"{serving.url}/a.gz")
    assert pauses == [0.0, 0.01, 0.02]


def test_what_is_larger_than_was_asked_for_is_refused(
    serving: FileServer, downloader: Downloader
) -> None:
    assert downloader.content(f"{serving.url}/a.gz", max_bytes=len(CONTENT)) == CONTENT
    with pytest.raises(DownloadError, match=r"a\.gz may have 100 bytes, it has more") as caught:
        downloader.content(f"{serving.url}/a.gz", max_bytes=100)
    assert caught.value.permanent
