"""Reading a search space: YAML to plain values, plain values to a tree of nodes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from clairo.core.errors import ConfigError
from clairo.sweep.space_nodes import Branch, Choice, Constant, Integer, Node, Option, Real, join

_DISTRIBUTIONS = ("choice", "uniform", "log_uniform", "int")


class _StrictLoader(yaml.SafeLoader):
    """YAML's safe loader, which here also refuses a key that is written twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                line = node.start_mark.line + 1
                raise ConfigError(
                    f"A key may stand once in a mapping, got {key!r} twice in the one that "
                    f"starts at line {line}; remove one of them."
                )
        return super().construct_mapping(node, deep=deep)


def read_yaml_mapping(path: Path) -> dict[str, Any]:
    """One mapping from a YAML file, by a loader that can make plain values only.

    Raises:
        ConfigError: The file cannot be read, is not YAML, or is not one mapping.
    """
    try:
        # S506: the loader is a subclass of SafeLoader.
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{path} must be a YAML file, got: {reason}; mend the file.") from error
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise ConfigError(
            f"{path} must hold one mapping with text keys, got {type(values).__name__}; "
            "write it in the shape of a pipeline configuration."
        )
    return values


def parse_node(value: Any, path: str) -> Node:
    """A node from plain values.

    Raises:
        ConfigError: A distribution is malformed; the message names its place.
    """
    if not isinstance(value, Mapping):
        return Constant(value)
    found = [name for name in _DISTRIBUTIONS if name in value]
    if not found:
        return Branch(tuple((str(n), parse_node(v, join(path, str(n)))) for n, v in value.items()))
    name = found[0]
    allowed = {name} if name == "choice" else {name, "step"}
    if set(value) - allowed:
        raise ConfigError(
            f"{path}: a {name} may have the keys {sorted(allowed)}, got {sorted(map(str, value))}; "
            "move the others out."
        )
    if name == "choice":
        return _parse_choice(value["choice"], path)
    low, high = _parse_bounds(name, value[name], path)
    if name == "int":
        return _parse_integer(low, high, value.get("step", 1), path)
    return _parse_real(low, high, name == "log_uniform", value.get("step"), path)


def _parse_choice(values: Any, path: str) -> Choice:
    if not isinstance(values, list) or not values:
        raise ConfigError(
            f"{path}: choice needs a list of alternatives, got {values!r}; list them."
        )
    kinds = [v.get("kind") if isinstance(v, Mapping) else None for v in values]
    by_kind = all(isinstance(kind, str) for kind in kinds) and len(set(kinds)) == len(kinds)
    options = []
    for index, value in enumerate(values):
        label = kinds[index] if by_kind else value
        if not by_kind and isinstance(value, Mapping | list):
            label = f"option {index}"
        where = f"{path}[{label}]"
        options.append(Option(label, parse_node(value, where)))
    labels = [(type(option.label), option.label) for option in options]
    if len(set(labels)) != len(labels):
        raise ConfigError(f"{path}: alternatives must differ, got {values!r}; remove the repeats.")
    return Choice(tuple(options), by_kind)


def _parse_bounds(name: str, bounds: Any, path: str) -> tuple[float, float]:
    numbers = isinstance(bounds, list) and len(bounds) == 2 and all(map(_is_number, bounds))
    if not numbers or not bounds[0] < bounds[1]:
        raise ConfigError(
            f"{path}: {name} needs [low, high], two finite numbers with low < high, got "
            f"{bounds!r}; write for example [0.8, 0.99] (and 1.0e-3 instead of 1e-3)."
        )
    return bounds[0], bounds[1]


def _parse_integer(low: float, high: float, step: Any, path: str) -> Integer:
    whole = all(isinstance(number, int) for number in (low, high, step))
    if not whole or step < 1 or (high - low) % step:
        raise ConfigError(
            f"{path}: int needs whole bounds and a positive step that divides high - low, got "
            f"[{low}, {high}] and step {step!r}; adjust the bounds."
        )
    return Integer(int(low), int(high), int(step))


def _parse_real(low: float, high: float, log: bool, step: Any, path: str) -> Real:
    if log and (low <= 0 or step is not None):
        raise ConfigError(
            f"{path}: log_uniform needs positive bounds and no step, got [{low}, {high}] and "
            f"step {step!r}; raise the lower bound or use uniform."
        )
    if step is None:
        return Real(float(low), float(high), log)
    count = (high - low) / step if _is_number(step) and step > 0 else math.nan
    if not abs(count - round(count if math.isfinite(count) else 0)) < 1e-6:
        raise ConfigError(
            f"{path}: step must be positive and divide high - low, got [{low}, {high}] and step "
            f"{step!r}; adjust the bounds."
        )
    return Real(float(low), float(high), log, float(step))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
