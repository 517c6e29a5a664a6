"""``clairo ui``: MLflow on the runs of an output folder."""

from __future__ import annotations

from pathlib import Path

from clairo.core.errors import ConfigError
from clairo.tracking.ui import serve_ui
from clairo.workflows.locations import tracking_config


def serve(*, out: Path, tracking_uri: str | None, host: str, port: int) -> None:
    """Serves MLflow until it is stopped.

    Raises:
        ConfigError: There is nothing to show in ``out`` yet.
    """
    if tracking_uri is None and not (out / "mlflow.db").exists():
        raise ConfigError(
            f"MLflow shows a database, and there is none at {out / 'mlflow.db'}; run 'make sweep' "
            "first or name the folder with OUT=/path."
        )
    config = tracking_config(out.resolve(), tracking_uri)
    serve_ui(config.uri, config.artifact_root, host, port)
