"""What each arm was given and what its codes can carry: whether arms are compared at equal means.

Numbers are taken from every finished run of an arm, not from one: early stopping makes epochs
differ from seed to seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from clairo.reporting.ablation_info import AblationInfo, ArmInfo
from clairo.reporting.selection import number_fact
from clairo.tracking.records import SweepRecord, TrialRecord


@dataclass(frozen=True)
class Budget:
    """One quantity of one arm over its finished runs.

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
    """A budget that arms can differ in.

    Attributes:
        key: Identifier.
        title: For people, as a table's heading.
        digits: Decimals it is printed with.
        budgets: One an arm, in the order of :attr:`FairnessInfo.arms`.
    """

    key: str
    title: str
    digits: int
    budgets: tuple[Budget, ...]

    @property
    def unequal(self) -> tuple[int, ...]:
        """Places of arms that differ from their reference."""
        return tuple(place for place, budget in enumerate(self.budgets) if budget.differs)


@dataclass(frozen=True)
class FairnessInfo:
    """Budgets of the arms of one table.

    Attributes:
        arms: References first.
        quantities: Those that any run states.
        unstated: Titles of those that none does.
    """

    arms: tuple[ArmInfo, ...]
    quantities: tuple[Quantity, ...]
    unstated: tuple[str, ...]


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
    ("bits_per_item", "Bits per item", 1, _stated("bits_per_item")),
    ("tokens_per_item", "Tokens per item", 2, _stated("tokens_per_item")),
    ("vocab_size", "Vocabulary", 0, _stated("vocab_size")),
    ("num_parameters", "Parameters", 0, _stated("num_parameters")),
    ("epochs_done", "Epochs", 0, _stated("epochs_done")),
    ("training_steps", "Training steps", 0, training_steps),
)


def compute_fairness(record: SweepRecord, info: AblationInfo) -> FairnessInfo:
    """Budgets of one family's arms and references, each against its reference."""
    references = {(arm.group, arm.name): arm for arm in info.references}
    prefixes = {group: _prefixes(record, group) for group in {arm.group for arm in info.arms}}
    quantities, unstated = [], []
    for key, title, digits, read in _QUANTITIES:
        budgets = tuple(
            _budget(arm, _reference(arm, references), prefixes[arm.group], read)
            for arm in info.arms
        )
        if any(budget.low is not None for budget in budgets):
            quantities.append(Quantity(key, title, digits, budgets))
        else:
            unstated.append(title)
    tuning = tuple(_tuning(arm, _reference(arm, references)) for arm in info.arms)
    quantities.append(Quantity("tuning_trials", "Tuning trials", 0, tuning))
    return FairnessInfo(info.arms, tuple(quantities), tuple(unstated))


def _prefixes(record: SweepRecord, group: str) -> int | None:
    """Training prefixes of the data that a group's arms are trained on."""
    experiment = record.summary.experiment
    groups = experiment.groups if experiment is not None else ()
    own = next((known.facts for known in groups if known.name == group), None)
    facts = record.summary.dataset_facts if own is None else own
    found = facts.get("num_training_prefixes")
    return found if isinstance(found, int) else None


def _reference(arm: ArmInfo, references: Mapping[tuple[str, str], ArmInfo]) -> ArmInfo | None:
    return references.get((arm.group, arm.plan.reference))


def _budget(arm: ArmInfo, reference: ArmInfo | None, prefixes: int | None, read: _Read) -> Budget:
    low, high = _range(arm, prefixes, read)
    wanted = _range(reference, prefixes, read) if reference else (None, None)
    known = low is not None and wanted[0] is not None
    return Budget(low, high, known and (low, high) != wanted)


def _range(arm: ArmInfo, prefixes: int | None, read: _Read) -> tuple[float | None, float | None]:
    values = [value for run in arm.runs if (value := read(run, prefixes)) is not None]
    return (min(values), max(values)) if values else (None, None)


def _tuning(arm: ArmInfo, reference: ArmInfo | None) -> Budget:
    trials = arm.plan.tuning_trials
    return Budget(trials, trials, reference is not None and reference.plan.tuning_trials != trials)
