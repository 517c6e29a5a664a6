"""MLflow's own server: for a person to look at, and for tests to talk to."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from clairo.core.errors import SweepError
from clairo.tracking.addresses import is_server, require_answer, with_driver

_START_SECONDS = 90
_STOP_SECONDS = 10


def serve_ui(uri: str, artifact_root: str | None, host: str, port: int) -> None:
    """Serves MLflow in the foreground until it is stopped (Ctrl-C).

    Args:
        uri: The database to show.
        artifact_root: Where runs of the server's own clients would put artifacts; those that
            are there already know their place.
        host: Address to listen on.
        port: Port to listen on.

    Raises:
        SweepError: The port is taken, the database does not answer, the address is itself a
            server, or MLflow ends with an error.
    """
    process = _start(uri, artifact_root, host, port, output=None)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        return
    finally:
        _stop_tree(process)
    if code != 0:
        raise SweepError(
            f"The MLflow server must keep running, it ended with exit code {code}; its own lines "
            "above say why."
        )


@contextmanager
def running_server(
    uri: str, artifact_root: str | None, host: str = "127.0.0.1", port: int | None = None
) -> Iterator[str]:
    """Address of a server that answers, for the time of a ``with`` block.

    Args:
        uri: The database behind the server.
        artifact_root: Where new experiments keep their artifacts.
        host: Address to listen on.
        port: Port to listen on, ``None`` takes a free one.

    Raises:
        SweepError: The server does not start; the message ends with its last lines.
    """
    chosen = port or _free_port(host)
    with tempfile.TemporaryFile() as output:
        process = _start(uri, artifact_root, host, chosen, output=output.fileno())
        try:
            address = f"http://{host}:{chosen}"
            if not _wait_until_healthy(address, process):
                output.seek(0)
                tail = output.read().decode("utf-8", errors="replace")[-2000:]
                raise SweepError(
                    f"The MLflow server must answer at {address} within {_START_SECONDS} s, it "
                    f"does not; its last lines: {tail}"
                )
            yield address
        finally:
            _stop_tree(process)


def _start(
    uri: str, artifact_root: str | None, host: str, port: int, *, output: int | None
) -> subprocess.Popen[bytes]:
    if is_server(uri):
        raise SweepError(
            f"The UI is served from a database, got {uri}, which is a server; open that address "
            "in a browser."
        )
    require_answer(uri)
    _require_free(host, port)
    uri = with_driver(uri)
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri]
    command += ["--host", host, "--port", str(port), "--workers", "1"]
    if artifact_root is not None:
        place = artifact_root if "://" in artifact_root else Path(artifact_root).absolute().as_uri()
        command += ["--artifacts-destination", place]
    settings = {
        **os.environ,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        # The server's own address is a database; this one would send it to itself.
        "MLFLOW_TRACKING_URI": uri,
    }
    return subprocess.Popen(  # noqa: S603 - our own interpreter, fixed arguments
        command, env=settings, stdout=output, stderr=output
    )


def _wait_until_healthy(address: str, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/health", timeout=2).status_code == 200:
                return True
        except httpx.HTTPError:
            time.sleep(0.2)
    return False


def _stop_tree(process: subprocess.Popen[bytes]) -> None:
    """Ends the server and the workers it has started, by their ids."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    if process.poll() is None:
        process.terminate()
    for child in family:
        _signal(child, kill=False)
    _, alive = psutil.wait_procs(family, timeout=_STOP_SECONDS)
    for child in alive:
        _signal(child, kill=True)
    try:
        process.wait(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _signal(child: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            child.kill()
        else:
            child.terminate()
    except psutil.NoSuchProcess:
        return


def _require_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SweepError(
                f"The MLflow server needs a free port, {host}:{port} is not ({error}); stop what "
                "listens there or choose another port."
            ) from error


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
