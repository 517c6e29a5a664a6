"""A local web server that misbehaves on request."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Fault:
    """What goes wrong with one address.

    Attributes:
        status: Answered instead of the content.
        drop_after: Bytes of a body after which the connection ends.
        extra_length: Bytes that are promised and never come.
        is_silent: Nothing is ever answered.
        times: How many GET requests are affected; -1 for all.
        ignores_ranges: Always sends everything.
    """

    status: int = 0
    drop_after: int | None = None
    extra_length: int = 0
    is_silent: bool = False
    times: int = -1
    ignores_ranges: bool = False


@dataclass
class FileServer:
    """Content and faults by path, and what was asked for."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    requests: list[tuple[str, str, str]] = field(default_factory=list)
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
        fault = self._fault(with_body)
        data = self.state.files.get(self.path)
        if fault.is_silent:
            self.state.silence.wait(20)
            self.close_connection = True
        elif fault.status or data is None:
            self._head(fault.status or 404, 0)
        else:
            start = int(ranges.removeprefix("bytes=").rstrip("-")) if ranges else 0
            self._send(data, 0 if fault.ignores_ranges else start, fault, with_body)

    def _fault(self, with_body: bool) -> Fault:
        fault = self.state.faults.get(self.path, Fault())
        if fault.times == 0:
            return Fault()
        if with_body:
            fault.times -= 1
        return fault

    def _send(self, data: bytes, start: int, fault: Fault, with_body: bool) -> None:
        if start >= len(data) > 0:
            self._head(416, 0, f"bytes */{len(data)}")
            return
        place = f"bytes {start}-{len(data) - 1}/{len(data)}" if start else ""
        self._head(206 if start else 200, len(data) - start + fault.extra_length, place)
        if with_body:
            stop = len(data) if fault.drop_after is None else start + fault.drop_after
            self.wfile.write(data[start:stop])
        if fault.drop_after is not None or fault.extra_length:
            self.close_connection = True

    def _head(self, status: int, length: int, place: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        if place:
            self.send_header("Content-Range", place)
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
