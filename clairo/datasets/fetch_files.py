"""Fetching the raw files of one category: mirror after mirror, checked, and recorded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from clairo.datasets.checksums import FileChecksum, record_checksum
from clairo.datasets.download import Downloader, DownloadError, proxy_for
from clairo.datasets.hosts import RefusedError
from clairo.datasets.mirrors import host_of, without_password
from clairo.datasets.remote_file import RemoteFile, missing_files_error
from clairo.datasets.transfer import Arrived, Transfer, fetch_file
from clairo.datasets.transfer_progress import Announce, TransferProgress, size_text

PARTIAL_FOLDER: Final = ".partial"
"""Folder below a category's own with what has not arrived completely."""

_MAX_DIGEST_FILE: Final = 4096
_DIGEST_LINE: Final = re.compile(r"([0-9a-fA-F]{64})(?:\s+\*?\S+)?\s*")


def announce_plan(
    label: str, files: Sequence[RemoteFile], downloader: Downloader, announce: Announce
) -> None:
    """Says from where, through which proxy, how much and to where, before anything comes."""
    hosts = dict.fromkeys(_shown_host(url) for file in files for url in file.urls)
    announce(f"{label}: fetching from {', then '.join(hosts)}")
    for file in files:
        size = size_text(downloader.size(file.url))
        announce(f"  {without_password(file.url)} ({size}) -> {file.path}")


def fetch_files(
    label: str, files: Sequence[RemoteFile], downloader: Downloader, progress: TransferProgress
) -> int:
    """Fetches files one after another, and gives the bytes that came.

    Raises:
        DataError: A file cannot be had from any server. The message names what is missing
            still, with addresses and paths, and what each server answered.
        OSError: A file cannot be written.
    """
    num_bytes = 0
    for number, file in enumerate(files):
        try:
            num_bytes += _fetch_from_any(file, downloader, progress)
        except DownloadError as error:
            raise missing_files_error(label, files[number:], str(error)) from error
    return num_bytes


def _fetch_from_any(file: RemoteFile, downloader: Downloader, progress: TransferProgress) -> int:
    """Asks one server after another."""
    failures: list[str] = []
    for number, url in enumerate(file.urls):
        try:
            arrived = _fetch_from(file, url, downloader, progress)
        except DownloadError as error:
            # With one server the message of the host itself says enough.
            who = f"{host_of(url)}: " if len(file.urls) > 1 else ""
            failures.append(f"{who}{error}")
            if number + 1 < len(file.urls):
                following = host_of(file.urls[number + 1])
                progress.say(f"  {host_of(url)} failed ({error}); trying {following}")
            continue
        _record(file, url, arrived)
        return arrived.num_bytes
    raise DownloadError("; ".join(failures), permanent=True)


def _fetch_from(
    file: RemoteFile, url: str, downloader: Downloader, progress: TransferProgress
) -> Arrived:
    transfer = Transfer(
        url=url,
        target=file.path,
        part=file.folder / PARTIAL_FOLDER / f"{file.name.replace('/', '-')}.part",
        is_gzip=file.is_gzip,
        sha256=_expected_digest(file, url, downloader),
    )
    return fetch_file(downloader, transfer, progress)


def _expected_digest(file: RemoteFile, url: str, downloader: Downloader) -> str | None:
    """The digest that a file must have: pinned by a person, or offered beside it by a mirror."""
    if not file.is_on_mirror(url):
        return file.sha256
    try:
        data = downloader.content(f"{url}.sha256", _MAX_DIGEST_FILE)
    except RefusedError:
        # Few mirrors offer one.
        return file.sha256
    found = _DIGEST_LINE.fullmatch(data.decode("utf-8", "replace"))
    if found is None:
        raise DownloadError(
            f"{without_password(url)}.sha256 must hold 64 hexadecimal digits and perhaps a file "
            f"name, got {data[:40]!r}",
            permanent=True,
        )
    offered = found[1].lower()
    if file.sha256 not in (None, offered):
        raise DownloadError(
            f"the mirror's sha256 {offered} is not the pinned one, {file.sha256}", permanent=True
        )
    return offered


def _record(file: RemoteFile, url: str, arrived: Arrived) -> None:
    checksum = FileChecksum(
        sha256=arrived.sha256,
        num_bytes=arrived.num_bytes,
        url=without_password(url),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    record_checksum(file.folder, file.name, checksum, file.folder / PARTIAL_FOLDER)


def _shown_host(url: str) -> str:
    proxy = proxy_for(url)
    return f"{host_of(url)} (through the proxy {proxy})" if proxy else host_of(url)
