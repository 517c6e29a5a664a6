"""The base of every configuration, and what of it counts as identity.

A configuration is frozen, refuses unknown keys, and states the bound of every field in the
field's type. Its :meth:`Config.identity` is what enters a fingerprint: all values *including
defaults*, without the fields that change speed but not results.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from clairo.core.errors import ConfigError

ConfigT = TypeVar("ConfigT", bound="Config")


class _RuntimeOnly:
    """Marker type; use the instance :data:`RUNTIME_ONLY`."""

    def __repr__(self) -> str:
        return "RUNTIME_ONLY"


RUNTIME_ONLY: Final = _RuntimeOnly()
"""Put into ``Annotated[...]`` on a field that changes speed or memory but never a result."""


class Config(BaseModel):
    """Frozen settings that refuse what they do not know.

    Example:
        >>> from typing import Annotated, Literal
        >>> class Scale(Config):
        ...     kind: Literal["scale"] = "scale"
        ...     factor: float = 2.0
        ...     num_threads: Annotated[int, RUNTIME_ONLY] = 1
        >>> Scale(num_threads=8).identity()
        {'kind': 'scale', 'factor': 2.0}
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False
    )

    def identity(self) -> dict[str, Any]:
        """Result-changing settings as JSON values, defaults included, runtime fields left out."""
        values = self.model_dump(mode="json")
        for name, field in type(self).model_fields.items():
            if RUNTIME_ONLY in field.metadata:
                del values[name]
                continue
            child = getattr(self, name)
            if isinstance(child, Config):
                values[name] = child.identity()
        return values


def parse_config(config_type: type[ConfigT], values: dict[str, Any], where: str) -> ConfigT:
    """Validates plain values into a configuration.

    Args:
        config_type: The configuration class.
        values: Plain values, for example read from YAML.
        where: How to name the source in the message, for example a file name.

    Raises:
        ConfigError: A key is unknown or a value is out of its range; the message names each.
    """
    try:
        return config_type.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{where}: {describe_validation_error(error)}") from error


def describe_validation_error(error: ValidationError) -> str:
    """One line that names each wrong setting, its value and the rule it breaks."""
    parts = []
    for item in error.errors(include_url=False):
        place = ".".join(str(step) for step in item["loc"]) or "settings"
        message = item["msg"].removeprefix("Value error, ")
        shown = "" if isinstance(item["input"], dict) else f" (got {item['input']!r})"
        parts.append(f"{place}: {message}{shown}")
    return "; ".join(parts)


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as one mapping of dotted names to leaves.

    Example:
        >>> flatten({"fusion": {"kind": "concat"}, "seed": 1})
        {'fusion.kind': 'concat', 'seed': 1}
    """
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
