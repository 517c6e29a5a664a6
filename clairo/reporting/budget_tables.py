"""Equal budgets or not: bits, tokens, vocabulary, parameters and training of things compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clairo.reporting.labels import number, sentence_list
from clairo.reporting.selection import number_fact
from clairo.reporting.table import Cell, Column, Table
from clairo.tracking.records import TrialRecord

_BUDGETS = (
    ("bits_per_item", "Bits per item", 1),
    ("tokens_per_item", "Tokens per item", 2),
    ("vocab_size", "Vocabulary", 0),
    ("num_parameters", "Parameters", 0),
    ("epochs_done", "Epochs", 0),
    ("examples_per_epoch", "Examples per epoch", 0),
)


@dataclass(frozen=True)
class BudgetRow:
    """One of the things compared.

    Attributes:
        title: Name of the row.
        changes: What it changes, in words.
        example: One run of it, for its facts; ``None`` without any.
    """

    title: str
    changes: str
    example: TrialRecord | None

    def fact(self, key: str) -> float | None:
        """A number that one of its stages states."""
        return number_fact(self.example, key) if self.example else None


@dataclass(frozen=True)
class BudgetWords:
    """How a page speaks of what it compares.

    Attributes:
        noun: What a row is, for the heading, for example ``Arm``.
        rows: All rows, for example ``all arms``.
        reference: The first row, for example ``the full configuration``.
    """

    noun: str
    rows: str
    reference: str


def budgets_table(
    name: str, caption: str, rows: Sequence[BudgetRow], words: BudgetWords, notes: tuple[str, ...]
) -> Table:
    """Budgets side by side; what differs from the first row is marked.

    Args:
        name: Stem of the table's files.
        caption: What it shows.
        rows: The reference first.
        words: How this page speaks of them.
        notes: Printed under it, before those on bits.
    """
    known = [entry for entry in _BUDGETS if any(row.fact(entry[0]) is not None for row in rows)]
    columns = (
        Column(words.noun),
        Column("Changes"),
        *(Column(title, numeric=True) for _, title, _ in known),
    )
    cells = tuple(
        (
            Cell.of(row.title),
            Cell.of(row.changes or "nothing"),
            *(_budget_cell(row, rows[0], key, digits) for key, _, digits in known),
        )
        for row in rows
    )
    more = () if known else ("No stage stated its bits, tokens or vocabulary.",)
    return Table(name, caption, columns, cells, notes=(*notes, *_bits_note(rows, words), *more))


def _bits_note(rows: Sequence[BudgetRow], words: BudgetWords) -> tuple[str, ...]:
    """Whether all codes can carry equally much; without it a difference may be capacity."""
    stated = [(row.title, row.fact("bits_per_item")) for row in rows]
    bits = [(title, value) for title, value in stated if value is not None]
    if not bits:
        return ()
    wanted = bits[0][1]
    others = [f"{title} {value:.1f}" for title, value in bits[1:] if value != wanted]
    if not others:
        return (f"Bits per item are equal in {words.rows} ({wanted:.1f}).",)
    return (
        f"Bits per item differ from {words.reference}'s {wanted:.1f}: "
        f"{sentence_list(others)}. Part of their difference may be the codes' capacity.",
    )


def _budget_cell(row: BudgetRow, reference: BudgetRow, key: str, digits: int) -> Cell:
    value, wanted = row.fact(key), reference.fact(key)
    differs = value is not None and wanted is not None and value != wanted
    return Cell(number(value, digits) + (" ≠" if differs else ""), value)
