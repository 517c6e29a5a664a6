"""Where things lie inside an output folder."""

from __future__ import annotations

from pathlib import Path

from clairo.core.errors import ConfigError
from clairo.tracking.mlflow_tracker import TrackingConfig

EXPERIMENT = "clairo"


def store_root(out: Path) -> Path:
    """The stage store."""
    return out / "store"


def log_file(out: Path) -> Path:
    """The log of the driver and of local workers."""
    return out / "clairo.log"


def study_url(out: Path) -> str:
    """The Optuna study database."""
    return f"sqlite:///{out / 'study.db'}"


def tracking_config(out: Path, uri: str | None) -> TrackingConfig:
    """MLflow at the address given, else a database in the output folder.

    Artifacts go into the output folder, too, unless a server decides that itself.
    """
    # A relative database is relative to here, not to where a worker runs.
    if uri is not None and uri.startswith("sqlite:///") and not uri.startswith("sqlite:////"):
        uri = f"sqlite:///{Path(uri.removeprefix('sqlite:///')).resolve()}"
    return TrackingConfig(
        uri=uri or f"sqlite:///{out / 'mlflow.db'}",
        experiment=EXPERIMENT,
        artifact_root=str(out / "artifacts"),
    )


def existing_tracking(out: Path, uri: str | None) -> TrackingConfig:
    """Where earlier runs are, for commands that only read; nothing is created.

    Raises:
        ConfigError: No address is given and ``out`` has no database.
    """
    if uri is None and not (out / "mlflow.db").exists():
        raise ConfigError(
            f"Runs are read from a database, and there is none at {out / 'mlflow.db'}; run "
            "'make sweep' first or name the folder with OUT=/path."
        )
    return tracking_config(out.resolve(), uri)
