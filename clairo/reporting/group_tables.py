"""One row a group, with those that were not run and the command that does."""

from __future__ import annotations

from collections.abc import Sequence

from clairo.evaluation.metric_names import metric_label
from clairo.reporting.ablation_info import EffectInfo
from clairo.reporting.group_info import GroupPoint, GroupsInfo
from clairo.reporting.labels import DASH, capitalised, p_value, percent, plural
from clairo.reporting.marks import MARKS_NOTE, exact, mark, number_cell, range_cell
from clairo.reporting.search_info import Absent
from clairo.reporting.table import Cell, Column, Table
from clairo.tracking.records import ArmGroup


def groups_table(groups: GroupsInfo, missing: Sequence[ArmGroup]) -> Table:
    """The effect in every group, and the slope over them in a note."""
    info, label = groups.info, metric_label(groups.info.metric)
    columns = (
        Column("Group"),
        Column(capitalised(groups.covariate or "Covariate"), numeric=True),
        Column("Users", numeric=True),
        Column(f"{label}, reference", numeric=True),
        Column("Difference", numeric=True),
        Column("Mark", help=MARKS_NOTE),
        Column("95 % over users and seeds"),
        Column("Percent", numeric=True),
        Column("Verdict"),
        Column("Seeds", numeric=True),
    )
    rows = (
        *(_row(point, info.digits) for point in groups.points),
        *(_missing_row(group) for group in missing),
    )
    caption = (
        f"{groups.title}: difference in {label} on {info.split} from its reference in the same "
        f"group; {info.seeds_text}, Holm over {plural(info.corrected, 'arm')}."
    )
    notes = (*_slope_notes(groups), MARKS_NOTE)
    return Table(f"{info.family.name}_{groups.name}_groups", caption, columns, rows, notes=notes)


def _row(point: GroupPoint, digits: int) -> tuple[Cell, ...]:
    group, effect = point.group, point.effect
    start = (Cell.of(group.title, title=f"digest {group.dataset_digest[:12]}"), _covariate(group))
    if effect is None:
        none = Cell(DASH, title="Not compared; see the missing arms below.")
        return (*start, *([none] * 6), Cell.of("not compared"), none)
    return (*start, *_effect_cells(effect, digits))


def _covariate(group: ArmGroup) -> Cell:
    value = group.covariate
    return Cell(DASH) if value is None else Cell(f"{value:g}", value, title=exact(value))


def _effect_cells(effect: EffectInfo, digits: int) -> tuple[Cell, ...]:
    interval = effect.interval
    found = mark(effect.verdict, effect.adjusted_p)
    users = effect.pairs.fewest_users
    return (
        Cell(f"{users:,}", users),
        number_cell(effect.pairs.level, digits),
        number_cell(interval.mean, digits, signed=True),
        Cell(found, found or None),
        range_cell(interval.low, interval.high, digits),
        Cell(percent(effect.percent, 1, signed=True), effect.percent, title=exact(effect.percent)),
        Cell.of(effect.verdict),
        Cell(str(len(effect.deltas)), len(effect.deltas)),
    )


def _missing_row(group: ArmGroup) -> tuple[Cell, ...]:
    none = Cell(DASH, title=group.missing)
    return (Cell.of(group.title), _covariate(group), *([none] * 6), Cell.of("not run"), none)


def _slope_notes(groups: GroupsInfo) -> tuple[str, ...]:
    slope = groups.slope
    if isinstance(slope, Absent):
        return (slope.reason,)
    found = slope.slope
    words = f"Interaction with {groups.covariate}: slope {found.mean:+.4f} per unit"
    if found.low is not None:
        words += f" (95 % {found.low:+.4f} to {found.high:+.4f})"
    words += f", p = {p_value(found.p)}, Holm-adjusted {p_value(groups.adjusted_p)}"
    notes = [f"{words}; it speaks of other groups of the same kind.".replace("-", "−")
             .replace("Holm−", "Holm-")]  # fmt: skip
    seeds = slope.over_seeds
    if seeds is not None and seeds.low is not None:
        low, high = f"{seeds.low:+.4f}", f"{seeds.high:+.4f}"
        notes.append(
            f"Over seeds, for these very groups: slope {seeds.mean:+.4f} (95 % {low} to {high}), "
            f"p = {p_value(seeds.p)}.".replace("-", "−")
        )
    return tuple(notes)
