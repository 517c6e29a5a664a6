"""One whole file from one address: goes on where it broke, and is checked before it counts.

A file grows in a ``.part``. Beside it ``.part.json`` remembers the address and the version
(ETag or Last-Modified) that it is a part of, so that nothing is appended to another file.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx
from isal import igzip
from isal.igzip_lib import IsalError

from clairo.datasets.checksums import sha256_of
from clairo.datasets.download import Downloader, DownloadError, TemporaryError, require_success
from clairo.datasets.mirrors import without_password
from clairo.datasets.transfer_progress import TransferProgress

_CHUNK_BYTES: Final = 1 << 20
_NUM_TRIES: Final = 2


@dataclass(frozen=True)
class Transfer:
    """What is to be fetched.

    Attributes:
        url: Its address.
        target: Where it belongs; appears complete or not at all.
        part: Where it grows, on the same file system; a later call goes on from it.
        is_gzip: Whether its content carries its own checksum.
        sha256: Digest that it must have; ``None`` where none is known.
    """

    url: str
    target: Path
    part: Path
    is_gzip: bool
    sha256: str | None = None

    @property
    def origin(self) -> Path:
        """Where address and version of the part are remembered."""
        return self.part.with_name(f"{self.part.name}.json")

    def discard(self) -> None:
        """Removes what has come, so that the next attempt starts afresh."""
        self.part.unlink(missing_ok=True)
        self.origin.unlink(missing_ok=True)


@dataclass(frozen=True)
class Arrived:
    """A file that is in place."""

    sha256: str
    num_bytes: int


@dataclass(frozen=True)
class _Origin:
    """Of which file, and of which version of it, a part is a part."""

    url: str
    version: str | None


def fetch_file(downloader: Downloader, transfer: Transfer, progress: TransferProgress) -> Arrived:
    """Puts a file into place once it is whole.

    A digest that differs is tried once more from the start.

    Raises:
        DownloadError: It cannot be had, or it is not what it must be.
        OSError: It cannot be written.
    """
    found = ""
    for _ in range(_NUM_TRIES):
        downloader.persist(
            transfer.url,
            lambda: _attempt(downloader, transfer, progress),
            lambda: _size_of(transfer.part),
        )
        found, num_bytes = sha256_of(transfer.part), _size_of(transfer.part)
        if transfer.sha256 in (None, found):
            transfer.target.parent.mkdir(parents=True, exist_ok=True)
            transfer.part.replace(transfer.target)
            transfer.discard()
            return Arrived(found, num_bytes)
        transfer.discard()
    raise DownloadError(
        f"{without_password(transfer.url)} must have the sha256 {transfer.sha256}, {_NUM_TRIES} "
        f"transfers had lastly {found}",
        permanent=True,
    )


def _attempt(downloader: Downloader, transfer: Transfer, progress: TransferProgress) -> None:
    """Fetches what is missing of a file, and checks the whole."""
    start, headers = _resumption(transfer)
    with downloader.stream(transfer.url, headers) as response:
        if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            # Nothing is left to fetch: either it is all there, or it is another file.
            total = _total(response, start)
            _require_known(transfer, total)
        else:
            require_success(response)
            start = _begin(transfer, response, start)
            total = _total(response, start)
            _require_checkable(transfer, response, total)
            progress.began(transfer.target.name, start, total)
            _write(transfer, response, start, progress)
    _require_length(transfer, total)
    if transfer.is_gzip:
        _require_whole_gzip(transfer)


def _resumption(transfer: Transfer) -> tuple[int, dict[str, str]]:
    """How much of the file is there already, and the headers that ask for the rest."""
    size, origin = _size_of(transfer.part), _read_origin(transfer)
    if not size or origin is None or origin.url != without_password(transfer.url):
        return 0, {}
    if origin.version is not None:
        return size, {"Range": f"bytes={size}-", "If-Range": origin.version}
    if transfer.is_gzip or transfer.sha256 is not None:
        # No version to compare, but parts of two files joined would not pass the check.
        return size, {"Range": f"bytes={size}-"}
    return 0, {}


def _begin(transfer: Transfer, response: httpx.Response, start: int) -> int:
    """The byte at which the answer goes on; 0 where it is the whole file.

    Raises:
        TemporaryError: It is another range, or a range of another version.
    """
    version = _version(response)
    if response.status_code != HTTPStatus.PARTIAL_CONTENT:
        text = json.dumps({"url": without_password(transfer.url), "version": version})
        transfer.discard()
        transfer.origin.write_text(text, encoding="utf-8")
        return 0
    origin = _read_origin(transfer)
    is_same = origin is not None and origin.version in (None, version)
    if not is_same or not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        transfer.discard()
        raise TemporaryError("the server went on with another part or version of the file")
    return start


def _write(
    transfer: Transfer, response: httpx.Response, start: int, progress: TransferProgress
) -> None:
    with transfer.part.open("ab" if start else "wb") as stream:
        # Pieces as they come: collecting larger ones would lose the last when a line drops.
        for chunk in response.iter_raw():
            stream.write(chunk)
            progress.reached(stream.tell())


def _read_origin(transfer: Transfer) -> _Origin | None:
    """What is remembered of the part; ``None`` where nothing usable is, so it starts afresh."""
    try:
        values: Any = json.loads(transfer.origin.read_text(encoding="utf-8"))
        version = values["version"]
        return _Origin(str(values["url"]), None if version is None else str(version))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _version(response: httpx.Response) -> str | None:
    """What tells versions of a file apart byte by byte: a strong ETag, or a date."""
    tag: str = response.headers.get("ETag", "")
    if tag and not tag.startswith("W/"):
        return tag
    date: str | None = response.headers.get("Last-Modified")
    return date


def _total(response: httpx.Response, start: int) -> int | None:
    """Bytes of the whole file, ``None`` where the server does not say."""
    total = response.headers.get("Content-Range", "").rpartition("/")[2]
    if total.isdecimal():
        return int(total)
    length = response.headers.get("Content-Length", "")
    is_body = response.status_code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    return start + int(length) if is_body and length.isdecimal() else None


def _require_checkable(transfer: Transfer, response: httpx.Response, total: int | None) -> None:
    """Refuses an answer of which nothing would tell whether it is whole, or what it is."""
    if transfer.is_gzip:
        return
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding != "identity":
        raise DownloadError(
            f"the server packed the file as {encoding}, which was not asked for", permanent=True
        )
    is_chunked = "chunked" in response.headers.get("Transfer-Encoding", "")
    if total is None and not is_chunked and transfer.sha256 is None:
        raise DownloadError(
            "the server states no length, and no checksum is known by which to tell whether "
            "the file is whole",
            permanent=True,
        )


def _require_known(transfer: Transfer, total: int | None) -> None:
    """Starts afresh where nothing tells whether a part that cannot go on is the whole."""
    if total is None and not transfer.is_gzip:
        transfer.discard()
        raise TemporaryError("the server has no more of the file and does not say how long it is")


def _require_length(transfer: Transfer, total: int | None) -> None:
    size = _size_of(transfer.part)
    if total is None or size == total:
        return
    if size > total:
        transfer.discard()
    raise TemporaryError(f"{size} bytes came, the file has {total}")


def _require_whole_gzip(transfer: Transfer) -> None:
    try:
        if not sum(1 for _ in _pieces(transfer.part)):
            raise EOFError("it is empty")
    except (EOFError, gzip.BadGzipFile, IsalError) as error:  # type: ignore[misc]
        transfer.discard()
        raise TemporaryError(f"what came is no whole gzip file ({error})") from error


def _pieces(path: Path) -> Iterator[bytes]:
    with igzip.open(path, "rb") as stream:  # type: ignore[no-untyped-call]
        while piece := stream.read(_CHUNK_BYTES):
            yield piece


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
