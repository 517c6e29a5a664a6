"""Tables of an ablation: effects with everything that qualifies them."""

from __future__ import annotations

from collections.abc import Mapping

from clairo.evaluation.metric_names import metric_label
from clairo.reporting.ablation_info import AblationInfo, ArmInfo, EffectInfo
from clairo.reporting.labels import DASH, number, p_value, percent, plural, setting_value
from clairo.reporting.marks import (
    MARKS_NOTE,
    exact,
    is_clear,
    mark,
    number_cell,
    p_cell,
    percent_cell,
    range_cell,
)
from clairo.reporting.table import Cell, Column, Table


def effects_table(info: AblationInfo) -> Table:
    """Mean, difference, interval, mark and verdict of every arm."""
    label = metric_label(info.metric)
    columns = (
        Column("Arm"),
        *((Column("Against"),) if _several(info) else ()),
        Column("Verdict", choices=True),
        Column("Difference", numeric=True, help="Arm minus its reference, paired by seed."),
        Column("Mark", help=MARKS_NOTE),
        Column("95 % over users and seeds", help="Models trained anew and asked by other users."),
        Column("Percent", numeric=True, help="Of the reference's mean on the same seeds."),
        Column(label, numeric=True, help="Mean over seeds."),
        Column("Seeds", numeric=True, help="Paired seeds with a result, of those planned."),
    )
    rows = (
        *(_reference_row(arm, info) for arm in info.references if not _is_compared(arm, info)),
        *(_effect_row(effect, info) for effect in info.effects),
    )
    return Table(
        info.family.name,
        _caption(info, label),
        columns,
        rows,
        searchable=len(rows) > 8,
        notes=_notes(info),
    )


def _several(info: AblationInfo) -> bool:
    """Whether arms of one group are compared with different ones."""
    return len({arm.name for arm in info.references}) > 1


def _is_compared(reference: ArmInfo, info: AblationInfo) -> bool:
    """Whether a reference is itself compared with another arm, and has a row for that."""
    key = (reference.group, reference.name)
    return key in {(effect.arm.group, effect.arm.name) for effect in info.effects}


def tests_table(info: AblationInfo) -> Table:
    """What stands behind the verdicts: every test and the interval over seeds alone."""
    columns = (
        Column("Arm"),
        Column("p", numeric=True, help="Users crossed with seeds, unadjusted."),
        Column("p (Holm)", numeric=True, help=f"Adjusted over {_family_words(info)}."),
        Column("p equivalent (Holm)", numeric=True, help="Two one-sided tests, adjusted."),
        Column("p (t over seeds)", numeric=True, help="Paired t over seeds alone, unadjusted."),
        Column("95 % over seeds", help="Paired t over seeds alone."),
        Column("p (sign-flip)", numeric=True, help="Exact, over seeds, unadjusted."),
    )
    caption = (
        "Tests: the verdict comes from the Holm-adjusted ones, of users crossed with seeds. Beside "
        "them stand the paired t and the exact sign-flip over seeds alone, for these users."
    )
    rows = tuple(_test_row(effect, info.digits) for effect in info.effects)
    return Table(f"{info.family.name}_tests", caption, columns, rows)


def users_table(info: AblationInfo) -> Table:
    """What users see of these trained models: interval over users, and who is served better."""
    columns = (
        Column("Arm"),
        Column("95 % over users", help="Bootstrap over users: these trained models only."),
        Column("d_z", numeric=True, help="Mean by standard deviation over users."),
        Column("Users better", numeric=True),
        Column("Equal", numeric=True),
        Column("Worse", numeric=True),
    )
    caption = (
        "These trained models only: what they would do for other users, and how many users are "
        "served better, by the mean over seeds."
    )
    rows = tuple(_users_row(effect, info.digits) for effect in info.effects)
    return Table(f"{info.family.name}_users", caption, columns, rows)


def _family_words(info: AblationInfo) -> str:
    arms = plural(info.corrected, "arm")
    return f"{arms} of all tables" if info.rule.correction == "all" else arms


def _caption(info: AblationInfo, label: str) -> str:
    return (
        f"{label} on the {info.split} split against {info.against}; "
        f"{plural(info.num_users, 'user')}, {info.seeds_text}, "
        f"Holm over {_family_words(info)}{'; exploratory' if info.exploratory else ''}."
    )


def _notes(info: AblationInfo) -> tuple[str, ...]:
    most = max((len(effect.deltas) for effect in info.effects), default=0)
    notes = [MARKS_NOTE]
    if any(
        effect.verdict == "inconclusive" and is_clear(effect.interval) for effect in info.effects
    ):
        notes.append(
            "Intervals are each by itself and not adjusted, so one that leaves 0 out can still be "
            "inconclusive."
        )
    if most < 8:
        label = "Exploratory: a claim needs 5 paired seeds. " if info.exploratory else ""
        notes.append(
            f"{label}With {plural(most, 'seed')} the exact sign-flip test cannot go below p = "
            f"{p_value(min(1.0, 2 / 2**most))}; a claim by it needs 8."
        )
    return (*notes, *_margin_note(info))


def _margin_note(info: AblationInfo) -> tuple[str, ...]:
    share, digits = info.rule.share, info.digits
    of = f"{100 * share:g} % of {info.against}'s mean" if share else ""
    start = "Minimum relevant effect, fixed before the run: "
    end = " Equivalent means surely smaller than that."
    if info.margin is not None:
        return (f"{start}{number(info.margin, digits)}{f' ({of})' if of else ''}.{end}",)
    return (f"{start}{100 * share:g} % of each reference's mean.{end}",) if share else ()


def _seeds_cell(arm: ArmInfo, paired: int) -> Cell:
    text = str(paired) if paired == arm.wanted else f"{paired}/{arm.wanted}"
    return Cell(text, paired, title="; ".join(arm.missing))


def _reference_row(arm: ArmInfo, info: AblationInfo) -> tuple[Cell, ...]:
    return (
        Cell.of(arm.title),
        *((Cell(DASH),) if _several(info) else ()),
        Cell("reference", "reference", tone="quiet"),
        Cell(DASH),
        Cell(""),
        *([Cell(DASH)] * 2),
        number_cell(arm.mean, info.digits),
        _seeds_cell(arm, len(arm.by_seed)),
    )


def _effect_row(effect: EffectInfo, info: AblationInfo) -> tuple[Cell, ...]:
    interval, digits = effect.interval, info.digits
    found = mark(effect.verdict, effect.adjusted_p)
    return (
        Cell.of(effect.arm.title, title=changes_text(effect.arm)),
        *((Cell.of(effect.reference.title),) if _several(info) else ()),
        _verdict_cell(effect.verdict),
        number_cell(interval.mean, digits, signed=True),
        Cell(found, found or None),
        range_cell(interval.low, interval.high, digits),
        percent_cell(effect.percent),
        number_cell(effect.arm.mean, digits),
        _seeds_cell(effect.arm, len(effect.deltas)),
    )


def _test_row(effect: EffectInfo, digits: int) -> tuple[Cell, ...]:
    return (
        Cell.of(effect.arm.title),
        p_cell(effect.interval.p),
        p_cell(effect.adjusted_p),
        p_cell(effect.equivalence_p),
        p_cell(effect.over_seeds.p),
        range_cell(effect.over_seeds.low, effect.over_seeds.high, digits),
        p_cell(effect.sign_flip),
    )


def _users_row(effect: EffectInfo, digits: int) -> tuple[Cell, ...]:
    shares = effect.shares
    return (
        Cell.of(effect.arm.title),
        range_cell(*effect.users, digits),
        number_cell(effect.effect_size, 2, signed=True),
        *(
            Cell(percent(share), share, title=exact(share))
            for share in (shares.better, shares.equal, shares.worse)
        ),
    )


def _verdict_cell(verdict: str) -> Cell:
    strong = verdict in ("better", "worse")
    if verdict == "better":
        return Cell(verdict, verdict, strong, tone="good")
    return Cell(verdict, verdict, strong, tone="bad" if verdict == "worse" else "")


def changes_text(arm: ArmInfo) -> str:
    """What an arm changes, as settings."""
    leaves: list[str] = []
    for key, value in arm.changes.items():
        inner = value.items() if isinstance(value, Mapping) else [("", value)]
        leaves += [f"{key}.{name} = {setting_value(v)}".replace(". =", " =") for name, v in inner]
    return ", ".join(leaves)
