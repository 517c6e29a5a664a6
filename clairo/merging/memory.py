"""Refusing what does not fit into memory before it is asked for, with the arithmetic."""

from __future__ import annotations

import psutil

from clairo.core.errors import DataError

_KEEP_FREE = 0.95
"""Share of the free memory that may be used; the rest is for what else the process does."""


def free_bytes() -> int:
    """Memory that can be had without swapping."""
    return int(psutil.virtual_memory().available)


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
