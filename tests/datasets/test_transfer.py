"""One file over bad lines: ranges, versions, lengths, checksums."""

from __future__ import annotations

import gzip
import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from clairo.datasets.download import Downloader, DownloadError, FetchPolicy
from clairo.datasets.transfer import Arrived, Transfer, fetch_file
from clairo.datasets.transfer_progress import ProgressLines
from tests.datasets.file_server import Fault, FileServer

QUICK = FetchPolicy(timeout_seconds=0.3, attempts=3, backoff_seconds=0.01, host_failures=9)
CONTENT = gzip.compress(random.Random(5).randbytes(20_000), mtime=0)
OTHER = gzip.compress(random.Random(6).randbytes(20_000), mtime=0)
TABLE = b"".join(b"user%d,item%d,5.0,%d\n" % (n, n, n) for n in range(900))
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def downloader() -> Iterator[Downloader]:
    with Downloader(QUICK) as running:
        yield running


@pytest.fixture
def serving(server: FileServer) -> FileServer:
    server.files |= {"/a.gz": CONTENT, "/a.csv": TABLE}
    return server


class Fetch:
    """Fetches into one folder, as often as a test asks."""

    def __init__(self, server: FileServer, downloader: Downloader, folder: Path) -> None:
        self.server, self.downloader, self.folder = server, downloader, folder

    def transfer(self, name: str, sha256: str | None = None, url: str = "") -> Transfer:
        return Transfer(
            url=url or f"{self.server.url}/{name}",
            target=self.folder / name,
            part=self.folder / f"{name}.part",
            is_gzip=name.endswith(".gz"),
            sha256=sha256,
        )

    def __call__(self, name: str = "a.gz", sha256: str | None = None, url: str = "") -> Arrived:
        progress = ProgressLines(lambda line: None)
        return fetch_file(self.downloader, self.transfer(name, sha256, url), progress)

    def until_broken(self, name: str, after: int) -> None:
        """A first call that ends with a part of so many bytes."""
        path = f"/{name}"
        self.server.faults[path] = Fault(drop_after=after, times=1)
        patience = FetchPolicy(timeout_seconds=0.3, attempts=1, backoff_seconds=0.01)
        self.server.files, files = {path: self.server.files[path]}, self.server.files
        with Downloader(patience) as once, pytest.raises(_InterruptedError):
            fetch_file(once, self.transfer(name), _InterruptAt(after))
        self.server.files = files
        self.server.faults.clear()
        self.server.requests.clear()
        assert self.transfer(name).part.stat().st_size >= after


class _InterruptedError(Exception):
    """Stands for Ctrl-C."""


class _InterruptAt:
    """Interrupts once so many bytes have come."""

    def __init__(self, num_bytes: int) -> None:
        self.num_bytes = num_bytes

    def began(self, name: str, done: int, total: int | None) -> None:
        """Waits for bytes."""

    def reached(self, done: int) -> None:
        if done >= self.num_bytes:
            raise _InterruptedError

    def say(self, line: str) -> None:
        """Has nothing to print to."""


@pytest.fixture
def fetch(serving: FileServer, downloader: Downloader, tmp_path: Path) -> Fetch:
    return Fetch(serving, downloader, tmp_path)


def test_a_file_arrives_whole_under_its_name_with_size_and_digest(fetch: Fetch) -> None:
    assert fetch() == Arrived(DIGEST, len(CONTENT))
    assert (fetch.folder / "a.gz").read_bytes() == CONTENT
    assert [path.name for path in fetch.folder.iterdir()] == ["a.gz"]


@pytest.mark.parametrize("tag", ["", '"v1"'], ids=["no version", "version"])
@pytest.mark.parametrize("fault", ["drop_after", "pause_after"])
def test_a_broken_transfer_is_taken_up_where_it_broke(fetch: Fetch, tag: str, fault: str) -> None:
    # Four pieces: more than the attempts that are allowed without progress.
    fetch.server.tags["/a.gz"] = tag
    fetch.server.faults["/a.gz"] = Fault(times=4, **{fault: 4_501})
    fetch()
    assert (fetch.folder / "a.gz").read_bytes() == CONTENT
    assert fetch.server.gets("/a.gz") == [
        "", "bytes=4501-", "bytes=9002-", "bytes=13503-", "bytes=18004-",
    ]  # fmt: skip


def test_a_plain_table_is_taken_up_where_it_broke_if_the_server_names_its_version(
    fetch: Fetch,
) -> None:
    fetch.server.tags["/a.csv"] = '"v1"'
    fetch.server.faults["/a.csv"] = Fault(drop_after=8_000, times=1)
    assert fetch("a.csv").num_bytes == len(TABLE)
    assert (fetch.folder / "a.csv").read_bytes() == TABLE
    assert fetch.server.gets("/a.csv") == ["", "bytes=8000-"]


@pytest.mark.parametrize("tag", ["", 'W/"weak"'])
def test_a_plain_table_without_a_version_starts_afresh(fetch: Fetch, tag: str) -> None:
    fetch.server.tags["/a.csv"] = tag
    fetch.server.faults["/a.csv"] = Fault(drop_after=8_000, times=1)
    fetch("a.csv")
    assert (fetch.folder / "a.csv").read_bytes() == TABLE
    assert fetch.server.gets("/a.csv") == ["", ""]


def test_a_known_digest_is_as_good_as_a_version(fetch: Fetch) -> None:
    fetch.server.faults["/a.csv"] = Fault(drop_after=8_000, times=1)
    fetch("a.csv", sha256=hashlib.sha256(TABLE).hexdigest())
    assert fetch.server.gets("/a.csv") == ["", "bytes=8000-"]


def test_a_part_of_an_earlier_call_is_continued(fetch: Fetch) -> None:
    fetch.until_broken("a.gz", 12_000)
    size = fetch.transfer("a.gz").part.stat().st_size
    fetch()
    assert (fetch.folder / "a.gz").read_bytes() == CONTENT
    assert fetch.server.gets("/a.gz") == [f"bytes={size}-"]


def test_a_part_from_another_address_is_fetched_afresh(fetch: Fetch) -> None:
    fetch.until_broken("a.gz", 12_000)
    fetch.server.files["/other/a.gz"] = CONTENT
    fetch(url=f"{fetch.server.url}/other/a.gz")
    assert fetch.server.gets("/other/a.gz") == [""]


def test_a_part_of_another_version_is_fetched_afresh(fetch: Fetch) -> None:
    fetch.server.tags["/a.csv"] = '"v1"'
    fetch.until_broken("a.csv", 8_000)
    fetch.server.tags["/a.csv"] = '"v2"'
    fetch.server.files["/a.csv"] = TABLE.replace(b"5.0", b"1.0")
    fetch("a.csv")
    assert (fetch.folder / "a.csv").read_bytes() == TABLE.replace(b"5.0", b"1.0")
    assert fetch.server.gets("/a.csv") == ["bytes=8000-"]


@pytest.mark.parametrize("memory", [None, "", "[]", "{}", '{"url": 1}'])
def test_a_part_of_which_nothing_is_remembered_is_fetched_afresh(
    fetch: Fetch, memory: str | None
) -> None:
    transfer = fetch.transfer("a.gz")
    transfer.part.write_bytes(CONTENT[:12_000])
    if memory is not None:
        transfer.origin.write_text(memory)
    fetch()
    assert (fetch.folder / "a.gz").read_bytes() == CONTENT
    assert fetch.server.gets("/a.gz") == [""]


def test_a_complete_part_needs_no_bytes(fetch: Fetch) -> None:
    fetch.until_broken("a.gz", 12_000)
    fetch.transfer("a.gz").part.write_bytes(CONTENT)
    assert fetch() == Arrived(DIGEST, len(CONTENT))
    assert fetch.server.gets("/a.gz") == [f"bytes={len(CONTENT)}-"]


@pytest.mark.parametrize("size", [500, 2 * len(CONTENT)], ids=["short", "long"])
def test_a_part_of_another_content_is_noticed_and_fetched_afresh(fetch: Fetch, size: int) -> None:
    fetch.until_broken("a.gz", 12_000)
    fetch.transfer("a.gz").part.write_bytes(b"x" * size)
    fetch()
    assert (fetch.folder / "a.gz").read_bytes() == CONTENT
    assert fetch.server.gets("/a.gz") == [f"bytes={size}-", ""]


@pytest.mark.parametrize(
    ("fault", "asked"),
    [(Fault(ignores_ranges=True), 1), (Fault(shift=3, times=1), 2)],
    ids=["sends everything", "sends another range"],
)
def test_a_server_that_does_not_send_the_range_does_no_harm(
    fetch: Fetch, fault: Fault, asked: int
) -> None:
    fetch.until_broken("a.gz", 12_000)
    fetch.server.faults["/a.gz"] = fault
    fetch()
    assert (fetch.folder / "a.gz").read_bytes() == CONTENT
    assert len(fetch.server.gets("/a.gz")) == asked


@pytest.mark.parametrize("name", ["a.gz", "a.csv"])
def test_a_length_that_is_promised_and_not_kept_is_noticed(fetch: Fetch, name: str) -> None:
    fetch.server.faults[f"/{name}"] = Fault(extra_length=100, times=1)
    fetch(name)
    assert (fetch.folder / name).read_bytes() == fetch.server.files[f"/{name}"]
    assert len(fetch.server.gets(f"/{name}")) == 2


def test_a_length_that_is_never_kept_is_an_error(fetch: Fetch) -> None:
    fetch.server.faults["/a.csv"] = Fault(extra_length=100)
    with pytest.raises(DownloadError, match="failed 3 times"):
        fetch("a.csv")
    assert not (fetch.folder / "a.csv").exists()


@pytest.mark.parametrize(
    "content", [b"<html>sorry</html>", CONTENT[:-9], b""], ids=["page", "cut", "empty"]
)
def test_what_is_no_whole_gzip_file_never_takes_the_name(fetch: Fetch, content: bytes) -> None:
    fetch.server.files["/a.gz"] = content
    with pytest.raises(DownloadError, match="failed 3 times, lastly: what came is no whole gzip"):
        fetch()
    assert list(fetch.folder.iterdir()) == []


def test_a_wrong_digest_is_tried_once_more_and_nothing_takes_the_name(fetch: Fetch) -> None:
    fetch.server.files["/a.gz"] = OTHER
    with pytest.raises(DownloadError, match=f"must have the sha256 {DIGEST}, 2 transfers") as error:
        fetch(sha256=DIGEST)
    assert error.value.permanent
    assert hashlib.sha256(OTHER).hexdigest() in str(error.value)
    assert fetch.server.gets("/a.gz") == ["", ""]
    assert list(fetch.folder.iterdir()) == []


def test_a_digest_that_is_right_the_second_time_is_enough(fetch: Fetch) -> None:
    # A part of another table, joined under one version by a server that lies about it.
    fetch.server.tags["/a.csv"] = '"v1"'
    fetch.until_broken("a.csv", 8_000)
    fetch.transfer("a.csv").part.write_bytes(b"x" * 8_000)
    fetch("a.csv", sha256=hashlib.sha256(TABLE).hexdigest())
    assert (fetch.folder / "a.csv").read_bytes() == TABLE
    assert fetch.server.gets("/a.csv") == ["bytes=8000-", ""]


def test_a_table_of_which_nothing_tells_that_it_is_whole_is_refused(fetch: Fetch) -> None:
    fetch.server.faults["/a.csv"] = Fault(states_no_length=True)
    with pytest.raises(DownloadError, match="states no length"):
        fetch("a.csv")
    assert fetch("a.csv", sha256=hashlib.sha256(TABLE).hexdigest()).num_bytes == len(TABLE)


def test_a_table_that_was_packed_on_the_way_is_refused(fetch: Fetch) -> None:
    fetch.server.faults["/a.csv"] = Fault(encoding="gzip")
    with pytest.raises(DownloadError, match="packed the file as gzip"):
        fetch("a.csv")
    # Some servers say so of files that are gzip by themselves; their bytes are the file.
    fetch.server.faults["/a.gz"] = Fault(encoding="gzip")
    assert fetch().sha256 == DIGEST
