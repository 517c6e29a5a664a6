"""Fetching what a data set lacks: reviews, metadata, then pictures of the items that remain.

Nothing is written where nothing is missing, so data may lie in a folder that is read-only.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock

from clairo.core.errors import DataError
from clairo.datasets.amazon import AmazonConfig, RemoteFile, missing_files_error
from clairo.datasets.base import DatasetConfig
from clairo.datasets.download import Downloader, DownloadError, FetchPolicy, host_of

__all__ = ["Announce", "FetchPolicy", "FetchSummary", "fetch_missing", "size_text"]

Announce = Callable[[str], None]
"""Receives one line for people."""

PARTIAL_FOLDER: Final = ".partial"
"""Folder below a category's own with what has not arrived completely."""


@dataclass(frozen=True)
class FetchSummary:
    """What was fetched.

    Attributes:
        files: Names of the files that were fetched.
        num_bytes: Bytes that were fetched, pictures included.
        images_fetched: Pictures that arrived and decode.
        images_unavailable: Items whose picture has an address and could not be had.
        images_without_url: Items without a picture and without an address of one.
        hosts_given_up: Hosts that did not answer.
        notes: What else people should know, a sentence each.
    """

    files: tuple[str, ...] = ()
    num_bytes: int = 0
    images_fetched: int = 0
    images_unavailable: int = 0
    images_without_url: int = 0
    hosts_given_up: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """The summary for people; empty where nothing was done or found wanting."""
        found = []
        if self.files or self.images_fetched:
            parts = [*self.files]
            if self.images_fetched:
                parts.append(f"pictures of {self.images_fetched} items")
            found.append(f"Fetched {', '.join(parts)} ({size_text(self.num_bytes)}).")
        if self.images_unavailable:
            found.append(f"Pictures that could not be had: {self.images_unavailable}.")
        found += [f"Gave up {host}: it does not answer." for host in self.hosts_given_up]
        return (*found, *self.notes)


def fetch_missing(
    config: DatasetConfig,
    *,
    allow: bool,
    announce: Announce,
    policy: FetchPolicy | None = None,
) -> FetchSummary:
    """Fetches what is missing, source and size announced first.

    Reviews and metadata are needed; pictures that cannot be had leave their items without
    one. Two processes that ask for one category wait for each other.

    Args:
        config: Any data set; those that are not fetched from anywhere lack nothing.
        allow: Whether the network may be used.
        announce: Told source and size before each transfer, and the outcome.
        policy: How patient to be.

    Raises:
        DataError: Reviews or metadata cannot be had, or the folder cannot be written. The
            message names address and path.
    """
    if not isinstance(config, AmazonConfig):
        return FetchSummary()
    missing = config.missing_files()
    if not allow:
        if missing:
            raise missing_files_error(config.label, missing)
        return FetchSummary()
    if config.folder.is_dir() and not is_writable(config.folder):
        if missing:
            raise missing_files_error(config.label, missing, f"{config.folder} is read-only")
        note = f"{config.folder} is read-only: pictures that are missing are not fetched."
        return _said(FetchSummary(notes=(note,)), announce)
    try:
        return _said(_fetch(config, announce, policy or FetchPolicy()), announce)
    except OSError as error:
        raise DataError(
            f"{config.folder} must be writable to fetch {config.label} ({error}); free some "
            "space, change its rights, or name another folder with DATA."
        ) from error


def is_writable(folder: Path) -> bool:
    """Whether files may be put into an existing folder.

    A folder without any write bit is meant to be read-only, also for an administrator, whom
    the system would let through.
    """
    return bool(stat.S_IMODE(folder.stat().st_mode) & 0o222) and os.access(folder, os.W_OK)


def size_text(num_bytes: int | None) -> str:
    """A size for people.

    Example:
        >>> size_text(2_500_000), size_text(1_200), size_text(None)
        ('2.5 MB', '1.2 kB', 'size unknown')
    """
    if num_bytes is None:
        return "size unknown"
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if num_bytes >= factor:
            return f"{num_bytes / factor:.1f} {unit}"
    return f"{num_bytes} bytes"


def _said(summary: FetchSummary, announce: Announce) -> FetchSummary:
    for line in summary.lines():
        announce(line)
    return summary


def _fetch(config: AmazonConfig, announce: Announce, policy: FetchPolicy) -> FetchSummary:
    # Reading metadata needs the HTML parser; most calls end before this point.
    from clairo.datasets.fetch_images import fetch_images

    partial = config.folder / PARTIAL_FOLDER
    partial.mkdir(parents=True, exist_ok=True)
    with FileLock(partial / "lock"), Downloader(policy, announce) as downloader:
        # Asked again under the lock: another process may have fetched it meanwhile.
        missing = config.missing_files()
        num_bytes = _fetch_files(config, missing, downloader, announce) if missing else 0
        images = fetch_images(config, downloader, announce, partial, policy.threads)
        return FetchSummary(
            files=tuple(file.path.name for file in missing),
            num_bytes=num_bytes + images.num_bytes,
            images_fetched=images.fetched,
            images_unavailable=images.unavailable,
            images_without_url=images.without_url,
            hosts_given_up=downloader.hosts_given_up,
        )


def _fetch_files(
    config: AmazonConfig, missing: list[RemoteFile], downloader: Downloader, announce: Announce
) -> int:
    hosts = sorted({host_of(file.url) for file in missing})
    announce(f"{config.label}: fetching from {', '.join(hosts)}")
    for file in missing:
        announce(f"  {file.url} ({size_text(downloader.size(file.url))}) -> {file.path}")
    num_bytes = 0
    for number, file in enumerate(missing):
        part = config.folder / PARTIAL_FOLDER / f"{file.path.name}.part"
        try:
            num_bytes += downloader.to_gzip_file(file.url, file.path, part)
        except DownloadError as error:
            raise missing_files_error(config.label, missing[number:], str(error)) from error
    return num_bytes
