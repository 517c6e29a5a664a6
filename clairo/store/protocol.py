"""What any stage store must do; :class:`clairo.store.filesystem.FilesystemStore` does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from clairo.core.fingerprint import Fingerprint
from clairo.core.stage import Artifact
from clairo.store.manifest import Manifest

ArtifactT = TypeVar("ArtifactT", bound=Artifact)


@dataclass(frozen=True)
class StoreResult(Generic[ArtifactT]):
    """An artifact, and what it cost to have it.

    Attributes:
        artifact: Read back from the store, whether it was just computed or found.
        cached: Whether this call found it, also when another process computed it while this
            call waited.
        seconds: Wall time of this call: waiting, computing, writing, reading.
        computed_seconds: Wall time of the computation when it was made.
        bytes: Size of the entry's data files.
    """

    artifact: ArtifactT
    cached: bool
    seconds: float
    computed_seconds: float
    bytes: int


class ArtifactStore(Protocol):
    """Results of stages by fingerprint."""

    def has(self, fingerprint: Fingerprint) -> bool:
        """Whether a whole entry is there; cheap, content is not read."""
        ...

    def manifest(self, fingerprint: Fingerprint) -> Manifest:
        """What is written about an entry."""
        ...

    def load(self, fingerprint: Fingerprint, output_type: type[ArtifactT]) -> ArtifactT:
        """Reads an entry whose content is what was once written."""
        ...

    def get_or_compute(
        self,
        fingerprint: Fingerprint,
        output_type: type[ArtifactT],
        compute: Callable[[], ArtifactT],
        about: Mapping[str, Any],
    ) -> StoreResult[ArtifactT]:
        """Reads an entry, or computes and keeps it; at most one caller computes at a time."""
        ...
