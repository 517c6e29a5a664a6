"""Which items may need a picture, and under which addresses it may be had.

Finding out reads reviews and metadata. The answer is kept in a Parquet file beside what has
not arrived, with the settings and with size and time of change of every file that it rests on,
so that a later start reads the raw files again only where one of these has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clairo.datasets.mirrors import without_password

if TYPE_CHECKING:
    from clairo.datasets.amazon import AmazonConfig

Candidates = Mapping[str, tuple[str, ...]]
"""Addresses of each item in the order of asking; none for items whose picture nobody names."""

_VERSION: Final = 1
_RESTS_ON: Final = b"clairo.rests_on"


def picture_candidates(config: AmazonConfig, partial: Path | None) -> Candidates:
    """The items that may remain once their pictures are here, with addresses.

    Args:
        config: Files, filters and split.
        partial: Folder where the answer is kept; ``None`` keeps none.

    Raises:
        DataError: Reviews or metadata are damaged.
        OSError: The answer cannot be written.
    """
    rests_on = _rests_on(config)
    if partial is None:
        return _read_raw(config)
    # A name per settings, so that data sets of one category do not take turns in reading.
    settings = json.dumps(config.identity(), sort_keys=True).encode()
    path = partial / f"candidates-{hashlib.sha256(settings).hexdigest()[:16]}.parquet"
    known = _read_kept(path, rests_on)
    if known is not None:
        return known
    found = _read_raw(config)
    _keep(found, path, rests_on)
    return found


def _rests_on(config: AmazonConfig) -> bytes:
    """What decides the answer; a file counts by its name, its size and its time of change."""
    paths = [file.path for file in config.reviews_files]
    if config.metadata != "none":
        paths.append(config.metadata_path)
    stats = {path.name: path.stat() for path in paths}
    values = {
        "version": _VERSION,
        "settings": config.identity(),
        "files": {name: (stat.st_size, stat.st_mtime_ns) for name, stat in stats.items()},
    }
    return json.dumps(values, sort_keys=True).encode("utf-8")


def _read_raw(config: AmazonConfig) -> Candidates:
    # Reading metadata needs the HTML parser, which a later start does without.
    from clairo.datasets.amazon_items import read_picture_urls

    item_ids = _items(config)
    found = read_picture_urls(config, item_ids)
    return {
        item: tuple(dict.fromkeys(without_password(_as_text(url)) for url in found.get(item, ())))
        for item in (found if item_ids is None else item_ids)
    }


def _as_text(url: str) -> str:
    """The address as text that can be written: JSON may hold halves of a character."""
    return url.encode("utf-8", "backslashreplace").decode("utf-8")


def _items(config: AmazonConfig) -> tuple[str, ...] | None:
    """Items that may remain once their pictures are here; ``None`` for all of the metadata."""
    # Needs the engine, which a command that fetches files alone does not.
    from clairo.datasets.preparing import number_interactions

    if not config.has_interactions or config.catalogue == "all":
        return None
    plain: dict[str, object] = {"image_required": "no"}
    if config.image_required == "before_core":
        plain |= {"user_core": 1, "item_core": 1}
    return number_interactions(config.model_copy(update=plain), config.reading.ingest()).item_ids


def _read_kept(path: Path, rests_on: bytes) -> Candidates | None:
    """What was found before; ``None`` where nothing was, or where it rests on something else."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        return None
    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid:
        # It is a copy of what the raw files say, so a damaged one is made again.
        return None
    if (table.schema.metadata or {}).get(_RESTS_ON) != rests_on:
        return None
    items, urls = (table.column(name).to_pylist() for name in ("item", "urls"))
    return {item: tuple(found) for item, found in zip(items, urls, strict=True)}


def _keep(candidates: Candidates, path: Path, rests_on: bytes) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        "item": pa.array(list(candidates), pa.string()),
        "urls": pa.array([list(urls) for urls in candidates.values()], pa.list_(pa.string())),
    }
    table = pa.table(columns).replace_schema_metadata({_RESTS_ON: rests_on})
    part = path.with_name(f"{path.name}.part")
    pq.write_table(table, part, compression="zstd")
    part.replace(path)
