"""How far a transfer has come, in a terminal and elsewhere."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.download import Downloader, FetchPolicy
from clairo.datasets.fetch import FetchOptions, fetch_missing
from clairo.datasets.transfer import Transfer, fetch_file
from clairo.datasets.transfer_progress import ProgressBars, ProgressLines
from tests.datasets.amazon_files import REVIEWS, ROWS_2018, gzip_lines, review_lines
from tests.datasets.file_server import Fault, FileServer

QUICK = FetchPolicy(timeout_seconds=0.3, attempts=3, backoff_seconds=0.01)


def _terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100)


def _shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_lines_tell_each_step_of_a_file_once() -> None:
    said: list[str] = []
    lines = ProgressLines(said.append, step_bytes=10_000_000)
    lines.began("a.gz", 0, 45_000_000)
    for done in (4_000_000, 12_000_000, 19_000_000, 20_000_000, 45_000_000):
        lines.reached(done)
    assert said == ["  a.gz: 12 of 45 MB", "  a.gz: 20 of 45 MB", "  a.gz: 45 of 45 MB"]


def test_lines_do_without_a_total_and_go_on_after_a_break() -> None:
    said: list[str] = []
    lines = ProgressLines(said.append, step_bytes=10_000_000)
    lines.began("a.gz", 15_000_000, None)
    lines.reached(16_000_000)
    lines.reached(21_000_000)
    lines.say("  something else")
    assert said == ["  a.gz: 21 MB", "  something else"]


def test_a_bar_shows_bytes_of_each_file_and_lines_above_it() -> None:
    console = _terminal()
    with ProgressBars(console) as bars:
        bars.began("a.gz", 0, 3_000_000)
        bars.reached(1_000_000)
        bars.say("  [red]mirror[/red] failed")
        bars.began("a.gz", 1_000_000, 3_000_000)
        bars.reached(3_000_000)
        bars.began("b.gz", 0, None)
        bars.reached(500_000)
    shown = _shown(console)
    last = shown[shown.rindex("a.gz") :]
    assert "3.0/3.0 MB" in last
    assert "b.gz" in last
    assert "500.0/? kB" in last
    assert "  [red]mirror[/red] failed" in shown


def test_a_transfer_tells_of_a_break_where_it_goes_on(server: FileServer, tmp_path: Path) -> None:
    server.files["/a.csv"] = b"x" * 20_000
    server.tags["/a.csv"] = '"v1"'
    server.faults["/a.csv"] = Fault(drop_after=9_000, times=1)
    told: list[tuple[str, int, int | None]] = []

    class Listener(ProgressLines):
        def began(self, name: str, done: int, total: int | None) -> None:
            told.append((name, done, total))
            super().began(name, done, total)

    said: list[str] = []
    part = tmp_path / "a.csv.part"
    transfer = Transfer(f"{server.url}/a.csv", tmp_path / "a.csv", part, is_gzip=False)
    with Downloader(QUICK) as downloader:
        fetch_file(downloader, transfer, Listener(said.append, step_bytes=20_000))
    assert told == [("a.csv", 0, 20_000), ("a.csv", 9_000, 20_000)]
    assert said == ["  a.csv: 0 of 0 MB"]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_bars_are_shown_on_a_terminal_only(
    server: FileServer, tmp_path: Path, is_terminal: bool
) -> None:
    server.files |= {
        "/2018/Gift_Cards/Gift_Cards_5.json.gz": gzip_lines(review_lines(REVIEWS)),
        "/2018/Gift_Cards/meta_Gift_Cards.json.gz": gzip_lines(map(json.dumps, ROWS_2018)),
    }
    config = AmazonConfig(category="Gift_Cards", release="2018", data_dir=tmp_path)
    console = _terminal() if is_terminal else Console(file=io.StringIO())
    options = FetchOptions(pictures=False, console=console)
    said: list[str] = []
    fetch_missing(config, allow=True, announce=said.append, policy=QUICK, options=options)
    assert ("Gift_Cards_5.json.gz" in _shown(console)) == is_terminal
    assert said[-1].startswith("Fetched Gift_Cards_5.json.gz, meta_Gift_Cards.json.gz (")
