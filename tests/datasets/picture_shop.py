"""A shop on the local server whose pictures are fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.fetch import FetchOptions, fetch_missing
from clairo.datasets.picture_manifest import ManifestRow, read_manifest
from clairo.datasets.picture_policy import PicturePolicy
from clairo.datasets.picture_summary import PictureSummary
from tests.datasets.amazon_files import write_amazon
from tests.datasets.file_server import FileServer

SETTINGS: dict[str, Any] = {
    "allow_private": True,
    "attempts": 3,
    "backoff_seconds": 0.01,
    "gap_seconds": 0,
    "silence_seconds": 0.5,
    "total_seconds": 20,
    "host_failures": 50,
    "max_side": 64,
}


class Shop:
    """Items with addresses on the server, in a folder of their own."""

    def __init__(self, server: FileServer, root: Path) -> None:
        self.server = server
        self.root = root
        self.rows: list[dict[str, Any]] = []

    def sells(self, item: str, *paths: str) -> None:
        urls = [path if "://" in path else f"{self.server.url}{path}" for path in paths]
        self.rows.append({"asin": item, "title": item, "imageURLHighRes": urls})

    def write(self) -> AmazonConfig:
        reviews = [("ann", row["asin"], time) for time, row in enumerate(self.rows)]
        return write_amazon(self.root, reviews, self.rows)

    def fetch(self, said: list[str] | None = None, **settings: Any) -> PictureSummary:
        config = self.write() if not self.config.folder.exists() else self.config
        policy = PicturePolicy.model_validate({**SETTINGS, **settings})
        announce = (lambda line: None) if said is None else said.append
        options = FetchOptions(picture_policy=policy)
        return fetch_missing(config, allow=True, announce=announce, options=options).images

    @property
    def config(self) -> AmazonConfig:
        return AmazonConfig(category="Gift_Cards", release="2018", data_dir=self.root)

    def row(self, item: str, path: str) -> ManifestRow:
        return read_manifest(self.config.folder)[item, f"{self.server.url}{path}"]

    def files(self) -> dict[str, bytes]:
        folder = self.config.image_dir
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
