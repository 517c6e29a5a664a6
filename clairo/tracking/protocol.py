"""What any tracker must do; :mod:`clairo.tracking.mlflow_tracker` and ``null`` do it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from clairo.core.dataset import Dataset
from clairo.tracking.records import SweepSummary, TrialState


class Run(Protocol):
    """One open run."""

    @property
    def run_id(self) -> str:
        """Id in the tracker."""
        ...

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Logs settings once; a second call with equal values changes nothing."""
        ...

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """Logs finite numbers in one batch."""
        ...

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Sets or overwrites tags."""
        ...

    def log_text(self, text: str, path: str) -> None:
        """Stores a text file as an artifact, for example ``config.yaml``."""
        ...

    def log_folder(self, folder: Path, path: str) -> None:
        """Stores a folder's files as artifacts under ``path``."""
        ...

    def log_dataset(self, dataset: Dataset, digest: str, source: str) -> None:
        """Registers the dataset input of the run."""
        ...

    def finish(self, state: TrialState) -> None:
        """Ends the run and sets ``trial.state``."""
        ...


class Tracker(Protocol):
    """Where runs go. Both ``open_*`` upsert: the same key continues the same run."""

    def open_sweep(self, summary: SweepSummary) -> Run:
        """The parent run of a sweep, tagged ``sweep.id``."""
        ...

    def open_trial(self, sweep_id: str, trial_key: str, name: str, tags: Mapping[str, str]) -> Run:
        """A nested run, tagged ``sweep.id``, ``trial.key`` and ``trial.state``."""
        ...

    def reconcile(self, sweep_id: str) -> tuple[str, ...]:
        """Marks nested runs that nobody runs any more as KILLED; gives their trial keys."""
        ...
