"""What any stage store must do; :class:`clairo.store.filesystem.FilesystemStore` does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from clairo.core.fingerprint import Fingerprint
from clairo.core.stage import Artifact
from clairo.store.manifest import Manifest

ArtifactT = TypeVar("ArtifactT", bound=Artifact)
LongerT = TypeVar("LongerT", bound=Artifact)


CUT_FROM = "cut_from"
"""What the manifest of a cut entry calls its source.

A mapping with ``entry``, ``fingerprint`` and ``seconds``: what making it from nothing cost.
"""


@dataclass(frozen=True)
class StoreResult(Generic[ArtifactT]):
    """An artifact, and what it cost to have it.

    Attributes:
        fingerprint: Names it.
        artifact: Read back from the store, whether it was just computed or found.
        cached: Whether this call found it, also when another process computed it while this
            call waited.
        seconds: Wall time of this call: waiting, computing, writing, reading.
        computed_seconds: Wall time of the computation when it was made; of the cutting alone,
            where it was cut.
        bytes: Size of the entry's data files.
        about: What the manifest says the entry was made from; :data:`CUT_FROM` is in it where
            the entry was cut.
        longer: What this call cut the entry from; ``None`` where it was found or computed.
    """

    fingerprint: Fingerprint
    artifact: ArtifactT
    cached: bool
    seconds: float
    computed_seconds: float
    bytes: int
    about: Mapping[str, Any]
    longer: StoreResult[Any] | None = None


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

    def get_or_cut(
        self,
        fingerprint: Fingerprint,
        output_type: type[ArtifactT],
        longer: Callable[[], StoreResult[LongerT]],
        cut: Callable[[LongerT], ArtifactT],
        about: Mapping[str, Any],
    ) -> StoreResult[ArtifactT]:
        """Reads an entry, or cuts it from a longer one and keeps it."""
        ...

    def note_length(self, family: Fingerprint, length: int) -> None:
        """Remembers that results which differ in length alone were computed up to a length."""
        ...

    def noted_lengths(self, family: Fingerprint) -> tuple[int, ...]:
        """The lengths noted for a family, ascending; cheap, no entry is read."""
        ...
