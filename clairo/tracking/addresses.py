"""Addresses of MLflow databases and servers: what kind they are and whether they answer.

MLflow by itself tries an address that does not answer for minutes, and prints as it does.
"""

from __future__ import annotations

import re
import sqlite3
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from clairo.core.errors import SweepError

_ANSWER_SECONDS = 5
_DATABASES = ("postgresql", "mysql", "mssql")


def is_server(uri: str) -> bool:
    """Whether the address is an MLflow server rather than a database."""
    return urlsplit(uri).scheme in ("http", "https")


def with_driver(uri: str) -> str:
    """A PostgreSQL address that names the driver which is installed.

    SQLAlchemy 2.1 takes ``psycopg`` where none is named, 2.0 took ``psycopg2``, which our
    extra ``postgres`` brings.

    Example:
        >>> with_driver("sqlite:////data/mlflow.db")
        'sqlite:////data/mlflow.db'
    """
    if uri.startswith("postgresql://") and find_spec("psycopg") is None:
        return uri.replace("postgresql://", "postgresql+psycopg2://", 1)
    return uri


def shown(uri: str) -> str:
    """An address without its password.

    Example:
        >>> shown("postgresql://ada:secret@db/mlflow")
        'postgresql://ada:***@db/mlflow'
    """
    return re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:***@", uri)


def sqlite_path(uri: str) -> Path | None:
    """File of a sqlite address; ``None`` for any other.

    Example:
        >>> sqlite_path("sqlite:////data/mlflow.db")
        PosixPath('/data/mlflow.db')
    """
    found = re.fullmatch(r"sqlite(?:\+\w+)?:///([^?]+)(?:\?.*)?", uri)
    return Path(found[1]) if found else None


def require_answer(uri: str) -> None:
    """Asks the server or database once.

    Raises:
        SweepError: Nothing answers within seconds, the driver is missing, or the address is
            of a kind that MLflow cannot use.
    """
    scheme = urlsplit(uri).scheme.split("+")[0]
    if is_server(uri):
        _ask_server(uri)
    elif scheme in _DATABASES:
        _ask_database(uri)
    elif scheme == "sqlite":
        _ask_sqlite(uri)
    else:
        raise SweepError(
            f"MLflow needs a database or a server, got {uri!r}; use sqlite:////path.db, "
            "postgresql://user@host/name or http://host:5000."
        )


def _ask_server(uri: str) -> None:
    try:
        httpx.get(f"{uri.rstrip('/')}/health", timeout=_ANSWER_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _unreachable(uri, error) from error


def _ask_database(uri: str) -> None:
    import sqlalchemy
    from sqlalchemy.exc import SQLAlchemyError

    options = {"connect_timeout": _ANSWER_SECONDS} if uri.startswith("postgresql") else {}
    try:
        engine = sqlalchemy.create_engine(with_driver(uri), connect_args=options)
        with engine.connect():
            pass
        engine.dispose()
    except ImportError as error:
        raise SweepError(
            f"A database needs its driver, {shown(uri)} has none here ({error}); for PostgreSQL "
            "run pip install 'clairo[postgres]'."
        ) from error
    except SQLAlchemyError as error:
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
