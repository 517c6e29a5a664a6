"""Tables of an ablation: effects with everything that qualifies them, and equal budgets."""

from __future__ import annotations

from collections.abc import Mapping

from clairo.evaluation.metric_names import metric_label
from clairo.reporting.ablation_info import AblationInfo, ArmInfo, EffectInfo
from clairo.reporting.labels import DASH, number, p_value, percent, plural, setting_value
from clairo.reporting.selection import number_fact
from clairo.reporting.table import Cell, Column, Table


def effects_table(info: AblationInfo) -> Table:
    """Mean, difference, intervals, tests and verdict of every arm."""
    label = metric_label(info.metric)
    columns = (
        Column("Arm"),
        Column("Verdict"),
        Column("Difference", numeric=True, help="Arm minus full configuration, paired by seed."),
        Column("95 % over seeds", help="Paired t interval: models trained anew."),
        Column("Percent", numeric=True),
        Column(label, numeric=True, help="Mean over seeds."),
        Column("Seeds", numeric=True, help="Paired seeds with a result, of those planned."),
        Column("95 % over users", help="Bootstrap over users: these trained models only."),
        Column("d_z", numeric=True, help="Mean by standard deviation over users."),
        Column("Users better / equal / worse"),
        Column("p", numeric=True, help="Paired t over seeds, unadjusted."),
        Column("p (Holm)", numeric=True, help="Adjusted over the arms of this table."),
        Column("p (sign-flip)", numeric=True, help="Exact, over seeds."),
    )
    return Table(
        name=info.family,
        caption=_caption(info, label),
        columns=columns,
        rows=(_reference_row(info.reference), *(_effect_row(effect) for effect in info.effects)),
        notes=_notes(info),
    )


def _caption(info: AblationInfo, label: str) -> str:
    arms = plural(len(info.effects) + len(info.refused), "arm")
    return (
        f"{label} on the {info.split} split against the full configuration; "
        f"{plural(info.num_users, 'user')}, {info.seeds_text}, "
        f"Holm over {arms}{', exploratory' if info.exploratory else ''}."
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
            f"Minimum relevant effect, fixed before the run: {number(info.margin)} "
            "(5 % of the full configuration's mean). Equivalent means surely smaller than that."
        )
    return tuple(notes)


def _seeds_cell(arm: ArmInfo, paired: int) -> Cell:
    text = str(paired) if paired == arm.wanted else f"{paired}/{arm.wanted}"
    return Cell(text, paired, title="; ".join(arm.missing))


def _reference_row(arm: ArmInfo) -> tuple[Cell, ...]:
    blank = Cell(DASH)
    return (
        Cell.of(arm.title),
        Cell("reference", "reference", tone="quiet"),
        *([blank] * 3),
        Cell(number(arm.mean), arm.mean),
        _seeds_cell(arm, len(arm.by_seed)),
        *([blank] * 6),
    )


def _effect_row(effect: EffectInfo) -> tuple[Cell, ...]:
    interval, shares = effect.interval, effect.shares
    groups = (shares.better, shares.equal, shares.worse)
    return (
        Cell.of(effect.arm.title, title=changes_text(effect.arm)),
        _verdict_cell(effect.verdict),
        Cell(number(interval.mean, 4, signed=True), interval.mean),
        _range_cell(interval.low, interval.high),
        Cell(percent(effect.percent, 1, signed=True), effect.percent),
        Cell(number(effect.arm.mean), effect.arm.mean),
        _seeds_cell(effect.arm, len(effect.deltas)),
        _range_cell(*effect.users),
        Cell(number(effect.effect_size, 2, signed=True), effect.effect_size),
        Cell.of(" / ".join(percent(share) for share in groups)),
        Cell(p_value(interval.p), interval.p),
        Cell(p_value(effect.adjusted_p), effect.adjusted_p),
        Cell(p_value(effect.sign_flip), effect.sign_flip),
    )


def _verdict_cell(verdict: str) -> Cell:
    strong = verdict in ("better", "worse")
    if verdict == "better":
        return Cell(verdict, verdict, strong, tone="good")
    return Cell(verdict, verdict, strong, tone="bad" if verdict == "worse" else "")


def _range_cell(low: float | None, high: float | None) -> Cell:
    if low is None or high is None:
        return Cell(DASH, title="One seed has no spread.")
    return Cell.of(f"{number(low, 4, signed=True)} to {number(high, 4, signed=True)}")


def changes_text(arm: ArmInfo) -> str:
    """What an arm changes, as settings."""
    leaves: list[str] = []
    for key, value in arm.changes.items():
        inner = value.items() if isinstance(value, Mapping) else [("", value)]
        leaves += [f"{key}.{name} = {setting_value(v)}".replace(". =", " =") for name, v in inner]
    return ", ".join(leaves)


_FAIRNESS = (
    ("bits_per_item", "Bits per item", 1),
    ("tokens_per_item", "Tokens per item", 2),
    ("vocab_size", "Vocabulary", 0),
    ("num_parameters", "Parameters", 0),
    ("epochs_done", "Epochs", 0),
    ("examples_per_epoch", "Examples per epoch", 0),
)


def fairness_table(info: AblationInfo) -> Table:
    """Budgets of each arm side by side; what differs from the full configuration is marked."""
    arms = [info.reference, *(effect.arm for effect in info.effects)]
    known = [
        (key, name, digits)
        for key, name, digits in _FAIRNESS
        if any(arm.example and number_fact(arm.example, key) is not None for arm in arms)
    ]
    rows = tuple(
        (
            Cell.of(arm.title),
            Cell.of(changes_text(arm) or "nothing"),
            *(_budget_cell(arm, info.reference, key, digits) for key, _, digits in known),
        )
        for arm in arms
    )
    columns = (
        Column("Arm"),
        Column("Changes"),
        *(Column(name, numeric=True) for _, name, _ in known),
    )
    caption = "Budgets of the arms, from one run each; ≠ marks what differs from the full one."
    notes = (
        "No arm was tuned again: every arm keeps the winner's other settings.",
        *(() if known else ("No stage stated its bits, tokens or vocabulary.",)),
    )
    return Table(f"{info.family}_budgets", caption, columns, rows, notes=notes)


def _budget_cell(arm: ArmInfo, reference: ArmInfo, key: str, digits: int) -> Cell:
    value = number_fact(arm.example, key) if arm.example else None
    wanted = number_fact(reference.example, key) if reference.example else None
    differs = value is not None and wanted is not None and value != wanted
    return Cell(number(value, digits) + (" ≠" if differs else ""), value)
