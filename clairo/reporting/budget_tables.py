"""The table of budgets: what is unequal between things compared is marked and said."""

from __future__ import annotations

from dataclasses import dataclass

from clairo.reporting.budget_info import CAPACITY, TUNING, Budget, BudgetsInfo, Quantity
from clairo.reporting.labels import DASH, number, sentence_list
from clairo.reporting.marks import exact
from clairo.reporting.table import Cell, Column, Table


@dataclass(frozen=True)
class BudgetWords:
    """How a page speaks of what it compares.

    Attributes:
        noun: What a row is, for example ``arm``.
        against: What rows are compared with, for example ``the full configuration``.
        one_reference: Whether all rows are compared with the first one.
    """

    noun: str
    against: str
    one_reference: bool = True


def budgets_table(name: str, found: BudgetsInfo, words: BudgetWords) -> Table:
    """Budgets side by side; what differs from its reference is marked.

    Args:
        name: Stem of the table's files.
        found: The budgets.
        words: How this page speaks of them.
    """
    rows = tuple(
        (
            Cell.of(row.title),
            Cell.of(row.changes or "nothing"),
            *(_cell(quantity, quantity.budgets[place]) for quantity in found.quantities),
        )
        for place, row in enumerate(found.rows)
    )
    columns = (
        Column(words.noun.capitalize()),
        Column("Changes"),
        *(Column(quantity.title, numeric=True) for quantity in found.quantities),
    )
    caption = (
        f"Budgets of the {words.noun}s, over all finished runs; ≠ marks what differs from "
        f"{words.against}."
    )
    return Table(name, caption, columns, rows, notes=_notes(found, words))


def _cell(quantity: Quantity, budget: Budget) -> Cell:
    low, high = budget.low, budget.high
    if low is None or high is None:
        return Cell(DASH, title="No finished run states it.")
    title = exact(low) if low == high else f"{exact(low)} to {exact(high)} over seeds"
    text = _range(budget, quantity.digits)
    return Cell(text + (" ≠" if budget.differs else ""), low, title=title)


def _range(budget: Budget, digits: int) -> str:
    low, high = number(budget.low, digits), number(budget.high, digits)
    return low if low == high else f"{low} to {high}"


def _notes(found: BudgetsInfo, words: BudgetWords) -> tuple[str, ...]:
    notes = [*_tuning_note(found), *_bits_note(found, words)]
    others = [
        f"{quantity.title.lower()} ({_titles(found, quantity, words)})"
        for quantity in found.quantities
        if quantity.unequal and quantity.key not in (CAPACITY, TUNING)
    ]
    if others:
        notes.append(f"≠ Unequal: {'; '.join(others)}. A difference may come from them.")
    if found.unstated:
        notes.append(f"No run states its {sentence_list([t.lower() for t in found.unstated])}.")
    return tuple(notes)


def _titles(found: BudgetsInfo, quantity: Quantity, words: BudgetWords) -> str:
    if len(quantity.unequal) > 3:
        return f"{len(quantity.unequal)} {words.noun}s"
    return sentence_list([found.rows[place].title for place in quantity.unequal])


def _tuning_note(found: BudgetsInfo) -> tuple[str, ...]:
    """How arms were tuned; of sides, which were chosen after they ran, that is not known."""
    trials = sorted({row.tuning_trials for row in found.rows if row.tuning_trials is not None})
    if not trials:
        return ()
    if trials == [0]:
        return ("Frozen: no arm was tuned again, every arm keeps the base's other settings.",)
    if len(trials) == 1:
        return (f"Re-tuned: each arm had {trials[0]} trials of its own.",)
    return (f"≠ Tuned unequally: between {trials[0]} and {trials[-1]} trials an arm.",)


def _bits_note(found: BudgetsInfo, words: BudgetWords) -> tuple[str, ...]:
    """Whether all codes can carry equally much; without it a difference may be capacity."""
    bits = found.quantity(CAPACITY)
    if bits is None:
        return ()
    wanted = _range(bits.budgets[0], 1)
    others = [f"{found.rows[place].title} {_range(bits.budgets[place], 1)}"
              for place in bits.unequal]  # fmt: skip
    if not others:
        values = {_range(budget, 1) for budget in bits.budgets if budget.low is not None}
        shown = f" ({wanted})" if len(values) == 1 else ""
        return (f"Bits per item are equal in all {words.noun}s{shown}.",)
    whose = f"{words.against}'s {wanted}" if words.one_reference else words.against
    return (
        f"Bits per item differ from {whose}: {sentence_list(others)}. Part of "
        "their difference may be the codes' capacity.",
    )
