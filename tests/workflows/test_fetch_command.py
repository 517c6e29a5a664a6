"""``clairo data fetch`` as a process of its own, against a local server."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.datasets.amazon_files import REVIEWS, gzip_lines, review_lines
from tests.datasets.file_server import Fault, FileServer, running_server

REVIEWS_PATH = "/2018/Gift_Cards/Gift_Cards_5.json.gz"
METADATA_PATH = "/2018/Gift_Cards/meta_Gift_Cards.json.gz"
PATIENCE_SECONDS = 60.0


def _metadata() -> bytes:
    """Large enough, packed, to be interrupted in the middle."""
    noise = random.Random(3)
    rows = ({"asin": f"i{n}", "title": noise.randbytes(40).hex()} for n in range(2_000))
    return gzip_lines(map(json.dumps, rows))


@pytest.fixture
def mirror() -> Iterator[FileServer]:
    with running_server() as running:
        running.files = {
            REVIEWS_PATH: gzip_lines(review_lines(REVIEWS)),
            METADATA_PATH: _metadata(),
        }
        running.tags = {METADATA_PATH: '"v1"'}
        yield running


def _start(mirror: FileServer, data: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "clairo", "data", "fetch", "gift_cards", "2018"]
    proxies = {"http_proxy", "https_proxy", "all_proxy"}
    env = {name: value for name, value in os.environ.items() if name.lower() not in proxies}
    env["CLAIRO_AMAZON_MIRROR"] = f"{mirror.url},only"
    return subprocess.Popen(
        [*command, "--data", str(data), "--no-pictures", *more],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _answer(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, out, err


def _wait_for_bytes(path: Path, num_bytes: int) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not (path.exists() and path.stat().st_size >= num_bytes):
        assert time.monotonic() < end, f"{path} did not grow to {num_bytes} bytes"
        time.sleep(0.02)


def test_what_was_interrupted_goes_on_where_it_stopped(mirror: FileServer, tmp_path: Path) -> None:
    mirror.faults[METADATA_PATH] = Fault(pause_after=30_000)
    process = _start(mirror, tmp_path)
    part = tmp_path / "amazon/2018/Gift_Cards/.partial/meta_Gift_Cards.json.gz.part"
    _wait_for_bytes(part, 30_000)
    process.send_signal(signal.SIGINT)
    assert _answer(process)[0] == 130
    assert not (tmp_path / "amazon/2018/Gift_Cards/meta_Gift_Cards.json.gz").exists()

    mirror.faults.clear()
    mirror.requests.clear()
    code, out, err = _answer(_start(mirror, tmp_path))
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("Fetched meta_Gift_Cards.json.gz (")
    assert mirror.gets(METADATA_PATH) == ["bytes=30000-"]
    assert mirror.gets(REVIEWS_PATH) == []
    found = (tmp_path / "amazon/2018/Gift_Cards/meta_Gift_Cards.json.gz").read_bytes()
    assert found == mirror.files[METADATA_PATH]


def test_verifying_names_the_file_that_changed(mirror: FileServer, tmp_path: Path) -> None:
    assert _answer(_start(mirror, tmp_path))[0] == 0
    path = tmp_path / "amazon/2018/Gift_Cards/meta_Gift_Cards.json.gz"
    path.write_bytes(bytes(len(mirror.files[METADATA_PATH])))
    code, out, err = _answer(_start(mirror, tmp_path, "--verify"))
    assert (code, out) == (1, "")
    assert err.startswith(f"DataError: {path} must have the sha256 ")
    assert err.count("\n") == 1
