"""What all figures share: an empty figure, rows with their label above, text made harmless."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from clairo.evaluation.significance import Interval
from clairo.reporting.labels import shortened
from clairo.reporting.style import PAPER, template

ROW_HEIGHT = 54
"""Pixels a labelled row needs: the label above, the mark below."""


def new_figure(height: int, x_title: str = "", y_title: str = "") -> go.Figure:
    """An empty figure without a template; pages and :func:`dress` add the one of a theme."""
    return go.Figure(
        layout={
            "template": "none",
            "height": height,
            "showlegend": False,
            "hovermode": "closest",
            "xaxis": {"title": {"text": x_title}},
            "yaxis": {"title": {"text": y_title}},
        }
    )


def dress(figure: go.Figure, theme: str) -> go.Figure:
    """A copy in the house style of a theme, ``light`` or ``dark``, for use outside a page."""
    return go.Figure(figure).update_layout(template=template(theme), paper_bgcolor=PAPER[theme])


def harmless(text: str) -> str:
    """Text that plotly shows as it is, whatever markup a name holds."""
    return html.escape(text, quote=False)


def row_figure(labels: Sequence[str], values: Sequence[str], x_title: str) -> go.Figure:
    """A figure of labelled rows, first on top: names above the marks leave them the whole width.

    Args:
        labels: Name of each row, put at the left.
        values: Number of each row as printed, put at the right.
        x_title: Name of the horizontal axis with its unit.
    """
    figure = new_figure(ROW_HEIGHT * len(labels) + 64, x_title)
    notes = []
    for place, pair in enumerate(zip(labels, values, strict=True)):
        shared: dict[str, Any] = {"xref": "paper", "y": -place, "yshift": 19, "showarrow": False}
        for text, x, anchor in zip(pair, (0, 1), ("left", "right"), strict=True):
            notes.append({"text": harmless(shortened(text)), "x": x, "xanchor": anchor, **shared})
    figure.update_layout(annotations=[note for note in notes if note["text"]])
    figure.update_yaxes(visible=False, range=[-len(labels) + 0.55, 0.75], fixedrange=True)
    return figure


def padded_range(values: Sequence[float]) -> list[float]:
    """An axis that holds all values and zero, with room at both ends for labels and marks.

    Example:
        >>> padded_range([0.0, 1.0])
        [-0.08, 1.08]
        >>> padded_range([])
        [-1.0, 1.0]
    """
    low, high = min([0.0, *values]), max([0.0, *values])
    room = 0.08 * (high - low)
    return [low - room, high + room] if room else [-1.0, 1.0]


def add_interval(
    figure: go.Figure, interval: Interval, row: float, color: str, reach: float
) -> None:
    """A thin line for an interval over users and seeds; an arrow where it leaves the figure.

    Args:
        figure: Drawn upon.
        interval: Nothing is drawn where it has no bounds.
        row: Height of the line.
        color: Of line and arrow.
        reach: Half the axis, around 0.
    """
    low, high = interval.low, interval.high
    if low is None or high is None:
        return
    figure.add_scatter(
        x=[low, high], y=[row, row], mode="lines", line={"color": color, "width": 1.5},
        hovertemplate=f"95 % over users and seeds: {low:+.4f} to {high:+.4f}<extra></extra>",
        name="95 % over users and seeds",
    )  # fmt: skip
    for bound, end, symbol in ((low, -reach, "triangle-left"), (high, reach, "triangle-right")):
        if abs(bound) > reach and bound * end > 0:
            figure.add_scatter(
                x=[0.988 * end], y=[row], mode="markers", name="goes on",
                marker={"color": color, "symbol": symbol, "size": 9},
                hovertemplate=f"goes on to {bound:+.4f}<extra></extra>",
            )  # fmt: skip
