"""The table of what gave no value, with the reason of each."""

from __future__ import annotations

from collections.abc import Sequence

from clairo.evaluation.metric_names import metric_label
from clairo.reporting.labels import DASH, number
from clairo.reporting.selection import fact, number_fact
from clairo.reporting.table import Cell, Column, Table
from clairo.tracking.records import TrialRecord


def failures_table(trials: Sequence[TrialRecord], objective: str) -> Table:
    """Trials of any role that did not end complete, with the reason where one was given."""
    rows = tuple(
        (
            Cell(str(t.number), t.number),
            Cell.of(t.role),
            Cell.of(t.state),
            Cell(str(t.seed), t.seed),
            Cell.of(t.error or _gate_reason(t, objective)),
        )
        for t in trials
    )
    columns = (
        Column("Trial", numeric=True),
        Column("Role", choices=True),
        Column("State", choices=True),
        Column("Seed", numeric=True),
        Column("Reason"),
    )
    return Table("unfinished", "Trials that gave no final value.", columns, rows, searchable=True)


def _gate_reason(trial: TrialRecord, objective: str) -> str:
    if trial.state == "pruned":
        reached = trial.history.get(f"epoch/{objective}", ())
        place = ""
        if reached:
            epoch, value = reached[-1]
            place = f" after epoch {epoch} with {metric_label(objective)} {number(value)}"
        return f"stopped{place}: others were ahead at the same epoch"
    if trial.state == "infeasible":
        rate, usage = number_fact(trial, "collision_rate"), fact(trial, "usage_min")
        return (
            f"codes did not pass the gates (collision rate {number(rate, 3)}, "
            f"lowest codebook usage {number(usage, 3)})"
        )
    return DASH
