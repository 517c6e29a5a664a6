"""Content hashes of the raw files behind a data set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clairo.core.errors import DataError
from clairo.core.fingerprint import Fingerprint, hash_file, hash_json
from clairo.datasets.base import DatasetConfig
from clairo.datasets.places import list_files


def hash_sources(dataset: DatasetConfig) -> dict[str, str]:
    """Sha256 of every raw file or folder that defines a data set, by its relative name.

    The driver of a sweep does this once and hands the digests to its trials, so that a worker
    needs the stage store and not the raw files.

    Raises:
        DataError: A file that the data set needs is not there, or it or a folder may not be
            read.
    """
    return {name: _hash_source(name, path) for name, path in sorted(dataset.sources().items())}


def source_fingerprints(digests: Mapping[str, str]) -> dict[str, Fingerprint]:
    """Raw files as inputs of the dataset stage."""
    return {f"raw/{name}": Fingerprint("raw", "file", digest) for name, digest in digests.items()}


def _hash_source(name: str, path: Path) -> str:
    try:
        if path.is_dir():
            return hash_json({str(f.relative_to(path)): hash_file(f) for f in list_files(path)})
        return hash_file(path)
    except OSError as error:
        raise DataError(
            f"The data needs {name} at {path}, where {error.filename or path} cannot be read "
            f"({error.strerror}); change its rights, put the file there or let 'clairo data "
            "fetch' get it."
        ) from error
