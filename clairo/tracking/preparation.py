"""Making an MLflow address ready: reachable, initialised, with our experiment in it."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import sqlalchemy
from filelock import FileLock
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from clairo.core.errors import SweepError
from clairo.tracking.connection import Connection, make_client, shown

if TYPE_CHECKING:
    from clairo.tracking.mlflow_tracker import TrackingConfig

_ANSWER_SECONDS = 5
_DATABASES = ("postgresql", "mysql", "mssql")


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
            _ensure_experiment(open_connection(config), config)
    except OSError as error:
        raise SweepError(
            f"The MLflow database must be writable, {path} is not: {error}; choose a writable OUT."
        ) from error


def open_connection(config: TrackingConfig) -> Connection:
    """A client on an address that was seen to answer.

    MLflow by itself tries an address that does not answer for minutes.

    Raises:
        SweepError: Nothing answers, or the address is of a kind MLflow cannot use.
    """
    scheme = urlsplit(config.uri).scheme.split("+")[0]
    if scheme in ("http", "https"):
        _ask_server(config.uri)
    elif scheme in _DATABASES:
        _ask_database(config.uri)
    elif scheme == "sqlite":
        _ask_sqlite(config.uri)
    else:
        raise SweepError(
            f"MLflow needs a database or a server, got {config.uri!r}; use sqlite:////path.db, "
            "postgresql://user@host/name or http://host:5000."
        )
    try:
        return Connection(config.uri, make_client(config.uri))
    except (MlflowException, SQLAlchemyError) as error:
        raise SweepError(
            f"The MLflow database at {shown(config.uri)} must have the tables of the installed "
            f"MLflow, it says: {error}; for an older one, back it up and run 'mlflow db upgrade'."
        ) from error


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


def sqlite_path(uri: str) -> Path | None:
    """File of a sqlite address; ``None`` for any other.

    Example:
        >>> sqlite_path("sqlite:////data/mlflow.db")
        PosixPath('/data/mlflow.db')
    """
    found = re.fullmatch(r"sqlite(?:\+\w+)?:///([^?]+)(?:\?.*)?", uri)
    return Path(found[1]) if found else None


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
    if urlsplit(config.uri).scheme in ("http", "https"):
        return None
    if config.artifact_root is None:
        raise SweepError(
            f"A database keeps no artifacts, got {shown(config.uri)} without an artifact root; "
            "name a folder or a store such as s3://bucket/runs."
        )
    if "://" in config.artifact_root:
        return config.artifact_root
    return Path(config.artifact_root).absolute().as_uri()


def _ask_server(uri: str) -> None:
    try:
        httpx.get(f"{uri.rstrip('/')}/health", timeout=_ANSWER_SECONDS)
    except httpx.HTTPError as error:
        raise _unreachable(uri, error) from error


def _ask_database(uri: str) -> None:
    options = {"connect_timeout": _ANSWER_SECONDS} if uri.startswith("postgresql") else {}
    try:
        engine = sqlalchemy.create_engine(uri, connect_args=options)
        with engine.connect():
            pass
        engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        raise _unreachable(uri, error) from error


def _ask_sqlite(uri: str) -> None:
    path = sqlite_path(uri)
    if path is None:
        raise SweepError(
            f"A sqlite address names a file, got {uri!r}; write sqlite:////absolute/path.db."
        )
    try:
        connection = sqlite3.connect(path)
        try:
            connection.execute("PRAGMA schema_version").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise SweepError(
            f"The MLflow database must be a writable sqlite file, {path} is not: {error}; choose "
            "another OUT or MLFLOW_TRACKING_URI."
        ) from error


def _unreachable(uri: str, error: Exception) -> SweepError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return SweepError(
        f"MLflow must answer at {shown(uri)}, it does not: {reason}; start the server or database, "
        "or correct MLFLOW_TRACKING_URI."
    )
