"""Records to JSON and back, every field checked on the way in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

import numpy as np
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from clairo.core.config import describe_validation_error
from clairo.core.errors import SweepError
from clairo.tracking.protocol import Run
from clairo.tracking.records import SWEEP_FILE, StageRecord, SweepSummary

T = TypeVar("T")

STAGES_FILE = "stages.json"
"""Artifact of a trial that holds its :class:`StageRecord` list."""

_SUMMARY = TypeAdapter(SweepSummary)
_STAGES = TypeAdapter(tuple[StageRecord, ...])


def write_summary(run: Run, summary: SweepSummary) -> None:
    """Stores the summary as ``sweep.json`` of the parent run, over what was there."""
    run.log_text(summary_to_json(summary), SWEEP_FILE)


def summary_to_json(summary: SweepSummary) -> str:
    """The summary as JSON.

    Raises:
        SweepError: A value in it is not JSON or not finite.
    """
    return _to_json(_SUMMARY, _plain(asdict(summary), SWEEP_FILE), SWEEP_FILE)


def summary_from_json(text: str) -> SweepSummary:
    """Reads what :func:`summary_to_json` wrote.

    Raises:
        SweepError: A field is missing or of another kind.
    """
    return _from_json(_SUMMARY, text, SWEEP_FILE)


def stages_to_json(stages: tuple[StageRecord, ...]) -> str:
    """Stage records as a JSON list.

    Raises:
        SweepError: A value in it is not JSON or not finite.
    """
    plain = _plain([asdict(stage) for stage in stages], STAGES_FILE)
    return _to_json(_STAGES, plain, STAGES_FILE)


def stages_from_json(text: str) -> tuple[StageRecord, ...]:
    """Reads a JSON list of stage records.

    Raises:
        SweepError: A field is missing or of another kind.
    """
    return _from_json(_STAGES, text, STAGES_FILE)


def _to_json(adapter: TypeAdapter[T], plain: Any, name: str) -> str:
    try:
        return adapter.dump_json(adapter.validate_python(plain), indent=2).decode("utf-8")
    except ValidationError as error:
        raise SweepError(f"{name}: {describe_validation_error(error)}.") from error
    except PydanticSerializationError as error:
        raise SweepError(
            f"{name} must hold JSON values, got one that is not: {error}; convert it first."
        ) from error


def _from_json(adapter: TypeAdapter[T], text: str, name: str) -> T:
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        raise SweepError(
            f"{name} must be what this version writes, {describe_validation_error(error)}; read "
            "it with the version that wrote it."
        ) from error


def _plain(value: Any, place: str) -> Any:
    """The same value without numpy scalars.

    Raises:
        SweepError: A number is not finite: JSON has no way to write it.
    """
    if isinstance(value, Mapping):
        return {str(key): _plain(child, f"{place}: {key}") for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(child, place) for child in value]
    if isinstance(value, np.generic):
        return _plain(value.item(), place)
    if isinstance(value, float) and not math.isfinite(value):
        raise SweepError(f"Records hold finite numbers, {place} is {value}; leave it out.")
    return value
