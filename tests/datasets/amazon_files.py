"""Writes tiny Amazon data sets by hand, in the publisher's formats."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from clairo.datasets.amazon import AmazonConfig

Review = tuple[str, str, int]

REVIEWS: tuple[Review, ...] = (
    ("ann", "cup", 300),
    ("bob", "pot", 100),
    ("ann", "pan", 100),
    ("ann", "pot", 200),
    ("bob", "cup", 100),
    ("cat", "pan", 50),
    ("ann", "lid", 200),
)
"""Ann: pan, then pot before lid (a tie, told apart by line), then cup. Bob: pot before cup."""

ROWS_2018: tuple[dict[str, Any], ...] = (
    {
        "asin": "cup",
        "title": "Cup &amp; <b>Saucer</b>",
        "price": "$3.00",
        "brand": "Acme",
        "feature": ["Holds tea"],
        "category": ["Kitchen", "Cups"],
        "description": ["For  tea."],
        "imageURLHighRes": ["http://pictures.invalid/cup.jpg"],
    },
    {"asin": "pot", "title": "Pot"},
    {"asin": "unseen", "title": "Never reviewed"},
)


def gzip_lines(lines: Iterable[str]) -> bytes:
    """A gzip file of lines."""
    return gzip.compress("".join(f"{line}\n" for line in lines).encode("utf-8"), mtime=0)


def review_lines(reviews: Iterable[Review]) -> list[str]:
    """JSON lines of 2014 and 2018; these reviews have no rating."""
    return [
        json.dumps({"reviewerID": user, "asin": item, "unixReviewTime": time})
        for user, item, time in reviews
    ]


def write_amazon(
    root: Path,
    reviews: Iterable[Review] = REVIEWS,
    rows: Sequence[Mapping[str, Any]] = ROWS_2018,
    *,
    release: str = "2018",
    category: str = "Gift_Cards",
    **settings: Any,
) -> AmazonConfig:
    """Writes both files and gives the configuration that reads them."""
    config = AmazonConfig(category=category, release=release, data_dir=root, **settings)
    config.folder.mkdir(parents=True, exist_ok=True)
    reviews_path(config).write_bytes(gzip_lines(review_lines(reviews)))
    show = repr if release == "2014" else json.dumps
    config.metadata_file.path.write_bytes(gzip_lines(show(row) for row in rows))
    return config


def reviews_path(config: AmazonConfig) -> Path:
    """The one file of reviews."""
    (file,) = config.reviews_files
    return file.path


def picture(color: str = "red", side: int = 40, kind: str = "JPEG") -> bytes:
    """A small encoded picture."""
    stream = io.BytesIO()
    Image.new("RGB", (side, side), color).save(stream, kind)
    return stream.getvalue()


def put_picture(config: AmazonConfig, name: str, data: bytes) -> None:
    """Puts a picture where the data set looks for it."""
    config.image_dir.mkdir(exist_ok=True)
    (config.image_dir / name).write_bytes(data)
