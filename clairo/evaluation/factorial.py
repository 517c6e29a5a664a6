"""What each component adds, from a full factorial: Shapley values, main effects, interactions.

A cell is the set of components that are on, and has a metric for each seed, or for each seed and
user. Everything here is a *contrast*: a weighted sum of cells. It is taken user by user, so that
its interval is the one of any other difference. Cells stand in the order of their bit pattern:
bit i is component i, the empty cell comes first and the full one last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Literal

import numpy as np
from jaxtyping import Float

from clairo.core.errors import DataError
from clairo.evaluation.crossed import crossed_interval
from clairo.evaluation.intervals import ROUNDING, Interval, paired_interval

MAX_COMPONENTS = 4
"""Cells double with each component, and every cell is trained for every seed."""

Cell = frozenset[str]
ContrastKind = Literal["shapley", "main", "interaction"]


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of a factorial's cells, with its interval.

    Attributes:
        kind: Which sum.
        components: The component it is about, or the two that interact.
        by_seed: Its value in each seed; with users, the mean over those asked in that seed.
        interval: Crossed over users and seeds where values per user were given, otherwise the
            paired t over seeds.
    """

    kind: ContrastKind
    components: tuple[str, ...]
    by_seed: tuple[float, ...]
    interval: Interval


def factorial_cells(components: Sequence[str]) -> tuple[Cell, ...]:
    """All sets of components, in the order of their bit pattern.

    Raises:
        DataError: There are no components, more than :data:`MAX_COMPONENTS`, or one twice.

    Example:
        >>> [sorted(cell) for cell in factorial_cells(["image", "merges"])]
        [[], ['image'], ['merges'], ['image', 'merges']]
    """
    if not 1 <= len(components) <= MAX_COMPONENTS or len(set(components)) < len(components):
        raise DataError(
            f"A factorial is over 1 to {MAX_COMPONENTS} different components, got "
            f"{list(components)}; drop some, or take one out at a time."
        )
    return tuple(
        frozenset(name for bit, name in enumerate(components) if pattern >> bit & 1)
        for pattern in range(2 ** len(components))
    )


def shapley_weights(components: Sequence[str]) -> Float[np.ndarray, "components cells"]:
    """Weights of the Shapley values: what a component adds, averaged over orders of adding them.

    With k components, of the ``k!`` orders ``s! (k - s - 1)!`` add it to one given set of s. The
    values of all components sum to the full cell minus the empty one. A component that never
    changes anything gets 0, and two that do the same get the same.

    References:
        Shapley 1953, A value for n-person games.

    Example:
        >>> shapley_weights(["image", "merges"]).tolist()
        [[-0.5, 0.5, -0.5, 0.5], [-0.5, -0.5, 0.5, 0.5]]
    """
    cells, count = factorial_cells(components), len(components)
    weights = np.zeros((count, len(cells)))
    for row, name in enumerate(components):
        for place, cell in enumerate(cells):
            before = len(cell - {name})
            share = factorial(before) * factorial(count - before - 1) / factorial(count)
            weights[row, place] = share if name in cell else -share
    return weights


def main_weights(components: Sequence[str]) -> Float[np.ndarray, "components cells"]:
    """Weights of the main effects: what a component adds, all settings of the others alike.

    Up to two components these are the Shapley values. With more, Shapley gives the cells that
    are nearly empty or nearly full more weight, and main effects need not sum to the whole.

    Example:
        >>> (4 * main_weights(["a", "b", "c"])[0]).tolist()
        [-1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0]
    """
    cells = factorial_cells(components)
    signs = [[1.0 if name in cell else -1.0 for cell in cells] for name in components]
    return np.array(signs) * 2.0 / len(cells)


def interaction_weights(components: Sequence[str]) -> Float[np.ndarray, "pairs cells"]:
    """Weights of the two-way interactions: what one adds with the other on, minus with it off.

    A difference of differences, averaged over the settings of all others, in the unit of the
    metric; some books halve it. Below zero the two do in part the same work. Pairs stand in the
    order of ``itertools.combinations``.

    Example:
        >>> interaction_weights(["image", "merges"]).tolist()
        [[1.0, -1.0, -1.0, 1.0]]
    """
    signs = main_weights(components) * 2 ** (len(components) - 1)
    pairs = list(combinations(range(len(components)), 2))
    products = [signs[left] * signs[right] for left, right in pairs]
    cells = 2 ** len(components)
    return np.array(products).reshape(len(pairs), cells) * 4.0 / cells


def stack_cells(
    components: Sequence[str], values: Mapping[Cell, Float[np.ndarray, "..."]]
) -> Float[np.ndarray, "cells ..."]:
    """The cells' values in the order of their bit pattern.

    Args:
        components: Names, in the order of their bits.
        values: Metric of each cell, by seed or by seed and user, rows and columns alike in all.

    Raises:
        DataError: A cell is missing or is none of this factorial, or shapes differ.
    """
    cells = factorial_cells(components)
    missing = [_title(cell) for cell in cells if cell not in values]
    strange = [_title(cell) for cell in values if cell not in cells]
    if missing or strange:
        parts = (("none for", missing), ("unknown ones:", strange))
        found = "; ".join(f"{words} {', '.join(names)}" for words, names in parts if names)
        raise DataError(
            f"A factorial of {len(components)} components needs its {len(cells)} cells, got "
            f"{found}; run the missing cells, or leave a component out."
        )
    shapes = {_title(cell): values[cell].shape for cell in cells}
    if len(set(shapes.values())) > 1:
        raise DataError(
            f"Cells are compared on the same seeds and users, got shapes {shapes}; "
            "keep the seeds and users that all cells have."
        )
    return np.stack([values[cell] for cell in cells]).astype(np.float64)


def factorial_contrasts(
    kind: ContrastKind,
    components: Sequence[str],
    values: Mapping[Cell, Float[np.ndarray, "..."]],
    confidence: float = 0.95,
) -> tuple[Contrast, ...]:
    """All contrasts of one kind, one a component or one a pair of components.

    Args:
        kind: Shapley values, main effects or two-way interactions.
        components: Names, at most :data:`MAX_COMPONENTS`.
        values: Metric of each cell: an array over seeds gives intervals over seeds alone; one
            over seeds and users gives crossed intervals, ``nan`` where a user was not asked.
        confidence: Coverage of each interval, by itself.

    Raises:
        DataError: Values are neither by seed nor by seed and user.

    Example:
        >>> cells = {frozenset(): [0.10, 0.12], frozenset({"image"}): [0.13, 0.16]}
        >>> arrays = {cell: np.array(value) for cell, value in cells.items()}
        >>> image, = factorial_contrasts("shapley", ["image"], arrays)
        >>> round(image.interval.mean, 3)
        0.035
    """
    stacked = stack_cells(components, values)
    if stacked.ndim not in (2, 3):
        raise DataError(
            f"A cell's values are by seed, or by seed and user, got {stacked.ndim - 1} axes; "
            "take the mean over the others."
        )
    names = combinations(components, 2 if kind == "interaction" else 1)
    tables = np.tensordot(_WEIGHTS[kind](components), stacked, axes=1)
    # What rounding leaves of cells that cancel would be the same in each seed: an effect of 1e-17.
    tables[np.abs(tables) <= ROUNDING * np.nanmax(np.abs(stacked), initial=0.0)] = 0.0
    return tuple(
        _contrast(kind, pair, table, confidence) for pair, table in zip(names, tables, strict=True)
    )


_WEIGHTS = {
    "shapley": shapley_weights,
    "main": main_weights,
    "interaction": interaction_weights,
}


def _contrast(
    kind: ContrastKind, components: tuple[str, ...], table: Float[np.ndarray, "..."], level: float
) -> Contrast:
    if table.ndim == 1:
        by_seed = tuple(table.tolist())
        return Contrast(kind, components, by_seed, paired_interval(by_seed, level))
    interval = crossed_interval(table, level)
    return Contrast(kind, components, tuple(np.nanmean(table, axis=1).tolist()), interval)


def _title(cell: Cell) -> str:
    return "{" + ", ".join(sorted(cell)) + "}"
