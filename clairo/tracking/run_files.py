"""Artifacts of a run as local files: in place where they are local, else downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mlflow.entities import Run
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

from clairo.tracking.connection import Connection


@dataclass(frozen=True)
class RunFiles:
    """Reads artifacts of one run.

    Attributes:
        connection: Whose errors are explained.
        repository: MLflow's access to the run's artifacts.
        scratch: Where downloads go; its owner removes it.
    """

    connection: Connection
    repository: ArtifactRepository
    scratch: Path

    def read_text(self, path: str) -> str | None:
        """Content of a text file, ``None`` where the run has no such file.

        Raises:
            SweepError: It is there and cannot be had.
        """
        local = self._fetch(path)
        return local.read_text(encoding="utf-8") if local is not None else None

    def folder(self, path: str) -> Path | None:
        """A folder with its files, ``None`` where the run has no such folder.

        Raises:
            SweepError: It is there and cannot be had.
        """
        return self._fetch(path)

    @property
    def remote(self) -> bool:
        """Whether reading means asking somebody else."""
        return not isinstance(self.repository, LocalArtifactRepository)

    def _fetch(self, path: str) -> Path | None:
        if isinstance(self.repository, LocalArtifactRepository):
            local = Path(self.repository.artifact_dir) / path
            return local if local.exists() else None
        top, _, rest = path.partition("/")
        entries = self._entries(top) if rest and top in self._top else self._top
        if path not in entries:
            return None
        self.scratch.mkdir(exist_ok=True)
        if entries[path]:
            download = self.repository.download_artifacts
            return Path(self.connection.call(download, path, dst_path=str(self.scratch)))
        # What every store of artifacts implements; the public way first asks again what it is.
        local = self.scratch / path
        local.parent.mkdir(exist_ok=True)
        self.connection.call(self.repository._download_file, path, str(local))
        return local

    @cached_property
    def _top(self) -> dict[str, bool]:
        return self._entries(None)

    def _entries(self, folder: str | None) -> dict[str, bool]:
        """Whether each entry of a folder is itself a folder."""
        listed = self.connection.call(self.repository.list_artifacts, folder)
        return {entry.path: entry.is_dir for entry in listed}


def open_files(connection: Connection, run: Run, scratch: Path) -> RunFiles:
    """The artifacts of a run; downloads go to a folder of their own below ``scratch``."""
    repository = get_artifact_repository(run.info.artifact_uri, tracking_uri=connection.uri)
    return RunFiles(connection, repository, scratch / run.info.run_id)
