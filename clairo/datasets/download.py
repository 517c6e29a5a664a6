"""Downloading with patience, and with an end to it.

A temporary failure is tried again after a pause, and a host that fails several times in a row
is given up for good. Whole files are the matter of :mod:`clairo.datasets.transfer`, pictures that
of :mod:`clairo.datasets.picture_client`.
"""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import urlsplit

import httpx

from clairo.core.errors import ConfigError
from clairo.datasets.hosts import DownloadError, Hosts, RefusedError
from clairo.datasets.mirrors import host_of, without_password

__all__ = ["DownloadError", "Downloader", "FetchPolicy", "TemporaryError", "proxy_for"]

ResultT = TypeVar("ResultT")

MAX_CONTENT_BYTES: Final = 50 << 20
"""Most bytes that are taken into memory."""

_TEMPORARY_STATUS: Final = {408, 425, 429, 500, 502, 503, 504}
# Kinds of RequestError that no patience cures.
_UNUSABLE_ADDRESS: Final = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects)
_HEADERS: Final = {"User-Agent": "clairo (research)", "Accept-Encoding": "identity"}


class TemporaryError(Exception):
    """One attempt failed in a way that may pass.

    Attributes:
        wait_seconds: Pause that the server asked for; 0 where it asked for none.
    """

    def __init__(self, message: str, wait_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


@dataclass(frozen=True)
class FetchPolicy:
    """How patient to be.

    Attributes:
        timeout_seconds: Longest silence of a server, and longest wait for a connection.
        attempts: Attempts without any progress before an address is given up.
        backoff_seconds: First pause between attempts; it doubles each time.
        longest_wait_seconds: Longest pause that a server may ask for by Retry-After.
        host_failures: Failures in a row after which a host is given up.
    """

    timeout_seconds: float = 15.0
    attempts: int = 4
    backoff_seconds: float = 0.5
    longest_wait_seconds: float = 60.0
    host_failures: int = 4


class Downloader:
    """One client for many addresses; use it as a context manager."""

    def __init__(self, policy: FetchPolicy) -> None:
        """Opens the client, which goes through the proxies that the environment names.

        Args:
            policy: How patient to be.

        Raises:
            ConfigError: A proxy of the environment cannot be used.
        """
        self._policy = policy
        self._hosts = Hosts(policy.host_failures)
        try:
            self._client = httpx.Client(
                timeout=policy.timeout_seconds, follow_redirects=True, headers=_HEADERS
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            raise ConfigError(
                "A proxy must be an http or https address, one of HTTP_PROXY, HTTPS_PROXY and "
                f"ALL_PROXY is not ({error}); correct or unset it."
            ) from error

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
            length = self.persist(url, lambda: self._head(url))
        except DownloadError:
            # The size is for the announcement only; the transfer itself reports failures.
            return None
        return int(length) if length and length.isdigit() else None

    def content(self, url: str, max_bytes: int = MAX_CONTENT_BYTES) -> bytes:
        """What is behind an address, in memory.

        Raises:
            DownloadError: It cannot be had, or is larger than ``max_bytes``.
        """
        return self.persist(url, lambda: self._get(url, max_bytes))

    def stream(
        self, url: str, headers: Mapping[str, str]
    ) -> AbstractContextManager[httpx.Response]:
        """An answer whose body has not been read; failures are the caller's."""
        return self._client.stream("GET", url, headers=dict(headers))

    def persist(
        self, url: str, attempt: Callable[[], ResultT], progress: Callable[[], int] = lambda: 0
    ) -> ResultT:
        """Repeats an attempt until it succeeds or patience ends.

        An attempt that failed later than the one before it, as ``progress`` tells, does not
        count: a large file over a bad line arrives in many pieces.

        Raises:
            DownloadError: The address is of no use, or patience has ended.
        """
        host, fruitless, reached, reason, pause = host_of(url), 0, progress(), "", 0.0
        if not host:
            raise DownloadError(f"{url!r} is no web address", permanent=True)
        while fruitless < self._policy.attempts:
            self._hosts.require(host)
            time.sleep(pause)
            asked = 0.0
            try:
                return self._once(host, attempt)
            except TemporaryError as error:
                reason, asked = str(error), error.wait_seconds
            except httpx.TransportError as error:
                reason = str(error) or type(error).__name__
            if progress() > reached:
                fruitless, reached = 0, progress()
                self._hosts.answered(host)
            else:
                fruitless += 1
                self._hosts.failed(host, reason)
            pause = self._pause(fruitless, asked)
        raise DownloadError(f"{host} failed {fruitless} times, lastly: {reason}", permanent=False)

    def _pause(self, fruitless: int, asked: float) -> float:
        """Seconds until the next attempt; none after one that brought something."""
        own = self._policy.backoff_seconds * 2 ** (fruitless - 1) if fruitless else 0.0
        return max(own, min(asked, self._policy.longest_wait_seconds))

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

    def _head(self, url: str) -> str | None:
        response = self._client.head(url)
        require_success(response)
        length: str | None = response.headers.get("Content-Length")
        return length

    def _get(self, url: str, max_bytes: int) -> bytes:
        with self._client.stream("GET", url) as response:
            require_success(response)
            data = bytearray()
            for chunk in response.iter_raw():
                data += chunk
                if len(data) > max_bytes:
                    raise DownloadError(
                        f"{without_password(url)} may have {max_bytes} bytes, it has more; "
                        "put a smaller file in its place by hand.",
                        permanent=True,
                    )
        return bytes(data)


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for an address, without its password.

    Example:
        >>> from unittest import mock
        >>> with mock.patch.dict("os.environ", {"http_proxy": "http://ann:pw@proxy.example:3128"}):
        ...     proxy_for("http://mirror.example/x")
        'http://proxy.example:3128'
    """
    proxies = urllib.request.getproxies()
    parts = urlsplit(url)
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return without_password(proxy if "://" in proxy else f"http://{proxy}")


def require_success(response: httpx.Response) -> None:
    """Refuses an answer that is no success.

    Raises:
        TemporaryError: It may be another one later.
        RefusedError: It will not.
    """
    status = response.status_code
    if response.is_success:
        return
    message = f"the server answered {status} {response.reason_phrase}"
    if status in _TEMPORARY_STATUS:
        asked = response.headers.get("Retry-After", "")
        raise TemporaryError(message, float(asked) if asked.isdecimal() else 0.0)
    raise RefusedError(message)
