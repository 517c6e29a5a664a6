"""A local web server that misbehaves on request."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Fault:
    """What goes wrong with one address.

    Attributes:
        status: Answered instead of the content.
        retry_after: Value of that header beside a status.
        drop_after: Bytes of a body after which the connection ends.
        pause_after: Bytes of a body after which nothing more comes.
        extra_length: Bytes that are promised and never come.
        is_silent: Nothing is ever answered.
        times: How many GET requests are affected; -1 for all.
        ignores_ranges: Always sends everything.
        shift: Bytes by which a range begins later than was asked for.
        states_no_length: The body ends with the connection.
        encoding: Value of the header Content-Encoding.
        location: Where a status of 3xx leads.
        drips: Bytes come one by one with pauses, without an end.
        drips_headers: The same before the headers are complete.
    """

    status: int = 0
    retry_after: str = ""
    drop_after: int | None = None
    pause_after: int | None = None
    extra_length: int = 0
    is_silent: bool = False
    times: int = -1
    ignores_ranges: bool = False
    shift: int = 0
    states_no_length: bool = False
    encoding: str = ""
    location: str = ""
    drips: bool = False
    drips_headers: bool = False


@dataclass
class FileServer:
    """Content, versions (ETags) and faults by path, and what was asked for.

    As a proxy it is asked for whole addresses, so these are the paths then.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    silence: threading.Event = field(default_factory=threading.Event)

    def gets(self, path: str) -> list[str]:
        """The Range header of every GET of a path, ``""`` for none."""
        return [
            ranges for method, asked, ranges in self.requests if (method, asked) == ("GET", path)
        ]


class _Handler(BaseHTTPRequestHandler):
    """Answers from the state that its server carries."""

    @property
    def state(self) -> FileServer:
        state: FileServer = self.server.state  # type: ignore[attr-defined]
        return state

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, *args: Any) -> None:
        """Tests read ``FileServer.requests`` instead."""

    def _answer(self, with_body: bool) -> None:
        ranges = self.headers.get("Range", "")
        self.state.requests.append((self.command, self.path, ranges))
        self.state.logins.append(self.headers.get("Proxy-Authorization", ""))
        fault = self._fault(with_body)
        data = self.state.files.get(self.path)
        if fault.is_silent:
            self._be_silent()
        elif fault.drips or fault.drips_headers:
            self._drip(fault)
        elif fault.status or data is None:
            headers = {"Retry-After": fault.retry_after, "Location": fault.location}
            self._head(fault.status or 404, headers)
        else:
            self._send(data, self._start(ranges, fault), fault, with_body)

    def _fault(self, with_body: bool) -> Fault:
        fault = self.state.faults.get(self.path, Fault())
        if fault.times == 0:
            return Fault()
        if with_body:
            fault.times -= 1
        return fault

    def _start(self, ranges: str, fault: Fault) -> int:
        known = self.headers.get("If-Range")
        if not ranges or fault.ignores_ranges or known not in (None, self._tag()):
            return 0
        return int(ranges.removeprefix("bytes=").rstrip("-")) + fault.shift

    def _tag(self) -> str:
        return self.state.tags.get(self.path, "")

    def _send(self, data: bytes, start: int, fault: Fault, with_body: bool) -> None:
        if start >= len(data) > 0:
            self._head(416, {"Content-Range": f"bytes */{len(data)}"})
            return
        length = len(data) - start + fault.extra_length
        headers = {
            "ETag": self._tag(),
            "Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}" if start else "",
            "Content-Length": "" if fault.states_no_length else str(length),
            "Content-Encoding": fault.encoding,
        }
        self._head(206 if start else 200, headers)
        cuts = [cut for cut in (fault.drop_after, fault.pause_after) if cut is not None]
        if with_body:
            self.wfile.write(data[start : start + min(cuts, default=len(data))])
        if fault.pause_after is not None:
            self._be_silent()
        if cuts or fault.extra_length or fault.states_no_length:
            self.close_connection = True

    def _drip(self, fault: Fault) -> None:
        """Never ends by itself: only the client's patience does it, or the end of the test."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self.wfile.write(b"X-Slow: " if fault.drips_headers else b"Content-Length: 99999\r\n\r\n")
        self.close_connection = True
        with suppress(OSError):
            while not self.state.silence.wait(0.02):
                self.wfile.write(b"x")

    def _be_silent(self) -> None:
        self.state.silence.wait(20)
        self.close_connection = True

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()


@contextmanager
def running_server() -> Iterator[FileServer]:
    """A server on a free port of this machine, for the length of a ``with`` block."""
    state = FileServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.state = state  # type: ignore[attr-defined]
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        state.silence.set()
        server.shutdown()
        server.server_close()
        thread.join()
