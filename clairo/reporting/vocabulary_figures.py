"""Figures of a vocabulary: what crosses by rank, how long tokens are, what merging saves."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from clairo.reporting.drawing import new_figure, row_figure
from clairo.reporting.labels import number, percent
from clairo.reporting.style import ACCENT, MODALITY_COLORS, NEUTRAL, OTHER
from clairo.reporting.vocabulary_info import CrossingInfo, EconomyInfo, LengthsInfo, Saving


def plot_crossing(info: CrossingInfo) -> go.Figure:
    """Share of merges that cross modalities and items, one step for each part of the list."""
    figure = new_figure(320, "Merges, earliest first (% of the list)", "Share of merges (%)")
    lines = (
        ("join text and image", info.modalities, MODALITY_COLORS["joint"], "solid"),
        ("made mostly between neighbours", info.items, OTHER, "dash"),
    )
    for name, course, color, dash in lines:
        if course is None:
            continue
        edges, shares = course.edges(info.num_merges), course.by_rank
        figure.add_scatter(
            x=_percents(edges), y=_percents([*shares, shares[-1]]), mode="lines", name=name,
            line={"color": color, "width": 2.5, "dash": dash, "shape": "hv"},
            hovertemplate=f"%{{y:.0f}} % {name}<extra></extra>",
        )  # fmt: skip
    # The lines cross where much is merged, so that names beside them would cover them.
    figure.update_layout(showlegend=True)
    figure.update_yaxes(range=[-4, 104])
    figure.update_xaxes(range=[0, 100.5])
    return figure


def plot_lengths(info: LengthsInfo) -> go.Figure:
    """Share of the vocabulary, and of what the text uses, by codes a token stands for."""
    figure = new_figure(320, "Codes that a token stands for", "Share of tokens (%)")
    lines = (
        ("in the vocabulary", info.token_shares, NEUTRAL, "circle-open", info.tokens),
        ("in the training text", info.use_shares, ACCENT, "circle", info.uses),
    )
    for name, shares, color, symbol, counts in lines:
        if shares is None:
            continue
        figure.add_scatter(
            x=list(info.codes), y=_percents(shares), mode="lines+markers", name=name,
            line={"color": color, "width": 2},
            marker={"symbol": symbol, "size": 8, "color": color},
            text=[f"{count:,}" for count in counts],
            hovertemplate=f"%{{x}} codes: %{{y:.1f}} % {name} (%{{text}})<extra></extra>",
        )  # fmt: skip
    figure.update_layout(showlegend=True)
    figure.update_yaxes(rangemode="tozero")
    if max(info.codes) <= 15:
        figure.update_xaxes(dtick=1)
    return figure


def plot_economy(info: EconomyInfo) -> go.Figure:
    """What is left of an item's tokens and bits, each from all of it."""
    figure = row_figure(
        [saving.name for saving in info.savings],
        [say_saving(saving) for saving in info.savings],
        "After merging, in % of before",
    )
    for place, saving in enumerate(info.savings):
        left = 100 * saving.share
        symbol = "circle" if saving.unit == "tokens" else "square"
        figure.add_scatter(
            x=[100, left], y=[-place, -place], mode="lines", name=saving.name, hoverinfo="skip",
            line={"color": NEUTRAL, "width": 2},
        )  # fmt: skip
        figure.add_scatter(
            x=[100], y=[-place], mode="markers", name="before", hoverinfo="skip",
            marker={"color": NEUTRAL, "size": 9, "symbol": "line-ns",
                    "line": {"color": NEUTRAL, "width": 2}},
        )  # fmt: skip
        figure.add_scatter(
            x=[left], y=[-place], mode="markers", name=saving.name,
            marker={"color": ACCENT, "size": 11, "symbol": symbol},
            text=[f"{say_saving(saving)}, {percent(saving.share)} left"],
            hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
    most = max(100.0, *(100 * saving.share for saving in info.savings))
    figure.update_xaxes(range=[-2, 1.04 * most])
    return figure


def say_saving(saving: Saving) -> str:
    """A cost before and after, with its unit."""
    digits = 2 if saving.unit == "tokens" else 1
    return f"{number(saving.before, digits)} → {number(saving.after, digits)} {saving.unit}"


def _percents(shares: Sequence[float]) -> list[float]:
    return [round(100 * share, 3) for share in shares]
