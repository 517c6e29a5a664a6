"""The figure of one data set: our best configurations as dots with intervals, others open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from clairo.evaluation.metric_names import metric_label
from clairo.reporting.drawing import harmless, row_figure
from clairo.reporting.labels import number
from clairo.reporting.leaderboard_info import BoardInfo
from clairo.reporting.leaderboard_rows import PRIMARY
from clairo.reporting.style import ACCENT, NEUTRAL, OTHER

MOST_OURS = 8
"""Rows of ours that a figure shows, the best ones; the table has all."""


@dataclass(frozen=True)
class Mark:
    """One row of the figure.

    Attributes:
        label: Its name.
        value: NDCG@10 on test.
        shown: The same as printed.
        seeds: (seed, value) of ours, else empty.
        interval: Bounds of the 95 % interval where it has one.
        kind: ``ours``, ``published`` or ``level``.
    """

    label: str
    value: float
    shown: str
    seeds: tuple[tuple[int, float], ...] = ()
    interval: tuple[float, float] | None = None
    kind: str = "ours"


def compute_marks(board: BoardInfo) -> tuple[Mark, ...]:
    """Ours, best first, then published rows, highest first, then levels."""
    ours = []
    for row in board.ours[:MOST_OURS]:
        interval, seeds = (
            row.interval,
            tuple(zip(row.primary.seeds, row.primary.values, strict=True)),
        )
        bounds = (
            None if interval.low is None or interval.high is None else (interval.low, interval.high)
        )
        ours.append(Mark(row.sweep_id, interval.mean, number(interval.mean), seeds, bounds))
    published = [
        Mark(
            info.row.credit,
            float(info.row.values[PRIMARY]),
            info.row.shown(PRIMARY),
            kind="published",
        )
        for info in board.published
        if PRIMARY in info.row.values
    ]
    levels = [
        Mark(level.name, level.values[PRIMARY], number(level.values[PRIMARY]), kind="level")
        for level in board.levels
        if PRIMARY in level.values
    ]
    published.sort(key=lambda mark: -mark.value)
    return (*ours, *published, *levels)


def axis_range(marks: Sequence[Mark]) -> tuple[float, float]:
    """Ends of the axis: every mean and seed is shown; an interval beyond is cut, and says so.

    With two seeds a t interval can be ten times as long as all differences together.
    """
    points = [mark.value for mark in marks] + [v for mark in marks for _, v in mark.seeds]
    low, high = min(points), max(points)
    room = 0.2 * (high - low) or 0.2 * abs(high) or 0.1
    return max(0.0, low - room), high + room


def plot_board(marks: Sequence[Mark]) -> go.Figure:
    """Dots with intervals for ours, open diamonds for published rows, open squares for levels."""
    figure = row_figure(
        [mark.label for mark in marks],
        [mark.shown for mark in marks],
        f"{metric_label(PRIMARY)} on test",
    )
    ends = axis_range(marks)
    for place, mark in enumerate(marks):
        if mark.kind == "ours":
            _add_ours(figure, mark, -place, ends)
        else:
            _add_other(figure, mark, -place)
    figure.update_xaxes(range=list(ends))
    return figure


def _add_ours(figure: go.Figure, mark: Mark, row: float, ends: tuple[float, float]) -> None:
    if mark.interval is not None:
        low, high = mark.interval
        figure.add_scatter(
            x=[max(low, ends[0]), min(high, ends[1])], y=[row, row], mode="lines",
            line={"color": ACCENT, "width": 2}, name="95 % interval over seeds",
            hovertemplate=f"95 % over seeds: {low:.4f} to {high:.4f}<extra></extra>",
        )  # fmt: skip
        cut = [
            (end, symbol, bound)
            for bound, end, symbol, beyond in (
                (low, ends[0], "triangle-left", low < ends[0]),
                (high, ends[1], "triangle-right", high > ends[1]),
            )
            if beyond
        ]
        for end, symbol, bound in cut:
            figure.add_scatter(
                x=[end], y=[row], mode="markers", name="goes on", cliponaxis=False,
                marker={"color": ACCENT, "symbol": symbol, "size": 9},
                hovertemplate=f"goes on to {bound:.4f}<extra></extra>",
            )  # fmt: skip
    figure.add_scatter(
        x=[value for _, value in mark.seeds], y=[row] * len(mark.seeds), mode="markers",
        name="seed", text=[seed for seed, _ in mark.seeds],
        hovertemplate="Seed %{text}: %{x:.4f}<extra></extra>",
        marker={"symbol": "line-ns", "size": 8, "line": {"color": ACCENT, "width": 2}},
    )  # fmt: skip
    figure.add_scatter(
        x=[mark.value], y=[row], mode="markers", name="ours", text=[harmless(mark.label)],
        marker={"color": ACCENT, "size": 11, "symbol": "circle"},
        hovertemplate="%{text}: %{x:.4f}<extra></extra>",
    )  # fmt: skip


def _add_other(figure: go.Figure, mark: Mark, row: float) -> None:
    color, symbol = {
        "published": (OTHER, "diamond-open"),
        "level": (NEUTRAL, "square-open"),
    }[mark.kind]
    figure.add_scatter(
        x=[mark.value], y=[row], mode="markers", name=mark.kind, text=[harmless(mark.label)],
        marker={"color": color, "size": 11, "symbol": symbol, "line": {"width": 2, "color": color}},
        hovertemplate=f"%{{text}}: {mark.shown}<extra></extra>",
    )  # fmt: skip
