"""The stage store: every stage's result, found by what it was made from."""

from clairo.store.filesystem import FilesystemStore
from clairo.store.manifest import Manifest
from clairo.store.protocol import ArtifactStore, StoreResult

__all__ = ["ArtifactStore", "FilesystemStore", "Manifest", "StoreResult"]
