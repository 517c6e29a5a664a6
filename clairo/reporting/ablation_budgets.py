"""Budgets of the arms of an ablation."""

from __future__ import annotations

from clairo.reporting.ablation_info import AblationInfo
from clairo.reporting.ablation_tables import changes_text
from clairo.reporting.budget_info import BudgetRow, BudgetsInfo, compute_budgets, training_prefixes
from clairo.reporting.budget_tables import BudgetWords, budgets_table
from clairo.reporting.table import Table
from clairo.tracking.records import SweepRecord


def compute_arm_budgets(record: SweepRecord, info: AblationInfo) -> BudgetsInfo:
    """Budgets of one family's arms and references, each against its reference."""
    num_references = len(info.references)
    places = {(arm.group, arm.name): place for place, arm in enumerate(info.arms[:num_references])}
    return compute_budgets(
        [
            BudgetRow(
                title=arm.title,
                changes=changes_text(arm),
                runs=arm.runs,
                prefixes=training_prefixes(record.summary, arm.group),
                reference=places.get((arm.group, arm.plan.reference)),
                tuning_trials=arm.plan.tuning_trials,
            )
            for arm in info.arms
        ]
    )


def arm_budgets_table(info: AblationInfo, found: BudgetsInfo) -> Table:
    """Budgets of each arm side by side; what differs from its reference is marked."""
    words = BudgetWords("arm", info.against, one_reference=len(info.references) == 1)
    return budgets_table(f"{info.family.name}_budgets", found, words)
