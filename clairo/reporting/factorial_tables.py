"""Tables of a factorial: its contrasts, and every cell."""

from __future__ import annotations

from clairo.evaluation.metric_names import metric_label
from clairo.reporting.factorial_info import FactorialInfo
from clairo.reporting.labels import plural
from clairo.reporting.marks import number_cell, p_cell, range_cell
from clairo.reporting.table import Cell, Column, Table

_KINDS = {"shapley": "Shapley value", "main": "Main effect", "interaction": "Interaction"}


def contrasts_table(found: FactorialInfo) -> Table:
    """Shapley values, main effects and interactions with their intervals."""
    info, label = found.info, metric_label(found.info.metric)
    columns = (
        Column("Component"),
        Column("What", choices=True),
        Column(f"Difference in {label}", numeric=True),
        Column("95 % over users and seeds"),
        Column("p", numeric=True, help="Users crossed with seeds, unadjusted."),
    )
    rows = tuple(
        (
            Cell.of(found.name(contrast)),
            Cell.of(_KINDS[contrast.kind]),
            number_cell(contrast.interval.mean, info.digits, signed=True),
            range_cell(contrast.interval.low, contrast.interval.high, info.digits),
            p_cell(contrast.interval.p),
        )
        for contrast in (*found.shapley, *found.main, *found.interactions)
    )
    total = found.total
    sums = (
        Cell.of("All on minus all off"),
        Cell.of("Sum of the Shapley values"),
        number_cell(total.mean, info.digits, signed=True),
        range_cell(total.low, total.high, info.digits),
        p_cell(total.p),
    )
    caption = (
        f"What components add to {label} on the {info.split} split; "
        f"{plural(found.num_users, 'user')}, {plural(len(found.seeds), 'paired seed')}; intervals "
        "and p-values each by itself, not adjusted."
    )
    return Table(f"{info.family.name}_contrasts", caption, columns, (*rows, sums), True)


def cells_table(found: FactorialInfo) -> Table:
    """Every combination with its mean."""
    info, label = found.info, metric_label(found.info.metric)
    columns = (
        Column("Combination"),
        *(Column(title) for title in found.titles.values()),
        Column(label, numeric=True),
        Column("Seeds", numeric=True),
    )
    rows = tuple(
        (
            Cell.of(cell.arm.title),
            *(Cell.of("on" if name in cell.on else "off") for name in found.titles),
            number_cell(cell.mean, info.digits),
            Cell(str(len(found.seeds)), len(found.seeds)),
        )
        for cell in found.cells
    )
    caption = (
        f"All combinations: mean {label} on the {info.split} split over the "
        f"{plural(len(found.seeds), 'seed')} and {plural(found.num_users, 'user')} that all have."
    )
    return Table(f"{info.family.name}_cells", caption, columns, rows)
