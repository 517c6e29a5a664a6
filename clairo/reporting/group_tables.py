"""One row a group, with those that were not run and the command that does."""

from __future__ import annotations

from collections.abc import Sequence

from clairo.evaluation.metric_names import metric_label
from clairo.evaluation.significance import Interval
from clairo.reporting.ablation_info import EffectInfo
from clairo.reporting.group_info import GroupPoint, GroupsInfo
from clairo.reporting.labels import DASH, capitalised, number, plural
from clairo.reporting.marks import (
    MARKS_NOTE,
    exact,
    mark,
    number_cell,
    p_words,
    percent_cell,
    range_cell,
)
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
    notes = (*_slope_notes(groups), *_uncounted(missing), MARKS_NOTE)
    return Table(f"{info.family.name}_{groups.name}_groups", caption, columns, rows, notes=notes)


def _uncounted(missing: Sequence[ArmGroup]) -> tuple[str, ...]:
    if not missing:
        return ()
    return (
        f"Holm counts no arms of {plural(len(missing), 'data set')} that "
        f"{'was' if len(missing) == 1 else 'were'} declared and not run.",
    )


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
        percent_cell(effect.percent),
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
    notes = [
        f"Interaction with {groups.covariate}: slope {_words(slope.slope)}, Holm-adjusted "
        f"{p_words(groups.adjusted_p)} over {plural(groups.corrected, 'arm')}; it "
        "speaks of other groups of the same kind."
    ]
    if slope.over_seeds is not None:
        notes.append(f"Over seeds, for these very groups: slope {_words(slope.over_seeds)}.")
    return tuple(notes)


def _words(found: Interval) -> str:
    mean = f"{number(found.mean, 4, signed=True)} per unit"
    if found.low is None:
        return mean
    low, high = number(found.low, 4, signed=True), number(found.high, 4, signed=True)
    return f"{mean} (95 % {low} to {high}), {p_words(found.p)}"
