"""Downloading with patience, and with an end to it.

A transfer goes on where it stopped, a temporary failure is tried again after a pause, and a
host that fails several times in a row is given up for good, so that ten thousand pictures on
a silent host cost a few time limits and not ten thousand.
"""

from __future__ import annotations

import gzip
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import urlsplit

import httpx

from clairo.core.errors import DataError

ResultT = TypeVar("ResultT")

_CHUNK_BYTES: Final = 1 << 18
_MAX_CONTENT_BYTES: Final = 50 << 20
_STEP_BYTES: Final = 20_000_000
_TEMPORARY_STATUS: Final = {408, 425, 429, 500, 502, 503, 504}
# Kinds of RequestError that no patience cures.
_UNUSABLE_ADDRESS: Final = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects)
_HEADERS: Final = {"User-Agent": "clairo (research)", "Accept-Encoding": "identity"}


class DownloadError(DataError):
    """An address that could not be had.

    Attributes:
        permanent: Whether the server said so, so that asking again is of no use.
    """

    def __init__(self, message: str, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


class _TemporaryError(Exception):
    """One attempt failed in a way that may pass."""


@dataclass(frozen=True)
class FetchPolicy:
    """How patient to be.

    Attributes:
        timeout_seconds: Longest silence of a server, and longest wait for a connection.
        attempts: Attempts without any progress before an address is given up.
        backoff_seconds: First pause between attempts; it doubles each time.
        host_failures: Failures in a row after which a host is given up.
        threads: Pictures that are fetched at the same time.
    """

    timeout_seconds: float = 15.0
    attempts: int = 4
    backoff_seconds: float = 0.5
    host_failures: int = 4
    threads: int = 8


@dataclass
class _Hosts:
    """Failures in a row of each host, shared by all threads."""

    limit: int
    _counts: dict[str, int] = field(default_factory=dict)
    _reasons: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def require(self, host: str) -> None:
        """Refuses a host that has been given up."""
        with self._lock:
            count, reason = self._counts.get(host, 0), self._reasons.get(host, "")
        if count >= self.limit:
            message = f"{host} is given up after {count} failures, lastly: {reason}"
            raise DownloadError(message, permanent=False)

    def failed(self, host: str, reason: str) -> None:
        with self._lock:
            self._counts[host] = self._counts.get(host, 0) + 1
            self._reasons[host] = reason

    def answered(self, host: str) -> None:
        with self._lock:
            # A host given up stays so: answers that were on their way do not revive it.
            if self._counts.get(host, 0) < self.limit:
                self._counts[host] = 0

    def all_given_up(self) -> tuple[str, ...]:
        with self._lock:
            return tuple(sorted(h for h, count in self._counts.items() if count >= self.limit))


class Downloader:
    """One client for many addresses; use it as a context manager."""

    def __init__(self, policy: FetchPolicy, say: Callable[[str], None] | None = None) -> None:
        """Opens the client.

        Args:
            policy: How patient to be.
            say: Told how far a large file has come, a line each time.
        """
        self._say = say
        self._policy = policy
        self._hosts = _Hosts(policy.host_failures)
        self._client = httpx.Client(
            timeout=policy.timeout_seconds, follow_redirects=True, headers=_HEADERS
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    @property
    def hosts_given_up(self) -> tuple[str, ...]:
        """Hosts that failed too often in a row."""
        return self._hosts.all_given_up()

    def size(self, url: str) -> int | None:
        """Bytes behind an address by a HEAD request, ``None`` where the server does not say."""
        try:
            length = self._persist(url, lambda: self._head(url))
        except DownloadError:
            # The size is for the announcement only; the transfer itself reports failures.
            return None
        return int(length) if length and length.isdigit() else None

    def content(self, url: str) -> bytes:
        """What is behind an address, in memory.

        Raises:
            DownloadError: It cannot be had.
        """
        return self._persist(url, lambda: self._get(url))

    def to_gzip_file(self, url: str, target: Path, part: Path) -> int:
        """Puts a gzip file into place once it is whole, and gives its size in bytes.

        Args:
            url: Its address.
            target: Where it belongs; appears complete or not at all.
            part: Where it grows, on the same file system; a later call goes on from it.

        Raises:
            DownloadError: It cannot be had.
            OSError: It cannot be written.
        """
        self._persist(url, lambda: self._transfer(url, part), lambda: _size_of(part))
        size = _size_of(part)
        part.replace(target)
        return size

    def _persist(
        self, url: str, attempt: Callable[[], ResultT], progress: Callable[[], int] = lambda: 0
    ) -> ResultT:
        """Repeats an attempt until it succeeds or patience ends.

        An attempt that failed later than the one before it, as ``progress`` tells, does not
        count: a large file over a bad line arrives in many pieces.
        """
        host, fruitless, reached, reason = host_of(url), 0, progress(), ""
        if not host:
            raise DownloadError(f"{url!r} is no web address", permanent=True)
        while fruitless < self._policy.attempts:
            self._hosts.require(host)
            if fruitless:
                time.sleep(self._policy.backoff_seconds * 2 ** (fruitless - 1))
            try:
                return self._once(host, attempt)
            except (_TemporaryError, httpx.TransportError) as error:
                reason = str(error) or type(error).__name__
            if progress() > reached:
                fruitless, reached = 0, progress()
                self._hosts.answered(host)
            else:
                fruitless += 1
                self._hosts.failed(host, reason)
        raise DownloadError(f"{host} failed {fruitless} times, lastly: {reason}", permanent=False)

    def _once(self, host: str, attempt: Callable[[], ResultT]) -> ResultT:
        """One attempt; a refusal counts as an answer of the host, like a success."""
        try:
            result = attempt()
        except _UNUSABLE_ADDRESS as error:
            raise DownloadError(f"the address is of no use ({error})", permanent=True) from error
        except DownloadError:
            self._hosts.answered(host)
            raise
        self._hosts.answered(host)
        return result

    def _tell(self, name: str, done: int, came: int, total: int) -> None:
        """Says how far a file has come, each time another step is complete."""
        if self._say and done // _STEP_BYTES > (done - came) // _STEP_BYTES:
            self._say(_progress_line(name, done, total))

    def _head(self, url: str) -> str | None:
        response = self._client.head(url)
        _require_success(response)
        length: str | None = response.headers.get("Content-Length")
        return length

    def _get(self, url: str) -> bytes:
        with self._client.stream("GET", url) as response:
            _require_success(response)
            data = bytearray()
            for chunk in response.iter_raw():
                data += chunk
                if len(data) > _MAX_CONTENT_BYTES:
                    raise DownloadError(
                        f"A picture may have {_MAX_CONTENT_BYTES} bytes, {url} has more; "
                        "put a smaller one in its place by hand.",
                        permanent=True,
                    )
        return bytes(data)

    def _transfer(self, url: str, part: Path) -> None:
        """Fetches what is missing of a file, and checks the whole."""
        start = _size_of(part)
        headers = {"Range": f"bytes={start}-"} if start else {}
        with self._client.stream("GET", url, headers=headers) as response:
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                # Nothing is left to fetch: either it is all there, or it is another file.
                _require_whole_gzip(part)
                return
            _require_success(response)
            resumed = response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
            with part.open("ab" if resumed else "wb") as stream:
                # Pieces as they come: collecting larger ones would lose the last when a line drops.
                total = start * resumed + int(response.headers.get("Content-Length", 0))
                for chunk in response.iter_raw():
                    stream.write(chunk)
                    self._tell(part.stem, stream.tell(), len(chunk), total)
        _require_whole_gzip(part)


def _progress_line(name: str, done: int, total: int) -> str:
    of_total = f" of {total / 1e6:,.0f}" if total else ""
    return f"  {name}: {done / 1e6:,.0f}{of_total} MB"


def host_of(url: str) -> str:
    """Host and port of an address, ``""`` for what is none.

    Example:
        >>> host_of("http://127.0.0.1:80/x"), host_of("http://[broken/x")
        ('127.0.0.1:80', '')
    """
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _require_success(response: httpx.Response) -> None:
    status = response.status_code
    if response.is_success:
        return
    message = f"the server answered {status} {response.reason_phrase}"
    if status in _TEMPORARY_STATUS:
        raise _TemporaryError(message)
    raise DownloadError(message, permanent=True)


def _require_whole_gzip(part: Path) -> None:
    """Removes a file that is not a whole gzip file, so that the next attempt starts afresh."""
    try:
        with gzip.open(part, "rb") as stream:
            while stream.read(_CHUNK_BYTES):
                pass
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        part.unlink(missing_ok=True)
        raise _TemporaryError(f"what came is no whole gzip file ({error})") from error
