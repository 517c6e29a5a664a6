"""What every fetched file was when it arrived, kept beside the files, and compared later.

The publishers give no checksums, so the first complete transfer is the reference: a file that
changes afterwards is noticed. ``checksums.json`` lies in the folder of a category.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import NonNegativeInt, StringConstraints

from clairo.core.config import Config, parse_config
from clairo.core.errors import ConfigError, DataError
from clairo.datasets.mirrors import Sha256
from clairo.datasets.remote_file import RemoteFile

CHECKSUMS_FILE: Final = "checksums.json"
"""Name of the record in a category's folder."""


class FileChecksum(Config):
    """What a file was when it arrived.

    Attributes:
        sha256: Digest of the whole file as it lies on disk.
        num_bytes: Its size.
        url: Where it came from, without a password.
        time: When it was complete, in UTC, for example ``2026-01-31T12:00:00+00:00``.
    """

    sha256: Sha256
    num_bytes: NonNegativeInt
    url: Annotated[str, StringConstraints(min_length=1)]
    time: str


def sha256_of(path: Path) -> str:
    """Digest of a file in hexadecimal digits, read piece by piece."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_checksums(folder: Path) -> dict[str, FileChecksum]:
    """The record of a folder by file name; empty where nothing has been fetched.

    Raises:
        DataError: The record is damaged.
    """
    path = folder / CHECKSUMS_FILE
    if not path.exists():
        return {}
    try:
        values: Any = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise TypeError(f"it is a {type(values).__name__}")
        return {
            str(name): parse_config(FileChecksum, dict(entry), str(name))
            for name, entry in values.items()
        }
    except (ValueError, TypeError, ConfigError) as error:
        raise DataError(
            f"{path} must be a JSON object of checksums by file name ({error}); correct it, or "
            "delete it and fetch the files again."
        ) from error


def record_checksum(folder: Path, name: str, checksum: FileChecksum, partial: Path) -> None:
    """Adds a file to the record of a folder, or replaces what the record says of it.

    Args:
        folder: Folder of the category.
        name: The file as a path below the folder.
        checksum: What it is.
        partial: Folder for the new record until it is complete, on the same file system.

    Raises:
        DataError: The present record is damaged.
    """
    found: Mapping[str, FileChecksum] = {**read_checksums(folder), name: checksum}
    values = {key: found[key].model_dump(mode="json") for key in sorted(found)}
    part = partial / f"{CHECKSUMS_FILE}.part"
    part.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    part.replace(folder / CHECKSUMS_FILE)


def check_files(files: Sequence[RemoteFile], *, verify: bool = False) -> tuple[str, ...]:
    """Compares files that are there with the record and with pinned digests.

    Args:
        files: Files of one category; those that are missing are passed over.
        verify: Read every file and compare its digest; otherwise only sizes are compared.

    Returns:
        Names of the files whose digest nothing says.

    Raises:
        DataError: A file differs from what it was, or from what has been pinned; or the record
            is damaged.
    """
    present = [file for file in files if file.path.is_file()]
    records = read_checksums(present[0].folder) if present else {}
    for file in present:
        record = records.get(file.name)
        if record is not None:
            _require_size(file, record)
            _require_pin(file, record.sha256)
        if verify:
            _require_digest(file, record)
    return tuple(file.name for file in present if file.name not in records and file.sha256 is None)


def _require_size(file: RemoteFile, record: FileChecksum) -> None:
    size = file.path.stat().st_size
    if size != record.num_bytes:
        raise _differs(file, f"{record.num_bytes:,} bytes", f"{size:,}")


def _require_pin(file: RemoteFile, sha256: str) -> None:
    if file.sha256 not in (None, sha256):
        raise DataError(
            f"{file.path} must have the sha256 {file.sha256} pinned for {file.key}, it was "
            f"fetched with {sha256}; delete it and fetch it again, or correct the pin."
        )


def _require_digest(file: RemoteFile, record: FileChecksum | None) -> None:
    expected = file.sha256 or (record.sha256 if record else None)
    if expected is None:
        return
    found = sha256_of(file.path)
    if found != expected:
        raise _differs(file, f"the sha256 {expected}", found)


def _differs(file: RemoteFile, expected: str, found: str) -> DataError:
    return DataError(
        f"{file.path} must have {expected} as recorded, found {found}; delete it and fetch it "
        f"again, or, if the change is meant, remove {file.name!r} from "
        f"{file.folder / CHECKSUMS_FILE}."
    )
