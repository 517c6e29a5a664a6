"""Checks shared by the artifacts."""

from __future__ import annotations

from clairo.core.errors import DataError


def require_length(name: str, got: int, wanted: int) -> None:
    """Refuses a table whose rows cannot match the items or users they belong to."""
    if got != wanted:
        raise DataError(f"{name} must have {wanted} entries, got {got}; rows must match by id.")
