"""``clairo data images`` as a process of its own, against a local server."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clairo.core.errors import ConfigError, DataError
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.picture_manifest import MANIFEST_FILE, read_manifest
from clairo.workflows.data_images import picture_policy, show_images
from clairo.workflows.options import SweepOptions
from tests.datasets.amazon_files import (
    gzip_lines,
    picture,
    review_lines,
    reviews_path,
    write_amazon,
)
from tests.datasets.file_server import Fault, FileServer, running_server

PATIENCE_SECONDS = 120.0
NUM_ITEMS = 12
NUM_SILENT = 2


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with running_server() as running:
        yield running


@pytest.fixture
def config(server: FileServer, tmp_path: Path) -> AmazonConfig:
    """Twelve items with different pictures."""
    rows = []
    for number in range(NUM_ITEMS):
        server.files[f"/{number}.jpg"] = picture((number * 20, 0, 0))  # type: ignore[arg-type]
        rows.append({"asin": f"i{number}", "imageURL": [f"{server.url}/{number}.jpg"]})
    reviews = [("ann", f"i{number}", number) for number in range(NUM_ITEMS)]
    return write_amazon(tmp_path / "data", reviews, rows)


def _start(config: AmazonConfig, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "clairo", "data", "images", "gift_cards", "2018"]
    options = ("--data", str(config.data_dir), "--allow-private", "--gap", "0", "--per-host", "2")
    return subprocess.Popen(
        [*command, *options, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _answer(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, out, err


def _interrupt(
    server: FileServer, config: AmazonConfig, sign: signal.Signals
) -> tuple[int, str, str]:
    """Ends a process that has all pictures but those on which it waits for the server."""
    silent = [f"/{number}.jpg" for number in range(NUM_ITEMS - NUM_SILENT, NUM_ITEMS)]
    for path in silent:
        server.faults[path] = Fault(is_silent=True)
    process = _start(config)
    end = time.monotonic() + PATIENCE_SECONDS
    path = config.folder / MANIFEST_FILE
    while (
        not path.exists()
        or path.read_bytes().count(b"\n") < NUM_ITEMS - NUM_SILENT
        or not all(server.gets(name) for name in silent)
    ):
        assert process.poll() is None, _answer(process)
        assert time.monotonic() < end, f"only {server.requests} were asked"
        time.sleep(0.02)
    process.send_signal(sign)
    answer = _answer(process)
    server.faults.clear()
    server.requests.clear()
    return answer


@pytest.mark.parametrize("torn", [False, True])
def test_a_killed_run_goes_on_where_it_was(
    server: FileServer, config: AmazonConfig, torn: bool
) -> None:
    assert _interrupt(server, config, signal.SIGKILL)[0] == -signal.SIGKILL
    assert len(list(config.image_dir.iterdir())) == NUM_ITEMS - NUM_SILENT
    if torn:
        with (config.folder / MANIFEST_FILE).open("ab") as stream:
            stream.write(b'{"item": "i11", "ur')
    code, out, err = _answer(_start(config))
    assert (code, err) == (0, "")
    assert sorted(path for _, path, _ in server.requests) == ["/10.jpg", "/11.jpg"]
    assert len(read_manifest(config.folder)) == NUM_ITEMS
    assert "        10 had a picture already" in out
    found = {path.name: path.read_bytes() for path in config.image_dir.iterdir()}
    assert found == {f"i{n}.jpg": server.files[f"/{n}.jpg"] for n in range(NUM_ITEMS)}
    # And a third time there is nothing to do.
    server.requests.clear()
    code, out, _ = _answer(_start(config))
    assert (code, server.requests) == (0, [])
    assert "         0 missing" in out


def test_ctrl_c_says_what_is_there_and_how_to_go_on(
    server: FileServer, config: AmazonConfig
) -> None:
    code, out, err = _interrupt(server, config, signal.SIGINT)
    assert (code, err) == (130, "")
    assert out.splitlines()[-1] == (
        "Interrupted: 10 pictures came and are in place; the same command goes on from here."
    )
    assert len(list(config.image_dir.iterdir())) == 10


def test_a_dry_run_writes_nothing_and_fetches_nothing(
    server: FileServer, config: AmazonConfig
) -> None:
    before = sorted(config.folder.rglob("*"))
    code, out, err = _answer(_start(config, "--dry-run"))
    assert (code, err) == (0, "")
    assert {method for method, _, _ in server.requests} == {"HEAD"}
    assert len(server.requests) == 3
    assert sorted(config.folder.rglob("*")) == before
    host = server.url.removeprefix("http://")
    assert out.splitlines()[0] == "Amazon 2018 Gift Cards: 12 items, 0 have a picture"
    assert out.splitlines()[1].startswith(f"Would fetch 12 pictures from {host} (about ")


def _options(config: AmazonConfig, **more: object) -> SweepOptions:
    values = {"category": "gift_cards", "release": "2018", "data": config.data_dir, **more}
    return SweepOptions(**values)  # type: ignore[arg-type]


POLICY = picture_policy(allow_private=True, gap_seconds=0.0, max_side=None)


def test_a_folder_that_is_read_only_is_a_clear_error(
    server: FileServer, config: AmazonConfig
) -> None:
    config.folder.chmod(0o555)
    try:
        with pytest.raises(DataError, match=r"is read-only; change its rights, or copy"):
            show_images(_options(config), POLICY)
        # What would be fetched can be asked all the same.
        assert show_images(_options(config), POLICY, dry_run=True, say=lambda line: None) is None
    finally:
        config.folder.chmod(0o755)
    assert {method for method, _, _ in server.requests} == {"HEAD"}


@pytest.mark.parametrize("dry_run", [False, True])
def test_raw_files_that_are_missing_are_an_error_where_they_may_not_be_fetched(
    server: FileServer, config: AmazonConfig, dry_run: bool
) -> None:
    config.metadata_file.path.unlink()
    with pytest.raises(DataError, match="needs a metadata file"):
        show_images(_options(config, fetch=False), POLICY, dry_run=dry_run)


def test_data_without_addresses_is_a_usage_error(config: AmazonConfig) -> None:
    with pytest.raises(ConfigError, match=r"metadata names them.*images/ by hand"):
        show_images(_options(config, category="demo", release=None), POLICY)


def test_only_what_the_filters_leave_is_fetched(
    server: FileServer, config: AmazonConfig, tmp_path: Path
) -> None:
    # Only one item has two interactions.
    reviews = [("ann", f"i{number}", number) for number in range(NUM_ITEMS)]
    reviews_path(config).write_bytes(gzip_lines(review_lines([*reviews, ("bob", "i3", 1)])))
    filters = tmp_path / "filters.yaml"
    filters.write_text("item_core: 2\nuser_core: 1\n")
    said: list[str] = []
    summary = show_images(_options(config, filters=filters), POLICY, say=said.append)
    assert summary is not None
    assert (summary.num_items, summary.num_fetched) == (1, 1)
    assert server.gets("/3.jpg") == [""]
    assert {path for _, path, _ in server.requests} == {"/3.jpg"}


@pytest.mark.parametrize(
    ("name", "value"), [("max_side", 0), ("per_host", 0), ("gap_seconds", -1.0), ("attempts", 0)]
)
def test_a_setting_out_of_range_is_a_usage_error(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"clairo data images: {name}: Input should be"):
        picture_policy(**{name: value})


def test_the_summary_names_every_reason_with_its_cure(
    server: FileServer, config: AmazonConfig
) -> None:
    server.files["/0.jpg"] = b"<html></html>"
    del server.files["/1.jpg"]
    said: list[str] = []
    show_images(_options(config), POLICY, say=said.append)
    assert any("10 fetched (" in line for line in said)
    assert "          2 missing:" in said
    assert any("1   not found (404, 410): " in line for line in said)
    assert any("1   no picture came: " in line for line in said)
    assert said[-1].endswith(str(config.folder / MANIFEST_FILE))
    rows = (config.folder / MANIFEST_FILE).read_text().splitlines()
    assert {json.loads(row)["outcome"] for row in rows} == {
        "stored",
        "not_found",
        "not_a_picture",
    }
