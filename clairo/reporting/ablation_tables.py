"""Tables of an ablation: effects with everything that qualifies them, and equal budgets."""

from __future__ import annotations

from collections.abc import Mapping

from clairo.evaluation.metric_names import metric_label
from clairo.reporting.ablation_info import AblationInfo, ArmInfo, EffectInfo
from clairo.reporting.budget_tables import BudgetRow, BudgetWords, budgets_table
from clairo.reporting.labels import (
    DASH,
    number,
    p_value,
    percent,
    plural,
    setting_value,
)
from clairo.reporting.table import Cell, Column, Table


def effects_table(info: AblationInfo) -> Table:
    """Mean, difference, intervals and verdict of every arm."""
    label = metric_label(info.metric)
    columns = (
        Column("Arm"),
        Column("Verdict"),
        Column("Difference", numeric=True, help="Arm minus full configuration, paired by seed."),
        Column("95 % over seeds", help="Paired t interval: models trained anew."),
        Column("95 % over users", help="Bootstrap over users: these trained models only."),
        Column("Percent", numeric=True),
        Column(label, numeric=True, help="Mean over seeds."),
        Column("Seeds", numeric=True, help="Paired seeds with a result, of those planned."),
    )
    rows = (
        _reference_row(info.reference, info.digits),
        *(_effect_row(effect, info.digits) for effect in info.effects),
    )
    return Table(info.family, _caption(info, label), columns, rows, notes=_notes(info))


def tests_table(info: AblationInfo) -> Table:
    """What stands behind the verdicts: tests over seeds, and what users see."""
    columns = (
        Column("Arm"),
        Column("p", numeric=True, help="Paired t over seeds, unadjusted."),
        Column("p (Holm)", numeric=True, help="Adjusted over the arms of this table."),
        Column("p equivalent (Holm)", numeric=True, help="Two one-sided tests, adjusted."),
        Column("p (sign-flip)", numeric=True, help="Exact, over seeds."),
        Column("d_z", numeric=True, help="Mean by standard deviation over users."),
        Column("Users better", numeric=True),
        Column("Equal", numeric=True),
        Column("Worse", numeric=True),
    )
    caption = (
        "Tests over seeds: the verdict comes from the Holm-adjusted ones. Users: mean over seeds, "
        "these trained models only."
    )
    rows = tuple(_test_row(effect) for effect in info.effects)
    return Table(f"{info.family}_tests", caption, columns, rows)


def _caption(info: AblationInfo, label: str) -> str:
    arms = plural(len(info.effects) + len(info.refused), "arm")
    return (
        f"{label} on the {info.split} split against the full configuration; "
        f"{plural(info.num_users, 'user')}, {info.seeds_text}, "
        f"Holm over {arms}{'; exploratory' if info.exploratory else ''}."
    )


def _notes(info: AblationInfo) -> tuple[str, ...]:
    most = max((len(effect.deltas) for effect in info.effects), default=0)
    notes = []
    if most < 8:
        label = "Exploratory: a claim needs 5 paired seeds. " if info.exploratory else ""
        notes.append(
            f"{label}With {plural(most, 'seed')} the exact sign-flip test cannot go below p = "
            f"{p_value(min(1.0, 2 / 2**most))}; a claim by it needs 8."
        )
    if info.margin is not None:
        notes.append(
            f"Minimum relevant effect, fixed before the run: {number(info.margin, info.digits)} "
            "(5 % of the full configuration's mean). Equivalent means surely smaller than that."
        )
    return tuple(notes)


def _seeds_cell(arm: ArmInfo, paired: int) -> Cell:
    text = str(paired) if paired == arm.wanted else f"{paired}/{arm.wanted}"
    return Cell(text, paired, title="; ".join(arm.missing))


def _reference_row(arm: ArmInfo, digits: int) -> tuple[Cell, ...]:
    return (
        Cell.of(arm.title),
        Cell("reference", "reference", tone="quiet"),
        *([Cell(DASH)] * 4),
        Cell(number(arm.mean, digits), arm.mean),
        _seeds_cell(arm, len(arm.by_seed)),
    )


def _effect_row(effect: EffectInfo, digits: int) -> tuple[Cell, ...]:
    interval = effect.interval
    return (
        Cell.of(effect.arm.title, title=changes_text(effect.arm)),
        _verdict_cell(effect.verdict),
        Cell(number(interval.mean, digits, signed=True), interval.mean),
        _range_cell(interval.low, interval.high, digits),
        _range_cell(*effect.users, digits),
        Cell(percent(effect.percent, 1, signed=True), effect.percent),
        Cell(number(effect.arm.mean, digits), effect.arm.mean),
        _seeds_cell(effect.arm, len(effect.deltas)),
    )


def _test_row(effect: EffectInfo) -> tuple[Cell, ...]:
    shares = effect.shares
    return (
        Cell.of(effect.arm.title),
        *(
            Cell(p_value(p), p)
            for p in (
                effect.interval.p,
                effect.adjusted_p,
                effect.equivalence_p,
                effect.sign_flip,
            )
        ),
        Cell(number(effect.effect_size, 2, signed=True), effect.effect_size),
        *(Cell(percent(share), share) for share in (shares.better, shares.equal, shares.worse)),
    )


def _verdict_cell(verdict: str) -> Cell:
    strong = verdict in ("better", "worse")
    if verdict == "better":
        return Cell(verdict, verdict, strong, tone="good")
    return Cell(verdict, verdict, strong, tone="bad" if verdict == "worse" else "")


def _range_cell(low: float | None, high: float | None, digits: int) -> Cell:
    if low is None or high is None:
        return Cell(DASH, title="One seed has no spread.")
    text = f"{number(low, digits, signed=True)} to {number(high, digits, signed=True)}"
    return Cell(text, f"[{low:.6f}, {high:.6f}]")


def changes_text(arm: ArmInfo) -> str:
    """What an arm changes, as settings."""
    leaves: list[str] = []
    for key, value in arm.changes.items():
        inner = value.items() if isinstance(value, Mapping) else [("", value)]
        leaves += [f"{key}.{name} = {setting_value(v)}".replace(". =", " =") for name, v in inner]
    return ", ".join(leaves)


def fairness_table(info: AblationInfo) -> Table:
    """Budgets of each arm side by side; what differs from the full configuration is marked."""
    arms = [info.reference, *(effect.arm for effect in info.effects)]
    return budgets_table(
        f"{info.family}_budgets",
        "Budgets of the arms, from one run each; ≠ marks what differs from the full one.",
        [BudgetRow(arm.title, changes_text(arm), arm.example) for arm in arms],
        BudgetWords("Arm", "all arms", "the full configuration"),
        ("Frozen: no arm was tuned again, every arm keeps the winner's other settings.",),
    )
