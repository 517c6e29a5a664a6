"""Making an MLflow address ready: reachable, initialised, with our experiment in it."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from clairo.core.errors import SweepError
from clairo.tracking.addresses import is_server, require_answer, shown, sqlite_path, with_driver
from clairo.tracking.connection import Connection, first_line, full_disk_cure, make_client

if TYPE_CHECKING:
    from clairo.tracking.mlflow_tracker import TrackingConfig


def prepare(config: TrackingConfig) -> None:
    """Checks the address, initialises a fresh database, creates the experiment.

    Raises:
        SweepError: See :meth:`~clairo.tracking.mlflow_tracker.TrackingConfig.prepare`.
    """
    path = sqlite_path(config.uri)
    if path is None:
        _ensure_experiment(open_connection(config), config)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(f".{path.name}.lock"))
        with lock:
            if not path.exists():
                _initialise(path)
            _ensure_experiment(open_connection(config), config)
    except OSError as error:
        raise SweepError(
            f"The MLflow database must be writable, {path} is not: {error}; choose a writable OUT."
        ) from error


def open_connection(config: TrackingConfig) -> Connection:
    """A client on an address that was seen to answer.

    Raises:
        SweepError: Nothing answers, or the address is of a kind MLflow cannot use.
    """
    require_answer(config.uri)
    return _open(with_driver(config.uri))


def _open(uri: str) -> Connection:
    try:
        return Connection(uri, make_client(uri))
    except (MlflowException, SQLAlchemyError) as error:
        cure = "for an older one, back it up and run 'mlflow db upgrade'"
        raise SweepError(
            f"The MLflow database at {shown(uri)} must have the tables of the installed MLflow, it "
            f"says: {first_line(error)}; {full_disk_cure(error) or cure}."
        ) from error


def _initialise(path: Path) -> None:
    """Makes a database beside its place and moves it there when it is whole.

    MLflow makes its tables in dozens of steps, and cannot go on from a half of them.
    """
    for left in path.parent.glob(f".{path.name}.new-*"):
        left.unlink()
    beside = path.with_name(f".{path.name}.new-{uuid.uuid4().hex[:8]}")
    try:
        _open(f"sqlite:///{beside}")
        beside.rename(path)
    finally:
        beside.unlink(missing_ok=True)


def find_experiment(connection: Connection, name: str) -> str:
    """Id of the experiment.

    Raises:
        SweepError: There is none, or it was deleted.
    """
    experiment = connection.call(connection.client.get_experiment_by_name, name)
    if experiment is None:
        raise SweepError(
            f"Runs need their experiment, {shown(connection.uri)} has no {name!r}; start a sweep "
            "there first, or check the address."
        )
    if experiment.lifecycle_stage == "deleted":
        raise SweepError(
            f"The experiment {name!r} was deleted and MLflow keeps its name; bring it back with "
            f"'mlflow experiments restore --experiment-id {experiment.experiment_id}' (with "
            f"MLFLOW_TRACKING_URI={shown(connection.uri)}), or remove it for good with "
            "'mlflow gc'."
        )
    return str(experiment.experiment_id)


def _ensure_experiment(connection: Connection, config: TrackingConfig) -> None:
    client = connection.client
    if connection.call(client.get_experiment_by_name, config.experiment) is None:
        try:
            client.create_experiment(
                config.experiment, artifact_location=_artifact_location(config)
            )
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":  # another driver was faster
                raise SweepError(
                    f"MLflow at {shown(config.uri)} must let us create the experiment "
                    f"{config.experiment!r}, it says: {error}; check its permissions."
                ) from error
    find_experiment(connection, config.experiment)


def _artifact_location(config: TrackingConfig) -> str | None:
    """Absolute, so that workers in other folders write to the same place."""
    if is_server(config.uri):
        return None
    if config.artifact_root is None:
        raise SweepError(
            f"A database keeps no artifacts, got {shown(config.uri)} without an artifact root; "
            "name a folder or a store such as s3://bucket/runs."
        )
    if "://" in config.artifact_root:
        return config.artifact_root
    return Path(config.artifact_root).absolute().as_uri()
