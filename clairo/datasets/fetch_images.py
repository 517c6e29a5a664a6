"""Fetching the pictures of the items that remain after filtering."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clairo.core.errors import DataError
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.amazon_items import read_item_metadata
from clairo.datasets.download import Downloader, DownloadError
from clairo.datasets.item_images import find_images, picture_format
from clairo.datasets.mirrors import host_of
from clairo.datasets.transfer_progress import Announce, size_text

REFUSED_FILE: Final = "pictures_refused.json"
"""Per item the address whose picture does not exist or decode; it is not asked for again."""

_SUFFIXES: Final[Mapping[str, str]] = {"JPEG": ".jpg"}
_NUM_SIZE_SAMPLES: Final = 3
_PICTURES_PER_LINE: Final = 500
# Item ids become file names, so one that could name another place gets no picture.
_SAFE_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class ImageFetch:
    """What became of the pictures that were missing, and the bytes of those that came."""

    fetched: int = 0
    unavailable: int = 0
    without_url: int = 0
    num_bytes: int = 0


def fetch_images(
    config: AmazonConfig,
    downloader: Downloader,
    announce: Announce,
    partial: Path,
    num_threads: int,
) -> ImageFetch:
    """Fetches the pictures that are missing, several at a time.

    A picture enters ``images/`` when it has arrived and decodes, under its final name.

    Raises:
        DataError: Reviews or metadata are damaged.
        OSError: A picture cannot be written.
    """
    item_ids = _candidates(config)
    records = read_item_metadata(config, item_ids).records
    item_ids = tuple(records) if item_ids is None else item_ids
    lacking = _lacking(config, item_ids)
    addresses = {
        item: records[item].image_url
        for item in lacking
        if item in records and records[item].image_url and _SAFE_ID.fullmatch(item)
    }
    refused = _read_refused(config.folder / REFUSED_FILE)
    wanted = {item: url for item, url in addresses.items() if refused.get(item) != url}
    arrived: dict[str, int] = {}
    if wanted:
        _announce(config, wanted, downloader, announce)
        outcomes = _outcomes(wanted, downloader, num_threads, announce)
        arrived, newly_refused = _keep(config.image_dir, wanted, outcomes, partial)
        _write_refused(config.folder / REFUSED_FILE, {**refused, **newly_refused}, partial)
    return ImageFetch(
        fetched=len(arrived),
        unavailable=len(addresses) - len(arrived),
        without_url=len(lacking) - len(addresses),
        num_bytes=sum(arrived.values()),
    )


def _candidates(config: AmazonConfig) -> tuple[str, ...] | None:
    """Items that may remain once their pictures are here; ``None`` for all of the metadata."""
    # Needs the engine, which a command that fetches files alone does not.
    from clairo.datasets.preparing import number_interactions

    if not config.has_interactions or config.catalogue == "all":
        return None
    plain: dict[str, object] = {"image_required": "no"}
    if config.image_required == "before_core":
        plain |= {"user_core": 1, "item_core": 1}
    found = number_interactions(config.model_copy(update=plain), config.reading.ingest())
    return found.item_ids


def _lacking(config: AmazonConfig, item_ids: Sequence[str]) -> list[str]:
    present = find_images(config.image_dir, item_ids)
    return [item for item in item_ids if item not in present]


def _announce(
    config: AmazonConfig, wanted: Mapping[str, str], downloader: Downloader, announce: Announce
) -> None:
    """Number, hosts and a size estimated from a few of the pictures."""
    urls = list(wanted.values())
    step = max(1, len(urls) // _NUM_SIZE_SAMPLES)
    sizes = [downloader.size(url) for url in urls[::step][:_NUM_SIZE_SAMPLES]]
    known = [size for size in sizes if size is not None]
    about = f"about {size_text(sum(known) * len(urls) // len(known))}" if known else "size unknown"
    hosts = ", ".join(host for host, _ in Counter(host_of(url) for url in urls).most_common())
    announce(f"  {len(urls)} pictures from {hosts} ({about}) -> {config.image_dir}")


def _outcomes(
    wanted: Mapping[str, str], downloader: Downloader, num_threads: int, announce: Announce
) -> Iterator[tuple[str, bytes | None, bool]]:
    """Of each item the bytes, and whether asking again would give the same."""
    pool = ThreadPoolExecutor(num_threads, thread_name_prefix="pictures")
    try:
        pending = [(item, pool.submit(downloader.content, url)) for item, url in wanted.items()]
        # Popped from the end, so that a picture's bytes are free once it is on disk.
        pending.reverse()
        while pending:
            item, future = pending.pop()
            yield (item, *_outcome(future))
            if len(pending) % _PICTURES_PER_LINE == 0 and pending:
                announce(f"  {len(wanted) - len(pending):,} of {len(wanted):,} pictures")
    finally:
        # After Ctrl-C nothing new is started; what runs ends by its time limit.
        pool.shutdown(wait=False, cancel_futures=True)


def _outcome(future: Future[bytes]) -> tuple[bytes | None, bool]:
    try:
        return future.result(), True
    except DownloadError as error:
        return None, error.permanent


def _keep(
    folder: Path,
    wanted: Mapping[str, str],
    outcomes: Iterator[tuple[str, bytes | None, bool]],
    partial: Path,
) -> tuple[dict[str, int], dict[str, str]]:
    """Sizes of the pictures that arrived, and addresses of those that are refused for good."""
    arrived: dict[str, int] = {}
    refused: dict[str, str] = {}
    for item, data, is_final in outcomes:
        name = picture_format(data) if data else None
        if data and name:
            suffix = _SUFFIXES.get(name, f".{name.lower()}")
            _put(data, folder / f"{item}{suffix}", partial)
            arrived[item] = len(data)
        elif is_final:
            refused[item] = wanted[item]
    return arrived, refused


def _put(data: bytes, target: Path, partial: Path) -> None:
    """Writes a whole file or none."""
    target.parent.mkdir(exist_ok=True)
    part = partial / f"{target.name}.part"
    part.write_bytes(data)
    part.replace(target)


def _read_refused(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(
            f"{path} must be a JSON object of refused pictures ({error}); delete it."
        ) from error
    if not isinstance(values, dict):
        raise DataError(f"{path} must be a JSON object, got a {type(values).__name__}; delete it.")
    return {str(item): str(url) for item, url in values.items()}


def _write_refused(path: Path, refused: Mapping[str, str], partial: Path) -> None:
    if refused:
        text = json.dumps(dict(sorted(refused.items())), indent=2)
        _put(text.encode("utf-8"), path, partial)
