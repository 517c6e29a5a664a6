"""What a search space is made of: constants, mappings, choices and ranges, as a tree.

A tree is read in one way only: :func:`realize` walks it and asks a *draw* for the value of
every parameter it meets. A sampler, an enumeration and the coverage check differ in their
draw alone, so they can never disagree about which parameters are active.

Parameter names are dotted paths. Inside a conditional branch the path names the branch, for
example ``fusion[concat_pca].variance``, so that two branches never share a parameter. The
*setting* is the same path without branches: what the resolved configuration calls it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clairo.core.errors import ConfigError

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Constant:
    """A value that is not searched."""

    value: Any


@dataclass(frozen=True)
class Branch:
    """A mapping whose values are nodes."""

    children: tuple[tuple[str, Node], ...]

    def get(self, name: str) -> Node | None:
        """The child of that name."""
        return dict(self.children).get(name)


@dataclass(frozen=True)
class Option:
    """One alternative of a choice: what the sampler calls it, and what it stands for."""

    label: Scalar
    node: Node


@dataclass(frozen=True)
class Choice:
    """Exactly one of several alternatives; a mapping may hold parameters of its own.

    Attributes:
        options: The alternatives.
        by_kind: Whether the labels are the ``kind`` of mappings, so that the setting that is
            searched is ``<path>.kind``.
    """

    options: tuple[Option, ...]
    by_kind: bool = False


@dataclass(frozen=True)
class Real:
    """A number between two bounds, both included; with a step it is a grid."""

    low: float
    high: float
    log: bool = False
    step: float | None = None


@dataclass(frozen=True)
class Integer:
    """A whole number between two bounds, both included."""

    low: int
    high: int
    step: int = 1


Node = Constant | Branch | Choice | Real | Integer
Draw = Callable[[str, Choice | Real | Integer], Any]
"""``(parameter name, node) -> label or number``."""


@dataclass(frozen=True)
class Parameter:
    """One dimension of a space.

    Attributes:
        name: Unique name, branches included.
        setting: Dotted setting of the resolved configuration.
        node: Its distribution.
        conditions: (parameter name, label) pairs under which it is active, outermost first.
    """

    name: str
    setting: str
    node: Choice | Real | Integer
    conditions: tuple[tuple[str, Scalar], ...] = ()


def choice_name(path: str, node: Choice) -> str:
    """Parameter name of a choice at a path."""
    return f"{path}.kind" if node.by_kind else path


def setting_of(name: str) -> str:
    """A parameter's name without its branches.

    Example:
        >>> setting_of("fusion[concat_pca].variance")
        'fusion.variance'
    """
    return re.sub(r"\[[^\]]*\]", "", name)


def join(path: str, name: str) -> str:
    """A path one step deeper."""
    return f"{path}.{name}" if path else name


def realize(node: Node, path: str, draw: Draw) -> Any:
    """Plain values of a node, every active parameter drawn once, in order of the file."""
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, Branch):
        return {name: realize(child, join(path, name), draw) for name, child in node.children}
    if isinstance(node, Choice):
        label = draw(choice_name(path, node), node)
        return realize(option_of(node, label).node, f"{path}[{label}]", draw)
    return as_number(node, draw(path, node))


def as_number(node: Real | Integer, value: float) -> float | int:
    """A drawn number as it enters a configuration: grid values lose their rounding noise."""
    if isinstance(node, Integer):
        return int(value)
    if node.step is None:
        return float(value)
    return round(float(value), -int(Decimal(str(node.step)).as_tuple().exponent))


def option_of(node: Choice, label: Scalar) -> Option:
    """The option with a label.

    Raises:
        ConfigError: There is none.
    """
    for option in node.options:
        if option.label == label and type(option.label) is type(label):
            return option
    labels = [option.label for option in node.options]
    raise ConfigError(f"A choice must be one of {labels}, got {label!r}; take one of these.")


def parameters(
    node: Node, path: str = "", conditions: tuple[tuple[str, Scalar], ...] = ()
) -> tuple[Parameter, ...]:
    """All parameters of a tree, parents before their children."""
    if isinstance(node, Constant):
        return ()
    if isinstance(node, Branch):
        parts = (parameters(child, join(path, name), conditions) for name, child in node.children)
        return tuple(itertools.chain.from_iterable(parts))
    if not isinstance(node, Choice):
        return (Parameter(path, setting_of(path), node, conditions),)
    name = choice_name(path, node)
    found = [Parameter(name, setting_of(name), node, conditions)]
    for option in node.options:
        inner = (*conditions, (name, option.label))
        found.extend(parameters(option.node, f"{path}[{option.label}]", inner))
    return tuple(found)


def size(node: Node) -> int | None:
    """Number of different points, ``None`` where a range is continuous."""
    if isinstance(node, Constant):
        return 1
    if isinstance(node, Real | Integer):
        grid = grid_values(node)
        return None if grid is None else len(grid)
    parts = [size(child) for _, child in node.children] if isinstance(node, Branch) else []
    if isinstance(node, Choice):
        parts = [size(option.node) for option in node.options]
    if any(part is None for part in parts):
        return None
    total = 1 if isinstance(node, Branch) else 0
    for part in parts:
        assert part is not None
        total = total * part if isinstance(node, Branch) else total + part
    return total


def grid_values(node: Real | Integer) -> tuple[float | int, ...] | None:
    """Every value of a range, ``None`` where it is continuous."""
    if isinstance(node, Integer):
        return tuple(range(node.low, node.high + 1, node.step))
    if node.step is None:
        return None
    steps = round((node.high - node.low) / node.step)
    return tuple(as_number(node, node.low + index * node.step) for index in range(steps + 1))


def enumerate_points(node: Node, path: str = "") -> Iterator[dict[str, Any]]:
    """Parameters of every point of a finite tree, in order of the file."""
    if isinstance(node, Constant):
        yield {}
    elif isinstance(node, Branch):
        parts = [list(enumerate_points(child, join(path, name))) for name, child in node.children]
        for combination in itertools.product(*parts):
            yield {name: value for part in combination for name, value in part.items()}
    elif isinstance(node, Choice):
        for option in node.options:
            for inner in enumerate_points(option.node, f"{path}[{option.label}]"):
                yield {choice_name(path, node): option.label, **inner}
    else:
        for value in grid_values(node) or ():
            yield {path: value}


def params_of(node: Node, path: str, value: Any) -> dict[str, Any]:
    """Parameters that lead to given settings; settings that are left out stay free.

    Raises:
        ConfigError: The settings are not a point of the tree.
    """
    if isinstance(node, Constant):
        if value != node.value:
            raise ConfigError(f"{path} is fixed to {node.value!r}, got {value!r}; leave it out.")
        return {}
    if isinstance(node, Branch):
        return _branch_params(node, path, value)
    if isinstance(node, Choice):
        return _choice_params(node, path, value)
    grid = grid_values(node)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not node.low <= value <= node.high or (grid and value not in grid):
        steps = "" if node.step is None else f" in steps of {node.step:g}"
        rule = f"{setting_of(path)} must lie in [{node.low:g}, {node.high:g}]{steps}"
        raise ConfigError(f"{rule}, got {value!r}; change the point or widen the space.")
    return {path: value}


def _branch_params(node: Branch, path: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(
            f"{path or 'A point'} must be a mapping, got {value!r}; nest its settings."
        )
    found: dict[str, Any] = {}
    for name, inner in value.items():
        child = node.get(name)
        if child is None:
            known = [name for name, _ in node.children]
            rule = f"{join(path, name)} is not part of the space, which has {known} there"
            raise ConfigError(f"{rule}; add it to the space or leave it out.")
        found |= params_of(child, join(path, name), inner)
    return found


def _choice_params(node: Choice, path: str, value: Any) -> dict[str, Any]:
    label = value.get("kind") if node.by_kind and isinstance(value, Mapping) else value
    labels = [option.label for option in node.options]
    if isinstance(label, Mapping | list) or label not in labels:
        rule = f"{setting_of(choice_name(path, node))} must be one of {labels}"
        raise ConfigError(f"{rule}, got {label!r}; take one of these.")
    option = node.options[labels.index(label)]
    found = {choice_name(path, node): option.label}
    if isinstance(option.node, Branch):
        found |= params_of(option.node, f"{path}[{option.label}]", value)
    return found


def to_plain(node: Node) -> Any:
    """A tree in the shape of the file it came from, as JSON values."""
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, Branch):
        return {name: to_plain(child) for name, child in node.children}
    if isinstance(node, Choice):
        return {"choice": [to_plain(option.node) for option in node.options]}
    if isinstance(node, Integer):
        return {"int": [node.low, node.high], "step": node.step}
    plain: dict[str, Any] = {"log_uniform" if node.log else "uniform": [node.low, node.high]}
    return plain if node.step is None else {**plain, "step": node.step}
