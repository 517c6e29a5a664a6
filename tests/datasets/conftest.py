"""Fixtures of the data tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clairo.datasets.amazon_sources import MIRROR_VARIABLE
from tests.datasets.file_server import FileServer, running_server
from tests.datasets.picture_shop import Shop


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A local server that stands for the publisher."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with running_server() as running:
        monkeypatch.setenv(MIRROR_VARIABLE, f"{running.url},only")
        yield running


@pytest.fixture
def shop(server: FileServer, tmp_path: Path) -> Shop:
    """Items whose pictures lie on the local server."""
    return Shop(server, tmp_path / "data")
