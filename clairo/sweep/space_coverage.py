"""Representative points of a space: every choice and every pair of choices that can meet.

A rule between settings almost always names two of them, so a set of points in which every
compatible pair of levels occurs finds each contradiction of two settings without walking the
whole product. Ranges count as two levels, their ends.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from clairo.sweep.space_nodes import (
    Branch,
    Choice,
    Integer,
    Parameter,
    Real,
    Scalar,
    parameters,
    realize,
)

Picks = Mapping[str, Any]


def covering_points(root: Branch) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """(settings, parameters) of points that hold every level and every pair of levels once.

    Yields:
        Settings in the shape of the file, and the parameters that led to them; no point twice.
    """
    levels = [(p, level) for p in parameters(root) for level in _levels(p.node)]
    wanted: list[Picks] = [{}]
    wanted += [_picks(pair) for pair in levels]
    for (first, one), (second, two) in itertools.combinations(levels, 2):
        together = _together(_picks((first, one)), _picks((second, two)))
        if first is not second and together is not None:
            wanted.append(together)
    seen = set()
    for picks in wanted:
        settings, used = realize_with(root, picks)
        key = repr(sorted(used.items()))
        if key not in seen:
            seen.add(key)
            yield settings, used


def realize_with(root: Branch, picks: Picks) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings and parameters of the point with these picks, all others at their first level."""
    used: dict[str, Any] = {}

    def draw(name: str, node: Choice | Real | Integer) -> Any:
        used[name] = picks.get(name, _levels(node)[0])
        return used[name]

    return realize(root, "", draw), used


def _levels(node: Choice | Real | Integer) -> tuple[Scalar, ...]:
    if isinstance(node, Choice):
        return tuple(option.label for option in node.options)
    return (node.low, node.high)


def _picks(pair: tuple[Parameter, Scalar]) -> dict[str, Any]:
    parameter, level = pair
    return {**dict(parameter.conditions), parameter.name: level}


def _together(first: Picks, second: Picks) -> Picks | None:
    """Both at once, ``None`` where they need different branches of one choice."""
    clash = any(first[name] != second[name] for name in first.keys() & second.keys())
    return None if clash else {**first, **second}
