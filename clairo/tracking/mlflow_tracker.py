"""Where runs are tracked: an address that is cheap to name, to copy and to send to workers.

MLflow itself is imported on the first connection, so that naming an address stays free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clairo.tracking.mlflow_runs import MlflowTracker


@dataclass(frozen=True)
class TrackingConfig:
    """An MLflow database or server, and the experiment that holds our runs.

    Attributes:
        uri: ``sqlite:////absolute/path.db``, ``postgresql://...`` or ``http(s)://...``.
        experiment: Name of the experiment.
        artifact_root: Where a new experiment keeps its artifacts: a folder or a store's
            address such as ``s3://bucket/runs``. A server decides that itself, then this is
            not looked at.
    """

    uri: str
    experiment: str
    artifact_root: str | None = None

    def prepare(self) -> None:
        """Makes the address ready for workers: once per sweep, in the driver.

        A fresh sqlite file that several processes open at once crashes in its migration, so
        nobody else may be first.

        Raises:
            SweepError: Nothing answers at the address, the database cannot be used, or the
                experiment was deleted.
        """
        from clairo.tracking.preparation import prepare

        prepare(self)

    def connect(self) -> MlflowTracker:
        """A tracker on a prepared address.

        Raises:
            SweepError: Nothing answers, or there is no such experiment.
        """
        from clairo.tracking.mlflow_runs import MlflowTracker
        from clairo.tracking.preparation import find_experiment, open_connection

        connection = open_connection(self)
        return MlflowTracker(connection, find_experiment(connection, self.experiment))
