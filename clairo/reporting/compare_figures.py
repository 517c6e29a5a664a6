"""Figures of a comparison; each draws one record of numbers and nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from clairo.reporting.compare_details import RANK_BINS, Curve, RankMoves, SideCurves
from clairo.reporting.compare_info import Difference
from clairo.reporting.drawing import add_interval, new_figure, row_figure
from clairo.reporting.labels import number
from clairo.reporting.style import ACCENT, CATEGORIES, NEUTRAL

_DASHES = ("solid", "dash")
_LARGEST_MARK = 36
"""Pixels across of the fullest cell."""


def side_color(place: int) -> str:
    """One colour a side through the whole page; six, then again with dashes."""
    return CATEGORIES[place % len(CATEGORIES)]


def side_dash(place: int) -> str:
    """Tells apart two sides of one colour."""
    return _DASHES[place // len(CATEGORIES) % len(_DASHES)]


def plot_differences(found: Sequence[Difference], letters: Sequence[str], label: str) -> go.Figure:
    """Dots with intervals: thin line over users and seeds, thick line over users, ticks the seeds.

    Args:
        found: Differences of one metric.
        letters: All sides, the reference first; places give the colours.
        label: The metric, for people.
    """
    figure = row_figure(
        [f"{one.letter}, {one.split}" for one in found],
        [number(one.interval.mean, one.digits, signed=True) for one in found],
        f"Difference in {label} from {letters[0]}",
    )
    reach = _reach(found)
    for row, one in enumerate(found):
        _add_difference(figure, one, -row, side_color(letters.index(one.letter)), reach)
    figure.update_xaxes(range=[-reach, reach], zeroline=True)
    return figure


def _reach(found: Sequence[Difference]) -> float:
    """Half the axis: every seed and users' interval; a longer interval over seeds is cut."""
    sizes = [abs(delta) for one in found for delta in one.deltas.values()]
    sizes += [abs(bound) for one in found for bound in one.users]
    return 1.35 * max(sizes, default=0.0) or 1.0


def _add_difference(
    figure: go.Figure, one: Difference, row: float, color: str, reach: float
) -> None:
    add_interval(figure, one.interval, row, color, reach)
    figure.add_scatter(
        x=list(one.users), y=[row, row], mode="lines", line={"color": color, "width": 5},
        opacity=0.45, name="95 % over users, these trained models only",
        hovertemplate="95 % over users, these trained models only: %{x:+.4f}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=list(one.deltas.values()), y=[row] * len(one.deltas), mode="markers", name="seed",
        text=list(one.deltas), hovertemplate="Seed %{text}: %{x:+.4f}<extra></extra>",
        marker={"symbol": "line-ns", "size": 7, "line": {"color": color, "width": 2}},
    )  # fmt: skip
    open_ = one.verdict in ("inconclusive", "exploratory")
    figure.add_scatter(
        x=[one.interval.mean], y=[row], mode="markers", name="mean difference",
        marker={"color": color, "size": 11, "symbol": "circle-open" if open_ else "circle",
                "line": {"width": 2.5, "color": color}},
        text=[f"{one.letter}, {one.split}, {one.verdict}"],
        hovertemplate="%{text}: %{x:+.4f}<extra></extra>",
    )  # fmt: skip


def plot_curves(info: SideCurves, label: str) -> go.Figure:
    """A metric by epoch, one line a run, the side's letter where its first run ends."""
    figure = new_figure(340, "Epoch", label)
    last = max(curve.epochs[-1] for curve in info.curves)
    figure.update_xaxes(dtick=1 if last <= 20 else None)  # there is no half an epoch
    for curve in info.curves:
        figure.add_scatter(
            x=curve.epochs, y=curve.values, name=f"{curve.letter}, seed {curve.seed}",
            mode="lines+markers" if len(curve.epochs) < 15 else "lines",
            line={"color": side_color(curve.place), "width": 2, "dash": side_dash(curve.place)},
            marker={"size": 5}, opacity=0.85,
            hovertemplate=f"{curve.letter}, seed {curve.seed}, epoch %{{x}}: "
            "%{y:.4f}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(annotations=_end_notes(info.curves), margin={"r": 26})
    return figure


def _end_notes(curves: Sequence[Curve]) -> list[dict[str, object]]:
    """The letter of each side where its first run ends, moved up where another stands."""
    values = [value for curve in curves for value in curve.values]
    room = 0.055 * (max(values) - min(values))
    firsts = {curve.letter: curve for curve in reversed(curves)}.values()
    notes: list[dict[str, object]] = []
    lowest: dict[int, float] = {}
    for curve in sorted(firsts, key=lambda curve: (curve.values[-1], curve.place)):
        epoch = curve.epochs[-1]
        height = max(curve.values[-1], lowest.get(epoch, -math.inf))
        lowest[epoch] = height + room
        notes.append(_end_note(curve, height))
    return notes


def _end_note(curve: Curve, height: float) -> dict[str, object]:
    return {
        "x": curve.epochs[-1], "y": height, "text": f"<b>{curve.letter}</b>",
        "xanchor": "left", "xshift": 7, "showarrow": False,
        "font": {"color": side_color(curve.place)},
    }  # fmt: skip


def plot_moves(info: RankMoves, reference: str) -> go.Figure:
    """Targets by rank at the reference and here: the area of a mark is their number."""
    names = [name for name, _, _ in RANK_BINS]
    figure = new_figure(430, f"Rank by {info.letter} (none: not found)", f"Rank by {reference}")
    bins, top = len(names), float(info.counts.max())
    figure.add_scatter(
        x=[-0.5, bins - 0.5], y=[-0.5, bins - 0.5], mode="lines", hoverinfo="skip",
        line={"color": NEUTRAL, "width": 1, "dash": "dot"}, name="equal rank",
    )  # fmt: skip
    rows, columns = np.nonzero(info.counts)
    counts = info.counts[rows, columns]
    total = int(info.counts.sum())
    better = columns < rows
    figure.add_scatter(
        x=columns.tolist(), y=rows.tolist(), mode="markers", name="targets",
        marker={
            "size": (_LARGEST_MARK * np.sqrt(counts / top)).clip(3).round(2).tolist(),
            "color": [NEUTRAL if row == column else ACCENT if up else CATEGORIES[1]
                      for row, column, up in zip(rows, columns, better, strict=True)],
            "opacity": 0.8,
            "symbol": "circle",
        },
        text=[f"{count:,} of {total:,}" for count in counts],
        customdata=[[names[row], names[column]] for row, column in zip(rows, columns, strict=True)],
        hovertemplate=f"%{{text}} targets<br>{reference}: rank %{{customdata[0]}}<br>"
        f"{info.letter}: rank %{{customdata[1]}}<extra></extra>",
    )  # fmt: skip
    ticks = {"tickvals": list(range(bins)), "ticktext": names, "range": [-0.6, bins - 0.4]}
    figure.update_xaxes(**ticks, fixedrange=True)
    figure.update_yaxes(**{**ticks, "range": [bins - 0.4, -0.6]}, fixedrange=True)
    return figure
