"""One request for a picture: bounded in bytes and in time, to a checked address, no redirects.

Redirects are left to the caller, who waits for the turn of the other host. The time limit of a
whole request is kept where bytes are read, so that neither headers nor a body can drip on.
"""

from __future__ import annotations

import ssl
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit

import httpcore
import httpx

from clairo.core.errors import ConfigError
from clairo.datasets.download import proxy_for
from clairo.datasets.mirrors import host_of
from clairo.datasets.picture_policy import PicturePolicy
from clairo.datasets.public_addresses import PrivateAddressError, public_addresses, resolve

_HEADERS: Final = (
    ("User-Agent", "clairo (research)"),
    ("Accept", "image/jpeg, image/png, image/webp;q=0.9, image/gif;q=0.8, */*;q=0.1"),
    ("Accept-Encoding", "identity"),
)
_SCHEMES: Final = ("http", "https")


class BadAddressError(Exception):
    """Text that is no web address."""


class TooLargeError(Exception):
    """A picture of more bytes than are taken."""


class TroubleError(Exception):
    """A request that failed in a way that may pass."""


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    Attributes:
        status: The code.
        body: All bytes of a success, nothing otherwise.
        location: Where a redirect leads, ``""`` for no redirect.
        retry_after: Value of that header, ``""`` without one.
        num_bytes: Length of the body that the server states.
    """

    status: int
    body: bytes = b""
    location: str = ""
    retry_after: str = ""
    num_bytes: int | None = None

    @property
    def is_success(self) -> bool:
        """Whether the body is what was asked for."""
        return self.status == httpx.codes.OK


def web_address(url: str) -> httpx.URL:
    """An address taken apart.

    Raises:
        BadAddressError: It is none of the web.
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise BadAddressError(f"{url[:100]!r} is no web address ({error})") from error
    if parsed.scheme not in _SCHEMES or not parsed.host or not host_of(url):
        raise BadAddressError(f"{url[:100]!r} is no web address")
    return parsed


class _TimedStream(httpcore.NetworkStream):
    """A connection whose reads end when the present request's time is over."""

    def __init__(self, stream: httpcore.NetworkStream, clock: _RequestClock) -> None:
        self._stream = stream
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._clock.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._clock.within(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, self._clock.within(timeout))
        return _TimedStream(inner, self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _RequestClock(threading.local):
    """When the request of this thread must be over."""

    end: float = 0.0
    limit: float = 0.0

    def start(self, limit: float) -> None:
        self.limit, self.end = limit, time.monotonic() + limit

    def within(self, timeout: float | None) -> float:
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout(f"it took longer than {self.limit:g} s")
        return left if timeout is None else min(timeout, left)


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to addresses that have been checked, one after another."""

    def __init__(self, clock: _RequestClock, allow_private: bool) -> None:
        self._clock = clock
        self._allow_private = allow_private
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = (resolve if self._allow_private else public_addresses)(host, port)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} is not known ({error})") from error
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                stream = self._sockets.connect_tcp(
                    str(address), port, self._clock.within(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self._clock)
        raise failure


class PictureClient:
    """Asks for pictures, several threads at a time; use it as a context manager.

    Through a proxy it is the proxy that resolves names and connects. Then what is checked is
    the address in numbers, and the name where this machine can resolve it.
    """

    def __init__(self, policy: PicturePolicy) -> None:
        """Opens nothing yet.

        Args:
            policy: Limits of time and bytes, and whether private addresses are allowed.
        """
        self._policy = policy
        self._clock = _RequestClock()
        self._lock = threading.Lock()
        self._tls = httpx.create_ssl_context()
        self._pools: dict[str, httpcore.ConnectionPool] = {}
        self._timeouts = {
            "connect": policy.connect_seconds,
            "read": policy.silence_seconds,
            "write": policy.silence_seconds,
            "pool": policy.total_seconds,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None and not issubclass(kind, Exception):
            # After Ctrl-C threads may be using the connections; they end with the process.
            return
        for pool in self._pools.values():
            pool.close()

    def get(self, url: str) -> Answer:
        """Asks for what is behind an address.

        Raises:
            BadAddressError: It is no web address.
            ConfigError: The proxy for it cannot be used.
            PrivateAddressError: Its host is not public, and that is not allowed.
            TooLargeError: It has more bytes than are taken.
            TroubleError: The host did not answer as it should; it may the next time.
        """
        with self._response("GET", url) as response:
            answer = _headers_of(response)
            return Answer(answer.status, self._body(response)) if answer.is_success else answer

    def size(self, url: str) -> int | None:
        """Bytes behind an address by a HEAD request, ``None`` where nobody says."""
        try:
            with self._response("HEAD", url) as response:
                answer = _headers_of(response)
        except (BadAddressError, PrivateAddressError, TroubleError):
            # An estimate only; the transfer itself tells what is wrong.
            return None
        return answer.num_bytes if answer.is_success else None

    @contextmanager
    def _response(self, method: str, url: str) -> Iterator[httpcore.Response]:
        parsed = web_address(url)
        self._clock.start(self._policy.total_seconds)
        target = httpcore.URL(
            scheme=parsed.raw_scheme,
            host=parsed.raw_host,
            port=parsed.port,
            target=parsed.raw_path,
        )
        headers = [("Host", parsed.netloc.decode("ascii")), *_HEADERS]
        options = {"timeout": self._timeouts}
        pool = self._pool(url, parsed)
        try:
            with pool.stream(method, target, headers=headers, extensions=options) as response:
                yield response
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise TroubleError(_reason(error)) from error
        except httpcore.ProxyError as error:
            raise TroubleError(f"the proxy refused: {error}") from error

    def _body(self, response: httpcore.Response) -> bytes:
        """All bytes, as long as they are not too many."""
        data, limit = bytearray(), self._policy.max_bytes
        stated = _headers_of(response).num_bytes or 0
        for chunk in response.iter_stream():
            data += chunk
            if max(stated, len(data)) > limit:
                raise TooLargeError(f"a picture may have {limit:,} bytes, it has more")
        return bytes(data)

    def _pool(self, url: str, parsed: httpx.URL) -> httpcore.ConnectionPool:
        """Connections to the host itself, or through the proxy that the environment names."""
        proxy = proxy_for(url)
        if proxy is not None and not self._policy.allow_private:
            _require_public_where_known(parsed)
        with self._lock:
            if (proxy or "") not in self._pools:
                self._pools[proxy or ""] = self._open(proxy, parsed.scheme)
            return self._pools[proxy or ""]

    def _open(self, proxy: str | None, scheme: str) -> httpcore.ConnectionPool:
        size = self._policy.threads
        if proxy is None:
            backend = _CheckedBackend(self._clock, self._policy.allow_private)
            return httpcore.ConnectionPool(
                ssl_context=self._tls, max_connections=size, network_backend=backend
            )
        if urlsplit(proxy).scheme not in _SCHEMES:
            raise ConfigError(
                f"A proxy must be an http or https address, got {proxy}; correct or unset it."
            )
        # The proxy itself usually is a neighbor.
        backend = _CheckedBackend(self._clock, allow_private=True)
        login = _proxy_login(scheme)
        return httpcore.HTTPProxy(
            proxy, login, ssl_context=self._tls, max_connections=size, network_backend=backend
        )


def _headers_of(response: httpcore.Response) -> Answer:
    headers = httpx.Headers(response.headers)
    length = headers.get("Content-Length", "")
    is_redirect = response.status in (301, 302, 303, 307, 308)
    return Answer(
        status=response.status,
        location=headers.get("Location", "") if is_redirect else "",
        retry_after=headers.get("Retry-After", ""),
        num_bytes=int(length) if length.isdecimal() else None,
    )


def _require_public_where_known(parsed: httpx.URL) -> None:
    host = parsed.raw_host.decode("ascii")
    try:
        public_addresses(host, parsed.port or 0)
    except OSError:
        # Behind a proxy this machine may know no names; the proxy does.
        return


def _proxy_login(scheme: str) -> tuple[str, str] | None:
    proxies = urllib.request.getproxies()
    address = proxies.get(scheme) or proxies.get("all") or ""
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")


def _reason(error: Exception) -> str:
    if isinstance(error, httpcore.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, httpcore.ReadTimeout) and str(error) in ("", "timed out"):
        return "the server fell silent"
    return str(error) or type(error).__name__
