"""What each component adds, from all combinations of a few: Shapley values and interactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from clairo.evaluation.factorial import Cell, Contrast, factorial_cells, factorial_contrasts
from clairo.evaluation.significance import Interval, asked_in_every_seed, crossed_interval
from clairo.reporting.ablation_info import AblationInfo, ArmInfo, EffectInfo
from clairo.reporting.labels import sentence_list
from clairo.reporting.search_info import Absent

_Table = Float[np.ndarray, "seeds users"]


@dataclass(frozen=True)
class CellInfo:
    """One combination.

    Attributes:
        on: Components that are on in it.
        arm: The arm that stands for it.
        mean: The metric on the seeds and users that all cells have.
    """

    on: Cell
    arm: ArmInfo
    mean: float


@dataclass(frozen=True)
class FactorialInfo:
    """All combinations of a few components.

    Attributes:
        info: The family.
        titles: Component names for people, in their order.
        cells: By number of components that are on, all off first.
        shapley: What each component adds, averaged over orders of adding them.
        main: What each adds, all settings of the others alike.
        interactions: What one of a pair adds with the other on, minus with it off.
        total: All on minus all off; the Shapley values sum to it.
        seeds: Seeds that all cells have.
        num_users: Users asked in every one of these seeds.
    """

    info: AblationInfo
    titles: Mapping[str, str]
    cells: tuple[CellInfo, ...]
    shapley: tuple[Contrast, ...]
    main: tuple[Contrast, ...]
    interactions: tuple[Contrast, ...]
    total: Interval
    seeds: tuple[int, ...]
    num_users: int

    def mean_of(self, on: Cell, pair: tuple[str, str]) -> float:
        """The metric with those of a pair on, averaged over the settings of all others.

        Args:
            on: Which of the pair are on.
            pair: The two.
        """
        kept = [cell.mean for cell in self.cells if cell.on & frozenset(pair) == on]
        return float(np.mean(kept))

    def name(self, contrast: Contrast) -> str:
        """A contrast's component, or the two that interact, for people."""
        return " × ".join(self.titles[name] for name in contrast.components)


def compute_factorial(info: AblationInfo) -> FactorialInfo | Absent:
    """Contrasts of a factorial, user by user, where every combination has a result."""
    titles = dict(info.family.components)
    effects = {frozenset(effect.arm.plan.parts): effect for effect in info.effects}
    wanted = factorial_cells(list(titles))
    # All on is what the other cells are compared with.
    missing = [cell for cell in wanted[:-1] if cell not in effects]
    if missing:
        return Absent(
            "Shapley values and interactions need every combination; without a result: "
            f"{'; '.join(_cell_title(cell, titles) for cell in missing)}."
        )
    tables = _aligned({cell: effects[cell] for cell in wanted[:-1]}, wanted[-1])
    if tables is None:
        return Absent("The combinations share no seed, so they cannot be compared with each other.")
    seeds, values = tables
    names, arms = tuple(titles), {cell: effect.arm for cell, effect in effects.items()}
    arms[wanted[-1]] = info.reference
    asked = asked_in_every_seed(values[wanted[0]])
    return FactorialInfo(
        info=info,
        titles=titles,
        cells=tuple(
            CellInfo(cell, arms[cell], float(values[cell][:, asked].mean()))
            for cell in sorted(wanted, key=lambda cell: (len(cell), wanted.index(cell)))
        ),
        shapley=factorial_contrasts("shapley", names, values),
        main=factorial_contrasts("main", names, values),
        interactions=factorial_contrasts("interaction", names, values),
        total=crossed_interval(values[wanted[-1]] - values[wanted[0]]),
        seeds=seeds,
        num_users=int(asked.sum()),
    )


def _cell_title(cell: Cell, titles: Mapping[str, str]) -> str:
    return sentence_list([title for name, title in titles.items() if name in cell]) or "all off"


def _aligned(
    effects: Mapping[Cell, EffectInfo], full: Cell
) -> tuple[tuple[int, ...], dict[Cell, _Table]] | None:
    """Every cell's metric on the seeds that all have, ``None`` where there is no such seed.

    Pairing has made sure that each cell asked the same users as the full one in each seed.
    """
    first = next(iter(effects.values())).pairs
    shared = set.intersection(*(set(effect.pairs.seeds) for effect in effects.values()))
    seeds = tuple(seed for seed in first.seeds if seed in shared)
    if not seeds:
        return None
    tables = {}
    for cell, effect in effects.items():
        rows = [effect.pairs.seeds.index(seed) for seed in seeds]
        table = effect.pairs.arm[rows]
        tables[cell] = table[:, ~np.isnan(table).all(axis=0)]
    rows = [first.seeds.index(seed) for seed in seeds]
    table = first.reference[rows]
    tables[full] = table[:, ~np.isnan(table).all(axis=0)]
    return seeds, tables
