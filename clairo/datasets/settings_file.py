"""Filters and splits from a file: ``FILTERS=experiments/data/global_time.yaml``."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml

from clairo.core.config import parse_config
from clairo.core.errors import ConfigError
from clairo.datasets.base import DatasetConfig

DatasetT = TypeVar("DatasetT", bound=DatasetConfig)

_NAMING: Final = ("kind", "category", "release", "name", "data_dir")
"""Settings that say which data; those come from CATEGORY, RELEASE and DATA."""


def read_settings(path: Path) -> dict[str, Any]:
    """The settings of a file.

    Raises:
        ConfigError: It cannot be read, is no mapping, or names a data set.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); name a YAML file.") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML ({error}); mend the file.") from error
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise ConfigError(
            f"{path}: must be a mapping of settings such as 'min_rating: 4'; see experiments/data/."
        )
    naming = [name for name in _NAMING if name in values]
    if naming:
        raise ConfigError(
            f"{path}: filters fit any data set, got {', '.join(naming)}; take it out and name the "
            "data with CATEGORY, RELEASE and DATA."
        )
    return values


def with_settings(config: DatasetT, values: Mapping[str, Any], where: str) -> DatasetT:
    """A data set with some of its settings replaced.

    Args:
        config: The data set.
        values: Settings by name.
        where: Names their source in messages.

    Raises:
        ConfigError: The kind of data set has no such setting, or a value is out of its range.
    """
    if not values:
        return config
    _require_known(config, values, f"{where}: {config.label}")
    given = {name: getattr(config, name) for name in type(config).model_fields}
    return parse_config(type(config), {**given, **values}, f"{where}: {config.label}")


def _require_known(config: DatasetConfig, values: Mapping[str, Any], where: str) -> None:
    """Refuses settings that the kind of data does not have, those like them named first."""
    known = [name for name in type(config).model_fields if name not in _NAMING]
    unknown = [name for name in values if name not in type(config).model_fields]
    if unknown:
        close = [n for u in unknown for n in difflib.get_close_matches(u, known, len(known))]
        listed = ", ".join(dict.fromkeys([*close, *known]))
        raise ConfigError(
            f"{where} has no setting {', '.join(map(repr, unknown))}; it has: {listed}."
        )
