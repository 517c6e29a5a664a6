"""Finished pieces of results that are not whole yet: a stopped computation goes on from them.

::

    <root>/.partial/<stage>/<kind>-<16 hex>/<piece>.safetensors

They lie apart from the entries and have no manifest, so the store never takes them for a result.
Each is written beside and renamed, and carries its own checksum. The folder goes when its entry
is whole.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from clairo.core.fingerprint import Fingerprint
from clairo.store.disk_errors import disk_errors_explained

_log = logging.getLogger(__name__)

PARTIAL = ".partial"
_SUFFIX = ".safetensors"
_DAMAGED = ".damaged"
_CHECKSUM = "sha256"

KEPT_SECONDS = 30 * 86400.0
"""Pieces that nobody added to for so long are of a computation that will not go on."""


class PartialResults:
    """:class:`~clairo.core.stage.Parts` in a folder of a store.

    Only who holds the entry's lock may put pieces.

    Args:
        root: The store's root.
        fingerprint: Names the result that the pieces belong to.
    """

    def __init__(self, root: Path, fingerprint: Fingerprint) -> None:
        self._root = Path(root)
        self.folder = self._root / PARTIAL / fingerprint.entry

    def get(self, name: str) -> Mapping[str, np.ndarray] | None:
        """A piece that was put; a damaged one is set aside, which is told in the log."""
        path = self._path(name)
        if not path.is_file():
            return None
        with disk_errors_explained(self._root):
            arrays = _read(path)
            if arrays is None:
                path.replace(path.with_suffix(_DAMAGED))
                _log.warning("%s was damaged and is computed again.", path)
        return arrays

    def put(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keeps a piece, whole or not at all.

        Raises:
            StoreDiskError: It cannot be written.
        """
        whole = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
        path = self._path(name)
        beside = path.with_name(f".{path.name}-{os.getpid()}")
        with disk_errors_explained(self._root):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                save_file(whole, beside, metadata={_CHECKSUM: _digest(whole)})
                beside.replace(path)
            finally:
                beside.unlink(missing_ok=True)

    def remove(self) -> None:
        """Forgets all pieces: their result is whole."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{_SUFFIX}"


def remove_old_parts(root: Path, kept_seconds: float = KEPT_SECONDS) -> None:
    """Removes pieces of results that nobody has added to for long.

    Args:
        root: The store's root.
        kept_seconds: Age of the newest piece from which on a result counts as given up.
    """
    for folder in (entry for stage in _listed(root / PARTIAL) for entry in _listed(stage)):
        try:
            # A folder changes when a piece is added.
            changed = folder.stat().st_mtime
        except FileNotFoundError:
            continue  # its result became whole in another process
        if time.time() - changed > kept_seconds:
            _log.info("Removing unfinished pieces in %s, unchanged for long.", folder)
            shutil.rmtree(folder, ignore_errors=True)


def _listed(folder: Path) -> list[Path]:
    """What lies in a folder; nothing in a file, or where another process has removed it."""
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _read(path: Path) -> dict[str, np.ndarray] | None:
    """The arrays of a file, ``None`` where they are not what was written."""
    try:
        with safe_open(path, framework="numpy") as file:
            stated = (file.metadata() or {}).get(_CHECKSUM)
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        _log.debug("%s cannot be read: %s", path, error)
        return None
    return arrays if stated == _digest(arrays) else None


def _digest(arrays: Mapping[str, np.ndarray]) -> str:
    """Checksum of names, types, shapes and contents."""
    digest = hashlib.sha256()
    for key in sorted(arrays):
        array = arrays[key]
        digest.update(f"{key} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
