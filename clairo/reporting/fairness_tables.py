"""The table of budgets: what is unequal between arms is marked and said."""

from __future__ import annotations

from clairo.reporting.ablation_info import AblationInfo
from clairo.reporting.ablation_tables import changes_text
from clairo.reporting.fairness_info import Budget, FairnessInfo, Quantity
from clairo.reporting.labels import DASH, number, sentence_list
from clairo.reporting.marks import exact
from clairo.reporting.table import Cell, Column, Table

_CAPACITY = "bits_per_item"


def fairness_table(info: AblationInfo, fairness: FairnessInfo) -> Table:
    """Budgets of each arm side by side; what differs from its reference is marked."""
    rows = tuple(
        (
            Cell.of(arm.title),
            Cell.of(changes_text(arm) or "nothing"),
            *(_cell(quantity, quantity.budgets[place]) for quantity in fairness.quantities),
        )
        for place, arm in enumerate(fairness.arms)
    )
    columns = (
        Column("Arm"),
        Column("Changes"),
        *(Column(quantity.title, numeric=True) for quantity in fairness.quantities),
    )
    caption = (
        f"Budgets of the arms, over all finished runs; ≠ marks what differs from {info.against}."
    )
    return Table(
        f"{info.family.name}_budgets", caption, columns, rows, notes=_notes(info, fairness)
    )


def _cell(quantity: Quantity, budget: Budget) -> Cell:
    low, high = budget.low, budget.high
    if low is None or high is None:
        return Cell(DASH, title="No finished run states it.")
    text = number(low, quantity.digits)
    if number(high, quantity.digits) != text:
        text = f"{text} to {number(high, quantity.digits)}"
    title = exact(low) if low == high else f"{exact(low)} to {exact(high)} over seeds"
    return Cell(text + (" ≠" if budget.differs else ""), low, title=title)


def _notes(info: AblationInfo, fairness: FairnessInfo) -> tuple[str, ...]:
    notes = [_tuning_note(info), *_bits_note(info, fairness)]
    others = [
        f"{quantity.title.lower()} ({_titles(fairness, quantity)})"
        for quantity in fairness.quantities
        if quantity.unequal and quantity.key not in (_CAPACITY, "tuning_trials")
    ]
    if others:
        notes.append(f"≠ Unequal: {'; '.join(others)}. A difference may come from them.")
    if fairness.unstated:
        notes.append(f"No run states its {sentence_list([t.lower() for t in fairness.unstated])}.")
    return tuple(notes)


def _titles(fairness: FairnessInfo, quantity: Quantity) -> str:
    if len(quantity.unequal) > 3:
        return f"{len(quantity.unequal)} arms"
    return sentence_list([fairness.arms[place].title for place in quantity.unequal])


def _tuning_note(info: AblationInfo) -> str:
    trials = sorted({arm.plan.tuning_trials for arm in info.arms})
    if trials == [0]:
        return "Frozen: no arm was tuned again, every arm keeps the base's other settings."
    if len(trials) == 1:
        return f"Re-tuned: each arm had {trials[0]} trials of its own."
    return f"≠ Tuned unequally: between {trials[0]} and {trials[-1]} trials an arm."


def _bits_note(info: AblationInfo, fairness: FairnessInfo) -> tuple[str, ...]:
    """Whether the arms' codes can carry equally much; without it a difference may be capacity."""
    found = next((q for q in fairness.quantities if q.key == _CAPACITY), None)
    if found is None:
        return ()
    wanted = _bits(found.budgets[0])
    others = [
        f"{fairness.arms[place].title} {_bits(found.budgets[place])}" for place in found.unequal
    ]
    if not others:
        values = {_bits(budget) for budget in found.budgets if budget.low is not None}
        shown = f" ({wanted})" if len(values) == 1 else ""
        return (f"Bits per item are equal in all arms{shown}.",)
    whose = f"{info.against}'s {wanted}" if len(info.references) == 1 else info.against
    return (
        f"Bits per item differ from {whose}: {sentence_list(others)}. Part of "
        "their difference may be the codes' capacity.",
    )


def _bits(budget: Budget) -> str:
    low, high = number(budget.low, 1), number(budget.high, 1)
    return low if low == high else f"{low} to {high}"
