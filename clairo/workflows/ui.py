"""``clairo ui``: MLflow on the runs of an output folder."""

from __future__ import annotations

from pathlib import Path

from clairo.tracking.ui import serve_ui
from clairo.workflows.locations import existing_tracking


def serve(*, out: Path, tracking_uri: str | None, host: str, port: int) -> None:
    """Serves MLflow until it is stopped.

    Raises:
        ConfigError: There is nothing to show in ``out`` yet.
    """
    config = existing_tracking(out, tracking_uri)
    serve_ui(config.uri, config.artifact_root, host, port)
