"""What each thing compared was given and what its codes can carry: whether means are equal.

Numbers are taken from every finished run, not from one: early stopping makes epochs differ from
seed to seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from clairo.reporting.selection import number_fact
from clairo.tracking.records import SweepSummary, TrialRecord

CAPACITY: Final = "bits_per_item"
TUNING: Final = "tuning_trials"
"""Keys of quantities of which a table says more than that they differ."""


@dataclass(frozen=True)
class BudgetRow:
    """One of the things compared: an arm, or a side.

    Attributes:
        title: Name of the row.
        changes: What it changes, in words; ``""`` for nothing.
        runs: Its finished runs.
        prefixes: Training prefixes of its data, ``None`` where they were not recorded.
        reference: Place of the row that it is compared with, ``None`` without any.
        tuning_trials: Trials that it was tuned with, ``None`` where that is not known.
    """

    title: str
    changes: str
    runs: tuple[TrialRecord, ...]
    prefixes: int | None
    reference: int | None
    tuning_trials: int | None = None


@dataclass(frozen=True)
class Budget:
    """One quantity of one row over its finished runs.

    Attributes:
        low: Smallest, ``None`` where no run states it.
        high: Largest.
        differs: Whether it is another range than the reference's.
    """

    low: float | None
    high: float | None
    differs: bool = False


@dataclass(frozen=True)
class Quantity:
    """A budget that rows can differ in.

    Attributes:
        key: Identifier.
        title: For people, as a table's heading.
        digits: Decimals it is printed with.
        budgets: One a row, in the order of :attr:`BudgetsInfo.rows`.
    """

    key: str
    title: str
    digits: int
    budgets: tuple[Budget, ...]

    @property
    def unequal(self) -> tuple[int, ...]:
        """Places of rows that differ from their reference."""
        return tuple(place for place, budget in enumerate(self.budgets) if budget.differs)


@dataclass(frozen=True)
class BudgetsInfo:
    """Budgets of all that one table compares.

    Attributes:
        rows: References first.
        quantities: Those that any run states.
        unstated: Titles of those that none does.
    """

    rows: tuple[BudgetRow, ...]
    quantities: tuple[Quantity, ...]
    unstated: tuple[str, ...]

    def quantity(self, key: str) -> Quantity | None:
        """One quantity by its key, ``None`` where no run states it."""
        return next((found for found in self.quantities if found.key == key), None)


def training_prefixes(summary: SweepSummary, group: str = "") -> int | None:
    """Training prefixes of the data that a group's runs are trained on, ``None`` if not recorded.

    Args:
        summary: What the sweep says about itself.
        group: Name of the group, ``""`` where there is one data set.
    """
    groups = summary.experiment.groups if summary.experiment is not None else ()
    own = next((known.facts for known in groups if known.name == group), None)
    found = (summary.dataset_facts if own is None else own).get("num_training_prefixes")
    return found if isinstance(found, int) else None


def examples_per_epoch(run: TrialRecord, prefixes: int | None) -> float | None:
    """Examples that an epoch trains on: all training prefixes, or as many as the model may draw.

    Args:
        run: A finished run.
        prefixes: Training prefixes of its data, ``None`` where they were not recorded.
    """
    stated = number_fact(run, "examples_per_epoch")
    if stated is not None or prefixes is None:
        return stated
    most = run.config.get("model", {}).get("max_examples")
    return float(min(prefixes, most) if isinstance(most, int) else prefixes)


def training_steps(run: TrialRecord, prefixes: int | None) -> float | None:
    """Epochs times batches an epoch, ``None`` where a run does not state both.

    Args:
        run: A finished run.
        prefixes: Training prefixes of its data, ``None`` where they were not recorded.
    """
    epochs, examples = number_fact(run, "epochs_done"), examples_per_epoch(run, prefixes)
    batch = run.config.get("model", {}).get("batch_size")
    if epochs is None or examples is None or not isinstance(batch, int) or batch < 1:
        return None
    return epochs * math.ceil(examples / batch)


_Read = Callable[[TrialRecord, int | None], float | None]


def _stated(key: str) -> _Read:
    return lambda run, _: number_fact(run, key)


_QUANTITIES: tuple[tuple[str, str, int, _Read], ...] = (
    (CAPACITY, "Bits per item", 1, _stated(CAPACITY)),
    ("tokens_per_item", "Tokens per item", 2, _stated("tokens_per_item")),
    ("vocab_size", "Vocabulary", 0, _stated("vocab_size")),
    ("num_parameters", "Parameters", 0, _stated("num_parameters")),
    ("epochs_done", "Epochs", 0, _stated("epochs_done")),
    ("training_steps", "Training steps", 0, training_steps),
)


def compute_budgets(rows: Sequence[BudgetRow]) -> BudgetsInfo:
    """Budgets of some rows, each against its reference."""
    quantities, unstated = [], []
    for key, title, digits, read in _QUANTITIES:
        budgets = _marked(rows, [_over_runs(row, read) for row in rows])
        if any(budget.low is not None for budget in budgets):
            quantities.append(Quantity(key, title, digits, budgets))
        else:
            unstated.append(title)
    if any(row.tuning_trials is not None for row in rows):
        tuning = _marked(rows, [Budget(row.tuning_trials, row.tuning_trials) for row in rows])
        quantities.append(Quantity(TUNING, "Tuning trials", 0, tuning))
    return BudgetsInfo(tuple(rows), tuple(quantities), tuple(unstated))


def _over_runs(row: BudgetRow, read: _Read) -> Budget:
    values = [value for run in row.runs if (value := read(run, row.prefixes)) is not None]
    return Budget(min(values), max(values)) if values else Budget(None, None)


def _marked(rows: Sequence[BudgetRow], found: Sequence[Budget]) -> tuple[Budget, ...]:
    """Budgets that say whether they differ; what is not known differs from nothing."""
    return tuple(
        Budget(budget.low, budget.high, _differs(budget, row.reference, found))
        for row, budget in zip(rows, found, strict=True)
    )


def _differs(budget: Budget, reference: int | None, found: Sequence[Budget]) -> bool:
    if reference is None or budget.low is None or found[reference].low is None:
        return False
    return budget != found[reference]
