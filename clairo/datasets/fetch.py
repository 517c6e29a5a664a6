"""Fetching what a data set lacks: reviews, metadata, then pictures of the items that remain.

Nothing is written where nothing is missing, so data may lie in a folder that is read-only.
"""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from filelock import FileLock
from rich.console import Console

from clairo.core.errors import DataError
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.base import DatasetConfig
from clairo.datasets.checksums import check_files
from clairo.datasets.download import Downloader, FetchPolicy
from clairo.datasets.fetch_files import PARTIAL_FOLDER, announce_plan, fetch_files
from clairo.datasets.picture_policy import PicturePolicy
from clairo.datasets.picture_summary import PictureSummary
from clairo.datasets.remote_file import RemoteFile, missing_files_error
from clairo.datasets.transfer_progress import (
    Announce,
    ProgressBars,
    ProgressLines,
    TransferProgress,
    size_text,
)

__all__ = [
    "Announce",
    "FetchOptions",
    "FetchPolicy",
    "FetchSummary",
    "fetch_missing",
    "size_text",
]


@dataclass(frozen=True)
class FetchOptions:
    """What is wanted beside the missing files themselves.

    Attributes:
        pictures: Whether missing pictures are fetched as well.
        verify: Whether files that are there are read and their digests compared.
        console: Where a bar is shown, if it is a terminal; lines are announced otherwise.
        picture_policy: How pictures are asked for, and what is accepted.
        says_summary: Whether the outcome is announced; a caller may say more about it.
    """

    pictures: bool = True
    verify: bool = False
    console: Console | None = None
    picture_policy: PicturePolicy = field(default_factory=PicturePolicy)
    says_summary: bool = True


@dataclass(frozen=True)
class FetchSummary:
    """What was fetched.

    Attributes:
        files: Names of the files that were fetched.
        num_bytes: Bytes that were fetched, pictures included.
        images: What became of the pictures.
        hosts_given_up: Hosts that did not answer.
        notes: What else people should know, a sentence each.
    """

    files: tuple[str, ...] = ()
    num_bytes: int = 0
    images: PictureSummary = field(default_factory=PictureSummary)
    hosts_given_up: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """The summary for people; empty where nothing was done or found wanting."""
        found = []
        if self.files or self.images.num_fetched:
            parts = [*self.files]
            if self.images.num_fetched:
                parts.append(f"pictures of {self.images.num_fetched} items")
            found.append(f"Fetched {', '.join(parts)} ({size_text(self.num_bytes)}).")
        if self.images.num_unavailable:
            found.append(
                f"Pictures that could not be had: {self.images.num_unavailable}; "
                "'clairo data images' says why."
            )
        found += [f"Gave up {host}: it does not answer." for host in self.hosts_given_up]
        return (*found, *self.notes)


def fetch_missing(
    config: DatasetConfig,
    *,
    allow: bool,
    announce: Announce,
    policy: FetchPolicy | None = None,
    options: FetchOptions | None = None,
) -> FetchSummary:
    """Fetches what is missing, source and size announced first.

    Reviews and metadata are needed; pictures that cannot be had leave their items without
    one. Files that are there are compared with what they were when they arrived. Two processes
    that ask for one category wait for each other.

    Args:
        config: Any data set; those that are not fetched from anywhere lack nothing.
        allow: Whether the network may be used.
        announce: Told source and size before each transfer, and the outcome.
        policy: How patient to be.
        options: What else is wanted.

    Raises:
        ConfigError: The settings for mirrors or proxies are malformed.
        DataError: Reviews or metadata cannot be had, differ from what they were, or the folder
            cannot be written. The message names address and path.
    """
    if not isinstance(config, AmazonConfig):
        return FetchSummary()
    options = options or FetchOptions()
    notes = _checked(config, options)
    missing = config.missing_files()
    if not allow:
        if missing:
            raise missing_files_error(config.label, missing)
        return _said(FetchSummary(notes=notes), announce)
    reason = unwritable_reason(config)
    if reason:
        if missing:
            raise missing_files_error(config.label, missing, reason)
        note = f"{reason}: pictures that are missing are not fetched."
        return _said(FetchSummary(notes=(*notes, note)), announce)
    try:
        summary = _fetch(config, announce, policy or FetchPolicy(), options)
    except OSError as error:
        raise DataError(
            f"{config.folder} must be writable to fetch {config.label} ({error}); free some "
            "space, change its rights, or name another folder with DATA."
        ) from error
    summary = replace(summary, notes=(*notes, *summary.notes))
    return _said(summary, announce) if options.says_summary else summary


def unwritable_reason(config: AmazonConfig) -> str | None:
    """Why nothing may be written for a category; ``None`` where it may.

    A link that leads out of the data folder is not followed for writing: what lies there
    belongs to something else.
    """
    root = config.data_dir.resolve()
    folders = {file.path.parent for file in config.files}
    for path in (*sorted(folders), config.folder / PARTIAL_FOLDER, config.image_dir):
        if not path.resolve().is_relative_to(root):
            return f"{path} leads out of {config.data_dir} to {path.resolve()}"
    if config.folder.is_dir() and not is_writable(config.folder):
        return f"{config.folder} is read-only"
    return None


def is_writable(folder: Path) -> bool:
    """Whether files may be put into an existing folder.

    A folder without any write bit is meant to be read-only, also for an administrator, whom
    the system would let through.
    """
    return bool(stat.S_IMODE(folder.stat().st_mode) & 0o222) and os.access(folder, os.W_OK)


def _said(summary: FetchSummary, announce: Announce) -> FetchSummary:
    for line in summary.lines():
        announce(line)
    return summary


def _checked(config: AmazonConfig, options: FetchOptions) -> tuple[str, ...]:
    """Compares the files that are there; a note on those of which nothing is recorded."""
    unrecorded = check_files(config.files, verify=options.verify)
    if not options.verify or not unrecorded:
        return ()
    return (f"No checksum is recorded of {', '.join(unrecorded)}: not verified.",)


def _fetch(
    config: AmazonConfig, announce: Announce, policy: FetchPolicy, options: FetchOptions
) -> FetchSummary:
    partial = config.folder / PARTIAL_FOLDER
    partial.mkdir(parents=True, exist_ok=True)
    for path in partial.iterdir():
        # Nothing here is a link of ours, and one would be written wherever it leads.
        if path.is_symlink():
            path.unlink()
    with FileLock(partial / "lock"), Downloader(policy) as downloader:
        # Asked again under the lock: another process may have fetched it meanwhile.
        missing = config.missing_files()
        num_bytes = _fetch_files(config, missing, downloader, announce, options)
        summary = FetchSummary(tuple(file.name for file in missing), num_bytes)
        if options.pictures:
            summary = _with_pictures(summary, config, announce, options)
        hosts = (*downloader.hosts_given_up, *summary.images.hosts_given_up)
        return replace(summary, hosts_given_up=hosts)


def _with_pictures(
    summary: FetchSummary, config: AmazonConfig, announce: Announce, options: FetchOptions
) -> FetchSummary:
    # Decoding needs Pillow; a command that fetches files alone does without.
    from clairo.datasets.fetch_images import Reporter, fetch_images

    partial = config.folder / PARTIAL_FOLDER
    reporter = Reporter(announce, options.console)
    images = fetch_images(config, options.picture_policy, reporter, partial)
    return replace(summary, num_bytes=summary.num_bytes + images.num_bytes, images=images)


def _fetch_files(
    config: AmazonConfig,
    missing: list[RemoteFile],
    downloader: Downloader,
    announce: Announce,
    options: FetchOptions,
) -> int:
    if not missing:
        return 0
    announce_plan(config.label, missing, downloader, announce)
    with ExitStack() as stack:
        progress: TransferProgress = ProgressLines(announce)
        if options.console is not None and options.console.is_terminal:
            progress = stack.enter_context(ProgressBars(options.console))
        return fetch_files(config.label, missing, downloader, progress)
