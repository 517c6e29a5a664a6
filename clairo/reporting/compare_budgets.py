"""Budgets of the sides of a comparison."""

from __future__ import annotations

from collections.abc import Mapping

from clairo.reporting.budget_info import BudgetRow, BudgetsInfo, compute_budgets, training_prefixes
from clairo.reporting.budget_tables import BudgetWords, budgets_table
from clairo.reporting.compare_info import ComparisonInfo
from clairo.reporting.table import Table


def compute_side_budgets(info: ComparisonInfo, changes: Mapping[str, str]) -> BudgetsInfo:
    """Budgets of every side against the reference.

    How many trials each was tuned with is not known: which runs to compare was chosen afterwards.

    Args:
        info: The sides.
        changes: By letter, what a side changes in words.
    """
    first = info.reference.letter
    return compute_budgets(
        [
            BudgetRow(
                title=side.letter,
                changes="the reference" if side.letter == first else changes.get(side.letter, ""),
                runs=tuple(side.finished.values()),
                prefixes=training_prefixes(side.summary, side.group),
                reference=0,
            )
            for side in info.sides
        ]
    )


def side_budgets_table(info: ComparisonInfo, found: BudgetsInfo) -> Table:
    """Budgets of every side; what differs from the reference is marked."""
    return budgets_table("budgets", found, BudgetWords("side", info.reference.letter))
