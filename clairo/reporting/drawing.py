"""What all figures share: an empty figure, rows with their label above, text made harmless."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from clairo.reporting.style import template

ROW_HEIGHT = 52
"""Pixels a labelled row needs: the label above, the mark below."""


def new_figure(height: int, x_title: str = "", y_title: str = "") -> go.Figure:
    """An empty figure in the house style; the page swaps the template with the theme."""
    figure = go.Figure()
    figure.update_layout(
        template=template("light"), height=height, showlegend=False, hovermode="closest"
    )
    figure.update_xaxes(title_text=x_title)
    figure.update_yaxes(title_text=y_title)
    return figure


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
    for place, (label, value) in enumerate(zip(labels, values, strict=True)):
        shared: dict[str, Any] = {"xref": "paper", "y": -place, "yshift": 17, "showarrow": False}
        figure.add_annotation(text=harmless(label), x=0, xanchor="left", **shared)
        figure.add_annotation(text=harmless(value), x=1, xanchor="right", **shared)
    figure.update_yaxes(visible=False, range=[-len(labels) + 0.55, 0.75], fixedrange=True)
    return figure
