"""One MLflow client, its waits and its errors: the only place where MLflow is configured."""

from __future__ import annotations

import logging
import os
import random
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

# Read by MLflow when it is imported or when it sends a request; a person's own values win.
for _name, _value in {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "4",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}.items():
    os.environ.setdefault(_name, _value)

from mlflow.entities import Run  # noqa: E402 - after its environment
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.tracking import MlflowClient  # noqa: E402

from clairo.core.errors import SweepError  # noqa: E402
from clairo.tracking.addresses import shown  # noqa: E402

P = ParamSpec("P")
T = TypeVar("T")

_ATTEMPTS = 6
_FIRST_WAIT_SECONDS = 0.2


@dataclass(frozen=True)
class Connection:
    """A client whose calls wait for a busy database and fail in one clear message.

    Attributes:
        uri: The address, as given.
        client: MLflow's client; it holds no state of ours.
    """

    uri: str
    client: MlflowClient

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a method of the client.

        sqlite reports a lock at once, without its own waiting, when two transactions that
        both have read now want to write. The whole call was then rolled back and is repeated.

        Raises:
            SweepError: MLflow refuses, or cannot be reached or written to.
        """
        wait = _FIRST_WAIT_SECONDS
        for _ in range(_ATTEMPTS):
            try:
                return function(*args, **kwargs)
            except MlflowException as error:
                failure = error
                if "database is locked" not in str(error):
                    break
                time.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311 - spreads waiters
                wait *= 2
            except OSError as error:
                raise SweepError(
                    f"Artifacts must be writable, MLflow at {shown(self.uri)} says: {error}; free "
                    "space or choose another OUT. Everything logged before is kept."
                ) from error
        cure = full_disk_cure(failure) or "check the address and its log"
        raise SweepError(
            f"MLflow at {shown(self.uri)} must accept what is logged, it says: "
            f"{first_line(failure)}; {cure}. Everything logged before is kept."
        ) from failure

    def search(self, experiment_id: str, where: str) -> list[Run]:
        """All runs that match a filter, oldest first."""
        runs: list[Run] = []
        token: str | None = None
        while True:
            page = self.call(
                self.client.search_runs,
                [experiment_id],
                where,
                order_by=["attributes.start_time ASC"],
                page_token=token,
            )
            runs += page
            token = page.token
            if not token:
                return runs


def make_client(uri: str) -> MlflowClient:
    """A client without the warnings and tracebacks that MLflow's database layer prints."""
    # We say what went wrong in our own words; MLflow prints a traceback as well.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        # MLflow 3.17 maps its tables with a loader that SQLAlchemy 2.1 deprecates.
        warnings.filterwarnings("ignore", message=r"The ``noload`` loader strategy")
        return MlflowClient(uri, registry_uri=uri)


def full_disk_cure(error: Exception) -> str:
    """What to do about a disk that a database found full, ``""`` for any other error."""
    said = str(error)
    full = any(sign in said for sign in ("disk is full", "disk I/O error", "No space left"))
    return "free some space or choose another OUT" if full else ""


def first_line(error: Exception) -> str:
    """The first line of an error: databases add the statement that failed."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
