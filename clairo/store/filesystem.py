"""Stage results in folders: content-addressed, atomic, locked per key, checksummed.

::

    <root>/<stage>/<kind>-<16 hex>/       an entry: data files and manifest.json
    <root>/<stage>/.writing-<entry>/      being written; renamed when it is whole
    <root>/.partial/                      pieces of entries to be; see partial_results
    <root>/.locks/                        one lock file per key
    <root>/.lengths/<family>/<length>     empty; says how long results of a family were made
    <root>/damaged/                       entries that failed their checksum, kept for a look

The operating system frees a lock when its holder dies, so what a dead writer left behind is
known by its free lock.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from filelock import FileLock, Timeout

from clairo.core.errors import ArtifactError, DataError
from clairo.core.fingerprint import Fingerprint
from clairo.core.stage import Artifact
from clairo.store.disk_errors import disk_errors_explained
from clairo.store.manifest import MANIFEST, Manifest, file_marks, require_json
from clairo.store.partial_results import remove_old_parts
from clairo.store.protocol import CUT_FROM, LongerT, StoreResult

ArtifactT = TypeVar("ArtifactT", bound=Artifact)

_log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 1.0
"""How long a call waits for another process before it says so in the log."""

_WRITING = ".writing-"

_verified: dict[Path, tuple[tuple[str, int, int], ...]] = {}
"""Sizes and times of the files of entries whose checksums this process has compared."""


@dataclass(frozen=True)
class _Made(Generic[ArtifactT]):
    """A fresh artifact, the seconds of its own computation, and what the manifest is to say."""

    artifact: ArtifactT
    seconds: float
    about: Mapping[str, Any]
    longer: StoreResult[Any] | None = None


class FilesystemStore:
    """An :class:`~clairo.store.protocol.ArtifactStore` in a folder, local or shared.

    Several processes, and several machines on a file system with working locks, may use one
    root at the same time.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root).absolute()
        self._swept = False

    def has(self, fingerprint: Fingerprint) -> bool:
        """Whether a whole entry is there; its content is not read."""
        return (self._folder(fingerprint) / MANIFEST).is_file()

    def manifest(self, fingerprint: Fingerprint) -> Manifest:
        """What is written about an entry.

        Raises:
            ArtifactError: There is no such entry, its manifest cannot be read, or the folder
                belongs to another fingerprint with the same 16 digits.
        """
        if not self.has(fingerprint):
            raise ArtifactError(
                f"A stored result must be computed first, {fingerprint} is not in {self.root}; "
                "run the stage."
            )
        manifest = Manifest.read(self._folder(fingerprint))
        if manifest.fingerprint != fingerprint.digest:
            raise ArtifactCollisionError(
                f"One store folder holds one fingerprint, {fingerprint} holds "
                f"{manifest.fingerprint} and {fingerprint.digest} was asked for; use another "
                "store root for this experiment."
            )
        return manifest

    def manifests(self, stage: str) -> Iterator[Manifest]:
        """What is written about every whole entry of one stage, in no promised order."""
        for path in (self.root / stage).glob(f"*/{MANIFEST}"):
            yield Manifest.read(path.parent)

    def load(self, fingerprint: Fingerprint, output_type: type[ArtifactT]) -> ArtifactT:
        """Reads an entry; its checksums are compared once per process and content.

        Raises:
            ArtifactError: The entry is missing, damaged or not an ``output_type``.
        """
        folder = self._folder(fingerprint)
        self._verify(self.manifest(fingerprint), folder)
        try:
            return output_type.load(folder)
        except (DataError, KeyError, TypeError, ValueError) as error:
            raise ArtifactError(
                f"{folder} must hold a {output_type.__name__}, got {error!r}; raise the version "
                "of the stage whose format has changed."
            ) from error

    def get_or_compute(
        self,
        fingerprint: Fingerprint,
        output_type: type[ArtifactT],
        compute: Callable[[], ArtifactT],
        about: Mapping[str, Any],
    ) -> StoreResult[ArtifactT]:
        """Reads an entry, or computes and keeps it.

        While one process computes a key, others that ask for it wait and then read. A damaged
        entry is moved to ``<root>/damaged`` and recomputed. What is given was read back from
        disk in either case, so a fresh result and a cached one cannot differ.

        Args:
            fingerprint: Names the result.
            output_type: Class that can read it.
            compute: Makes it; called at most once.
            about: What the fingerprint was made from, for the manifest: ``config``,
                ``inputs`` and ``seed`` as JSON values.

        Raises:
            StoreDiskError: The entry cannot be written (full disk, unwritable root).
            ArtifactError: Its folder belongs to another fingerprint.
        """
        require_json(about, fingerprint)
        return self._get_or_make(fingerprint, output_type, lambda: _timed(compute, about))

    def get_or_cut(
        self,
        fingerprint: Fingerprint,
        output_type: type[ArtifactT],
        longer: Callable[[], StoreResult[LongerT]],
        cut: Callable[[LongerT], ArtifactT],
        about: Mapping[str, Any],
    ) -> StoreResult[ArtifactT]:
        """Reads an entry, or cuts it from a longer one and keeps it.

        As :meth:`get_or_compute`; both locks are held while the longer entry is computed, the
        shorter one's first. The manifest says what the entry was cut from, and its seconds are
        those of the cutting.

        Args:
            fingerprint: Names the result.
            output_type: Class that can read it.
            longer: Gets the longer entry from this store; called at most once.
            cut: Makes the result of it; called at most once.
            about: As in :meth:`get_or_compute`.

        Raises:
            StoreDiskError: The entry cannot be written (full disk, unwritable root).
            ArtifactError: Its folder belongs to another fingerprint.
        """
        require_json(about, fingerprint)

        def make() -> _Made[ArtifactT]:
            source = longer()
            before = source.about.get(CUT_FROM, {}).get("seconds", 0.0)
            origin = {
                "entry": source.fingerprint.entry,
                "fingerprint": source.fingerprint.digest,
                "seconds": source.computed_seconds + before,
            }
            return _timed(lambda: cut(source.artifact), {**about, CUT_FROM: origin}, source)

        return self._get_or_make(fingerprint, output_type, make)

    def note_length(self, family: Fingerprint, length: int) -> None:
        """Remembers that results which differ in length alone were computed up to a length.

        A hint where to look: whether the entry is still there, only :meth:`has` can say.

        Args:
            family: Names what they have in common: the fingerprint for length 0.
            length: How long a result was made.

        Raises:
            StoreDiskError: The note cannot be written.
        """
        with disk_errors_explained(self.root):
            folder = self._notes(family)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / str(length)).touch()

    def noted_lengths(self, family: Fingerprint) -> tuple[int, ...]:
        """The lengths noted for a family, ascending; no entry is read."""
        names = (path.name for path in self._notes(family).glob("*"))
        return tuple(sorted(int(name) for name in names if name.isdecimal()))

    def _notes(self, family: Fingerprint) -> Path:
        return self.root / ".lengths" / family.entry.replace("/", "--")

    def _get_or_make(
        self,
        fingerprint: Fingerprint,
        output_type: type[ArtifactT],
        make: Callable[[], _Made[ArtifactT]],
    ) -> StoreResult[ArtifactT]:
        started = time.perf_counter()
        made: _Made[ArtifactT] | None = None
        artifact = self._load_if_whole(fingerprint, output_type)
        if artifact is None:
            with self._locked(fingerprint):
                artifact = self._find(fingerprint, output_type)
                if artifact is None:
                    made = make()
                    self._write(fingerprint, made)
                    artifact = self.load(fingerprint, output_type)
        manifest = self.manifest(fingerprint)
        return StoreResult(
            fingerprint,
            artifact,
            cached=made is None,
            seconds=time.perf_counter() - started,
            computed_seconds=manifest.seconds,
            bytes=manifest.bytes,
            about=manifest.about,
            longer=made.longer if made else None,
        )

    def _load_if_whole(
        self, fingerprint: Fingerprint, output_type: type[ArtifactT]
    ) -> ArtifactT | None:
        """The stored artifact without taking the lock, so that readers do not queue."""
        try:
            return self.load(fingerprint, output_type) if self.has(fingerprint) else None
        except ArtifactCollisionError:
            raise
        except ArtifactError:
            return None  # looked at again, and set aside, by _find under the lock

    def _find(self, fingerprint: Fingerprint, output_type: type[ArtifactT]) -> ArtifactT | None:
        """The stored artifact; ``None`` where there is none or it had to be set aside."""
        if not self.has(fingerprint):
            return None
        try:
            return self.load(fingerprint, output_type)
        except ArtifactError as error:
            kept = self._set_aside(fingerprint)
            _log.warning(
                "%s was damaged and is computed again (kept in %s): %s", fingerprint, kept, error
            )
            return None

    def _write(self, fingerprint: Fingerprint, made: _Made[ArtifactT]) -> None:
        """Writes beside, renames. The lock of the key is held."""
        folder = self._folder(fingerprint)
        beside = folder.with_name(_WRITING + folder.name)
        try:
            with disk_errors_explained(self.root):
                _discard(folder)
                _discard(beside)
                beside.mkdir(parents=True)
                made.artifact.save(beside)
                manifest = Manifest.describe(beside, fingerprint, made.about, made.seconds)
                manifest.write(beside)
                beside.rename(folder)
                _verified[folder] = file_marks(folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _verify(self, manifest: Manifest, folder: Path) -> None:
        marks = file_marks(folder)
        if _verified.get(folder) != marks:
            manifest.check(folder)
            _verified[folder] = marks

    def _set_aside(self, fingerprint: Fingerprint) -> Path:
        with disk_errors_explained(self.root):
            target = self.root / "damaged" / fingerprint.entry.replace("/", "-")
            target = target.with_name(f"{target.name}-{time.time_ns()}")
            target.parent.mkdir(exist_ok=True)
            self._folder(fingerprint).rename(target)
        return target

    @contextmanager
    def _locked(self, fingerprint: Fingerprint) -> Iterator[None]:
        """Holds the lock of one key; the first call also clears what dead writers left."""
        with disk_errors_explained(self.root):
            (self.root / ".locks").mkdir(parents=True, exist_ok=True)
            lock = self._lock(fingerprint.entry)
            if not self._swept:
                self._remove_stale()
                remove_old_parts(self.root)
                self._swept = True
            try:
                lock.acquire(timeout=_PATIENCE_SECONDS)
            except Timeout:
                _log.info("Another process computes %s, waiting for it.", fingerprint)
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _remove_stale(self) -> None:
        """Removes half-written folders whose writers are gone."""
        for beside in self.root.glob(f"*/{_WRITING}*"):
            lock = self._lock(f"{beside.parent.name}/{beside.name.removeprefix(_WRITING)}")
            try:
                with lock.acquire(timeout=0):
                    shutil.rmtree(beside, ignore_errors=True)
            except Timeout:
                continue

    def _lock(self, entry: str) -> FileLock:
        return FileLock(self.root / ".locks" / f"{entry.replace('/', '--')}.lock")

    def _folder(self, fingerprint: Fingerprint) -> Path:
        return self.root / fingerprint.entry


class ArtifactCollisionError(ArtifactError):
    """Two fingerprints share the 16 digits of a folder name; neither is damaged."""


def _timed(
    compute: Callable[[], ArtifactT],
    about: Mapping[str, Any],
    longer: StoreResult[Any] | None = None,
) -> _Made[ArtifactT]:
    """Computes, and says how long that took."""
    started = time.perf_counter()
    artifact = compute()
    return _Made(artifact, time.perf_counter() - started, about, longer)


def _discard(folder: Path) -> None:
    """Removes what is no whole entry, for example a folder without a manifest."""
    if folder.exists():
        shutil.rmtree(folder)
