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

    def _fetch(self, path: str) -> Path | None:
        if isinstance(self.repository, LocalArtifactRepository):
            local = Path(self.repository.artifact_dir) / path
            return local if local.exists() else None
        top, _, rest = path.partition("/")
        if top not in self._top_names or (rest and path not in self._names(top)):
            return None
        self.scratch.mkdir(exist_ok=True)
        download = self.repository.download_artifacts
        return Path(self.connection.call(download, path, dst_path=str(self.scratch)))

    @cached_property
    def _top_names(self) -> frozenset[str]:
        return self._names(None)

    def _names(self, folder: str | None) -> frozenset[str]:
        listed = self.connection.call(self.repository.list_artifacts, folder)
        return frozenset(entry.path for entry in listed)


def open_files(connection: Connection, run: Run, scratch: Path) -> RunFiles:
    """The artifacts of a run; downloads go to a folder of their own below ``scratch``."""
    repository = get_artifact_repository(run.info.artifact_uri, tracking_uri=connection.uri)
    return RunFiles(connection, repository, scratch / run.info.run_id)
