"""Figures of a representation: usage over training, shares by depth, weights, reliance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from clairo.reporting.drawing import harmless, new_figure, row_figure
from clairo.reporting.fusion_info import FusionCurvesInfo, RelianceInfo, WeightsInfo
from clairo.reporting.health_info import DepthInfo
from clairo.reporting.labels import percent
from clairo.reporting.style import CATEGORIES, MODALITY_COLORS, NEUTRAL
from clairo.reporting.usage_info import UsageInfo

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_LABEL_ROOM = 118
"""Pixels at the right for names of lines."""


def plot_usage(info: UsageInfo) -> go.Figure:
    """Share of codes in use by epoch, one named line a codebook or quantizer.

    What is fitted without epochs is a level line across the figure; the epoch that is kept has a
    diamond.
    """
    mixed = any(not line.epochs for line in info.lines)
    y_title = "Codes in use (%)" if mixed else "Codes in use by training rows (%)"
    figure = new_figure(380, "Epoch of the quantizer's training", y_title)
    last = max((line.epochs[-1] for line in info.lines if line.epochs), default=1)
    ends: list[tuple[str, float, str]] = []
    for place, line in enumerate(info.lines):
        color, dash = CATEGORIES[place % len(CATEGORIES)], _DASHES[place % len(_DASHES)]
        at_once = not line.epochs
        epochs = [1, last] if at_once else list(line.epochs)
        usage = _percents(line.usage * 2 if at_once else line.usage)
        how = "fitted without epochs, all items" if at_once else "epoch %{x}%{text}, training rows"
        kept = [epoch == line.selected for epoch in line.epochs]
        plain = 6 if 0 < len(line.epochs) < 4 else 0
        figure.add_scatter(
            x=epochs, y=usage, name=line.name, text=[" (kept)" if k else "" for k in kept],
            mode="lines+markers" if plain or any(kept) else "lines",
            line={"color": color, "width": 2.5, "dash": dash},
            marker={"size": [12 if k else plain for k in kept], "color": color,
                    "symbol": ["diamond" if k else "circle" for k in kept]},
            hovertemplate=f"{harmless(line.name)}, {harmless(line.about)}, {how}: %{{y:.1f}} %"
            "<extra></extra>",
        )  # fmt: skip
        ends.append((line.name, usage[-1], color))
    _name_ends(figure, last, ends, 380)
    figure.update_yaxes(range=[-4, 104])
    figure.update_xaxes(range=[min(1, last - 1), last], dtick=1 if last <= 20 else None)
    return figure


def plot_depth(info: DepthInfo) -> go.Figure:
    """Share by number of first codes, beside chance, which is dashed and open."""
    y_title = (
        "Neighbours with the same first codes (%)"
        if info.what == "neighbors"
        else "Items in the majority category (%)"
    )
    figure = new_figure(360, "Number of first codes", y_title)
    last = max(len(course.shares) for course in info.courses)
    ends: list[tuple[str, float, str]] = []
    for course in info.courses:
        color = MODALITY_COLORS[course.modality]
        for name, shares, line, symbol in (
            (f"{course.modality}", course.shares, "solid", "circle"),
            (f"{course.modality}, by chance", course.by_chance, "dot", "circle-open"),
        ):
            if not shares:
                continue
            figure.add_scatter(
                x=list(range(1, len(shares) + 1)), y=_percents(shares), name=name,
                mode="lines+markers", line={"color": color, "width": 2, "dash": line},
                marker={"size": 9, "color": color, "symbol": symbol},
                hovertemplate=f"{name}, %{{x}} codes: %{{y:.1f}} %<extra></extra>",
            )  # fmt: skip
            ends.append((name, 100 * shares[-1], color))
    _name_ends(figure, last, ends, 360)
    figure.update_yaxes(range=[-4, 104])
    figure.update_xaxes(dtick=1, range=[0.85, last + 0.05])
    return figure


def plot_weights(info: WeightsInfo) -> go.Figure:
    """Items by weight, one outline a modality."""
    figure = new_figure(320, "Weight of the modality (%)", "Items")
    for name, counts in info.weights.histogram.items():
        edges = [round(100 * place / len(counts), 3) for place in range(len(counts) + 1)]
        figure.add_scatter(
            x=edges, y=[*counts, counts[-1]], mode="lines", name=name,
            line={"color": _color(name), "width": 2.5, "shape": "hv",
                  "dash": "solid" if name == "text" else "dash"},
            hovertemplate=f"{name}, from %{{x}} %: %{{y}} items<extra></extra>",
        )  # fmt: skip
    figure.update_layout(showlegend=True)
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(range=[-1, 101])
    return figure


def plot_weights_by_category(info: WeightsInfo) -> go.Figure:
    """Weight of the first modality by category: median, half and nine tenths of the items."""
    shown = next(iter(info.weights.histogram))
    rows = info.weights.categories
    figure = row_figure(
        [f"{row.category or 'unknown'} ({row.num_items:,})" for row in rows],
        [f"median {percent(row.quantiles[shown][2])}" for row in rows],
        f"Weight of {shown} (%)",
    )
    color = _color(shown)
    for place, row in enumerate(rows):
        low, lower, middle, upper, high = _percents(row.quantiles[shown])
        for start, end, width in ((low, high, 2), (lower, upper, 6)):
            figure.add_scatter(
                x=[start, end], y=[-place, -place], mode="lines", hoverinfo="skip",
                name=row.category, line={"color": color, "width": width},
            )  # fmt: skip
        text = (
            f"{harmless(row.category or 'unknown')}: median {middle:.1f} %, half of the items from "
            f"{lower:.1f} to {upper:.1f} %, nine tenths from {low:.1f} to {high:.1f} %"
        )
        figure.add_scatter(
            x=[middle], y=[-place], mode="markers", name=row.category, text=[text],
            marker={"color": color, "size": 11}, hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(range=[-2, 102])
    return figure


def plot_reliance(info: RelianceInfo) -> go.Figure:
    """Items whose codes change with another item's modality: the first, each further, any."""
    rows: list[tuple[str, float, str, bool]] = []
    for reliance in info.reliances:
        color = _color(reliance.modality)
        rows += [
            (f"{reliance.modality} exchanged: code {level}", share, color, level == 1)
            for level, share in enumerate(reliance.by_level, start=1)
        ]
        rows.append((f"{reliance.modality} exchanged: any code", reliance.changed, color, False))
    figure = row_figure(
        [row[0] for row in rows], [percent(row[1]) for row in rows], "Items with other codes (%)"
    )
    for place, (name, share, color, judged) in enumerate(rows):
        figure.add_scatter(
            x=[0, round(100 * share, 3)], y=[-place, -place], mode="lines", hoverinfo="skip",
            name=name, line={"color": color if judged else NEUTRAL, "width": 2},
        )  # fmt: skip
        figure.add_scatter(
            x=[round(100 * share, 3)], y=[-place], mode="markers", name=name,
            marker={"color": color, "size": 12 if judged else 8,
                    "symbol": "circle" if judged else "circle-open"},
            hovertemplate=f"{name}: %{{x:.1f}} % of items<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(range=[-2, 102])
    return figure


def plot_fusion_curves(info: FusionCurvesInfo) -> go.Figure:
    """Losses of the fusion by epoch, each named where it ends; other numbers without losses."""
    curves = info.losses or info.others
    figure = new_figure(340, "Epoch of the fusion's training", "Loss" if info.losses else "Value")
    last, ends = max(curve.epochs[-1] for curve in curves), []
    for place, curve in enumerate(curves):
        color, dash = CATEGORIES[place % len(CATEGORIES)], _DASHES[place % len(_DASHES)]
        figure.add_scatter(
            x=list(curve.epochs), y=list(curve.values), name=curve.name,
            mode="lines+markers" if len(curve.epochs) < 4 else "lines",
            line={"color": color, "width": 2.5, "dash": dash}, marker={"color": color},
            hovertemplate=f"{harmless(curve.name)}, epoch %{{x}}: %{{y:.4f}}<extra></extra>",
        )  # fmt: skip
        ends.append((curve.name.replace("_", " "), curve.values[-1], color))
    spread = [value for curve in curves for value in curve.values]
    low, high = min(spread), max(spread)
    room = 0.05 * (high - low) or 0.1
    figure.update_yaxes(range=[low - room, high + room])
    _name_ends(figure, last, ends, 340, (low - room, high + room))
    figure.update_xaxes(range=[min(1, last - 1), last], dtick=1 if last <= 20 else None)
    return figure


def _name_ends(
    figure: go.Figure,
    x: float,
    ends: Sequence[tuple[str, float, str]],
    height: int,
    y_range: tuple[float, float] = (-4.0, 104.0),
) -> None:
    """Names at the ends of lines, moved apart where lines end together."""
    apart = 19 * (y_range[1] - y_range[0]) / (height - 70)
    notes: list[dict[str, Any]] = []
    lowest = float("-inf")
    for name, y, color in sorted(ends, key=lambda end: end[1]):
        lowest = max(y, lowest + apart)
        notes.append({
            "x": x, "y": y, "yshift": (lowest - y) * (height - 70) / (y_range[1] - y_range[0]),
            "xanchor": "left", "xshift": 8, "showarrow": False, "align": "left",
            "text": harmless(name), "font": {"color": color},
        })  # fmt: skip
    # Names pushed above the frame come down together; the order stays.
    over = max(0.0, lowest - y_range[1])
    for note in notes:
        note["yshift"] -= over * (height - 70) / (y_range[1] - y_range[0])
    figure.update_layout(annotations=notes, margin={"r": _LABEL_ROOM, "l": 2, "t": 8, "b": 8})


def _color(modality: str) -> str:
    return MODALITY_COLORS.get(modality, NEUTRAL)


def _percents(shares: Sequence[float]) -> list[float]:
    return [round(100 * share, 3) for share in shares]
