"""What is written beside an entry's data, and the checks that hold the data to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import clairo
from clairo.core.errors import ArtifactError
from clairo.core.files import read_json, write_json
from clairo.core.fingerprint import Fingerprint, hash_file
from clairo.core.provenance import package_versions, running_commit

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """What an entry is and where it comes from.

    Attributes:
        stage: Stage name.
        kind: Readable variant.
        fingerprint: The full 64 hexadecimal digits; the folder name has only 16.
        about: What the fingerprint was made from: ``config``, ``inputs`` (digests by name),
            ``seed`` and whatever else the caller finds worth keeping.
        files: Sha256 of every data file, by path relative to the entry.
        bytes: Size of all data files.
        seconds: Wall time of the computation.
        code_version: Version of this package.
        git_commit: Commit of the code, ``""`` outside of git.
        packages: Versions of the packages that may change a result.
        created: UTC time in ISO 8601.
    """

    stage: str
    kind: str
    fingerprint: str
    about: Mapping[str, Any]
    files: Mapping[str, str]
    bytes: int
    seconds: float
    code_version: str
    git_commit: str
    packages: Mapping[str, str]
    created: str

    @classmethod
    def describe(
        cls, folder: Path, fingerprint: Fingerprint, about: Mapping[str, Any], seconds: float
    ) -> Self:
        """Describes the data files that lie in a folder now."""
        paths = data_files(folder)
        return cls(
            stage=fingerprint.stage,
            kind=fingerprint.kind,
            fingerprint=fingerprint.digest,
            about=dict(about),
            files={name: hash_file(path) for name, path in paths.items()},
            bytes=sum(path.stat().st_size for path in paths.values()),
            seconds=seconds,
            code_version=clairo.__version__,
            git_commit=running_commit(),
            packages=package_versions(),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def write(self, folder: Path) -> None:
        """Writes the manifest into an entry's folder."""
        write_json(folder / MANIFEST, asdict(self))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Reads what :meth:`write` wrote.

        Raises:
            ArtifactError: It is missing, not JSON or lacks a field.
        """
        values = read_json(folder / MANIFEST)
        wanted = {field.name for field in fields(cls)}
        if not isinstance(values, dict) or wanted - values.keys():
            raise ArtifactError(
                f"{folder / MANIFEST} must state {sorted(wanted)}, got "
                f"{sorted(values) if isinstance(values, dict) else type(values).__name__}; "
                "remove the entry, it will be recomputed."
            )
        return cls(**{name: values[name] for name in wanted})

    def check(self, folder: Path) -> None:
        """Compares the data files with their checksums.

        Raises:
            ArtifactError: A file is missing, was added or has changed.
        """
        found = data_files(folder)
        wrong = sorted(found.keys() ^ self.files.keys())
        wrong += [
            name
            for name in found.keys() & self.files.keys()
            if hash_file(found[name]) != self.files[name]
        ]
        if wrong:
            raise ArtifactError(
                f"Files of a stored entry must match their checksums, {', '.join(wrong)} in "
                f"{folder} do not; remove the entry, it will be recomputed."
            )


def data_files(folder: Path) -> dict[str, Path]:
    """Every file of an entry but its manifest, by relative path."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / MANIFEST
    }


def file_marks(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, size and change time of every data file."""
    stats = ((name, path.stat()) for name, path in data_files(folder).items())
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def require_json(about: Mapping[str, Any], fingerprint: Fingerprint) -> None:
    """Refuses a description that could not be written, before anything is computed.

    Raises:
        ArtifactError: A value is not JSON.
    """
    try:
        json.dumps(dict(about), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ArtifactError(
            f"What a manifest says must be finite JSON values, got {error} for {fingerprint}; "
            "give plain numbers, strings, lists and dicts."
        ) from error
