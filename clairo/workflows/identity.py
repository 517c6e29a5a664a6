"""Which sweep a command means: the one it was interrupted in, or a new one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clairo.core.fingerprint import hash_json
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.reader import list_sweeps


def out_identity(out: Path) -> str:
    """A random name that an output folder keeps, so that two folders on one server stay apart."""
    file = out / "clairo-id"
    if not file.exists():
        file.write_text(uuid.uuid4().hex + "\n", encoding="utf-8")
    return file.read_text(encoding="utf-8").strip()


def choose_sweep_id(
    tracking: TrackingConfig, category: str, asked: Mapping[str, Any]
) -> tuple[str, bool]:
    """An id made of the category, eight digits of what was asked, and a count.

    A sweep that asked the same and has not ended is continued; when all have ended, the next
    count starts a new one, whose stages all come from the store.

    Returns:
        The id, and whether it is continued.

    Example:
        ``demo-1f3a9c02-1``, and ``demo-1f3a9c02-2`` when it is asked again.
    """
    slug = category.lower().replace("/", "-")
    prefix = f"{slug}-{hash_json(dict(asked))[:8]}-"
    known = {entry.sweep_id: entry.state == "complete" for entry in list_sweeps(tracking)}
    count = 1
    while known.get(f"{prefix}{count}", False):
        count += 1
    return f"{prefix}{count}", f"{prefix}{count}" in known
