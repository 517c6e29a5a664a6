"""Refusing what does not fit into memory before it is asked for, with the arithmetic."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

from clairo.core.errors import DataError

_KEEP_FREE = 0.95
"""Share of the free memory that may be used; the rest is for what else the process does."""


_CONTROL_GROUP = Path("/sys/fs/cgroup")


def free_bytes() -> int:
    """Memory that can be had without swapping, within the limit of a container or a job."""
    return min(int(psutil.virtual_memory().available), _left_in_group(_CONTROL_GROUP))


def _left_in_group(folder: Path) -> int:
    """What a control group (version 2) leaves; without one or a limit, more than there is."""
    try:
        limit = (folder / "memory.max").read_text().strip()
        used = int((folder / "memory.current").read_text())
    except (OSError, ValueError):
        return sys.maxsize
    return sys.maxsize if limit == "max" else max(int(limit) - used, 0)


def require_memory(num_bytes: int, arithmetic: str) -> None:
    """Refuses what does not fit.

    Args:
        num_bytes: What is about to be asked for.
        arithmetic: How the number comes about.

    Raises:
        DataError: So much is not free.
    """
    free = free_bytes()
    if num_bytes > _KEEP_FREE * free:
        raise DataError(
            f"Merging must fit into memory, it needs {_gigabytes(num_bytes)} ({arithmetic}) and "
            f"{_gigabytes(free)} are free; use fewer sequences or columns, or more memory."
        )


def _gigabytes(num_bytes: int) -> str:
    return f"{num_bytes / 1e9:,.2f} GB"
