"""Figures of a data card: lengths, popularity, time, coverage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from clairo.reporting.data_card_info import ContentInfo
from clairo.reporting.data_card_log import Histogram, PopularityInfo, round_up
from clairo.reporting.data_card_time import TimelineInfo
from clairo.reporting.drawing import harmless, new_figure, row_figure
from clairo.reporting.labels import percent, share_label
from clairo.reporting.style import ACCENT, MODALITY_COLORS, NEUTRAL

_HEIGHT = 300


def plot_histogram(histogram: Histogram, x_title: str, noun: str, color: str = ACCENT) -> go.Figure:
    """Bars of equal width, and a grey one for what lies beyond them.

    Args:
        histogram: What is drawn.
        x_title: Name of the horizontal axis with its unit.
        noun: What is counted, in the plural.
        color: Of the bars.
    """
    figure = new_figure(_HEIGHT, x_title, noun.capitalize())
    starts, width = np.array(histogram.edges[:-1]), histogram.width
    labels = [_range_label(start, width) for start in starts.tolist()]
    # A range of whole numbers is drawn around them: the bar of 5 stands on 5.
    centres = starts + (width - 1) / 2
    figure.add_trace(_bars(centres, histogram.counts, labels, noun, color))
    if histogram.beyond:
        last = histogram.edges[-1]
        place = np.array([_beyond_place(last, width)])
        label = f"{last:,} or more"
        figure.add_trace(_bars(place, (histogram.beyond,), [label], noun, NEUTRAL))
    figure.update_traces(width=0.86 * width)
    values, texts = _ticks(histogram)
    # The label of the last bar is wider than the bar and would be left out at the border.
    figure.update_xaxes(tickvals=values, ticktext=texts, ticklabeloverflow="allow")
    figure.update_layout(margin={"r": 24})
    figure.update_yaxes(tickformat=",d", rangemode="tozero")
    return figure


def _ticks(histogram: Histogram) -> tuple[list[float], list[str]]:
    """At the first bar and then evenly, and one of its own for what lies beyond."""
    edges, width = histogram.edges, histogram.width
    shown = edges[: -1 : round_up(len(histogram.counts) / 5)]
    values, texts = [float(edge) for edge in shown], [f"{edge:,}" for edge in shown]
    if not histogram.beyond:
        return values, texts
    if edges[-1] - values[-1] < (edges[-1] - edges[0]) / 6:
        values, texts = values[:-1], texts[:-1]
    return [*values, _beyond_place(edges[-1], width)], [*texts, f"{edges[-1]:,}+"]


def _beyond_place(last: int, width: int) -> float:
    """The middle of a bar one gap after the last range."""
    return last + (3 * width - 1) / 2


def _range_label(start: int, width: int) -> str:
    return f"{start:,}" if width == 1 else f"{start:,} to {start + width - 1:,}"


def _bars(
    places: np.ndarray, counts: Sequence[int], labels: list[str], noun: str, color: str
) -> go.Bar:
    return go.Bar(
        x=places.tolist(), y=list(counts), name=noun, text=labels,
        textposition="none", marker={"color": color, "line": {"width": 0}},
        hovertemplate=f"%{{text}}: %{{y:,}} {noun}<extra></extra>",
    )  # fmt: skip


def plot_popularity(info: PopularityInfo) -> go.Figure:
    """Share of the interactions that the most popular items hold, against equal popularity."""
    figure = new_figure(340, "Items, most popular first (% of items)", "Interactions held (%)")
    figure.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", name="equal popularity", hoverinfo="skip",
        line={"color": NEUTRAL, "width": 1.5, "dash": "dash"},
    )  # fmt: skip
    figure.add_scatter(
        x=_percents(info.item_shares), y=_percents(info.interaction_shares), mode="lines",
        name="interactions", line={"color": ACCENT, "width": 2.5},
        hovertemplate="first %{x:.1f} % of items: %{y:.1f} % of interactions<extra></extra>",
    )  # fmt: skip
    tenth = info.top_items / info.num_items
    figure.add_scatter(
        x=_percents([tenth]), y=_percents([info.top_share]), mode="markers", name="first tenth",
        marker={"color": ACCENT, "size": 10}, text=[f"{info.top_items:,} items"],
        hovertemplate="%{text}: %{y:.1f} % of interactions<extra></extra>",
    )  # fmt: skip
    figure.add_annotation(
        x=100 * tenth, y=100 * info.top_share, text=percent(info.top_share), xanchor="left",
        xshift=10, yshift=-10, showarrow=False,
    )  # fmt: skip
    figure.add_annotation(
        x=55, y=55, text="equal popularity", xanchor="left", xshift=8, yshift=-12,
        showarrow=False,
    )  # fmt: skip
    figure.update_xaxes(range=[-1, 101])
    figure.update_yaxes(range=[-2, 103])
    return figure


def plot_timeline(info: TimelineInfo) -> go.Figure:
    """Interactions of each day, month or year, with the cuts of a split by time."""
    figure = new_figure(_HEIGHT, f"{info.step.capitalize()} (UTC)", f"Interactions a {info.step}")
    letters = {"day": 10, "month": 7, "year": 4}[info.step]
    figure.add_bar(
        x=list(info.starts), y=list(info.counts), name="interactions",
        text=[start[:letters] for start in info.starts], textposition="none",
        marker={"color": ACCENT, "line": {"width": 0}},
        hovertemplate="%{text}: %{y:,} interactions<extra></extra>",
    )  # fmt: skip
    for place, (name, day) in enumerate(info.cuts):
        figure.add_shape(
            type="line", x0=day, x1=day, y0=0, y1=1, yref="paper", line={"dash": "dash"}
        )
        figure.add_annotation(
            x=day, y=1 - 0.1 * place, yref="paper", text=harmless(f"{name} {day}"),
            xanchor="right", xshift=-4, showarrow=False,
        )  # fmt: skip
    figure.update_xaxes(type="date")
    figure.update_yaxes(tickformat=",d")
    return figure


def plot_coverage(info: ContentInfo) -> go.Figure:
    """Share of the items that have a text, a picture and each field."""
    figure = row_figure(
        [field.name for field in info.coverage],
        [f"{field.items:,} ({share_label(field.share)})" for field in info.coverage],
        "Items that have it (%)",
    )
    for place, field in enumerate(info.coverage):
        color = MODALITY_COLORS[field.modality]
        share = 100 * field.share
        figure.add_scatter(
            x=[0, 100], y=[-place, -place], mode="lines", hoverinfo="skip", name=field.name,
            line={"color": NEUTRAL, "width": 1},
        )  # fmt: skip
        figure.add_scatter(
            x=[share], y=[-place], mode="markers", name=field.name,
            marker={
                "color": color,
                "size": 11,
                "symbol": "square" if field.modality == "image" else "circle",
            },
            text=[harmless(f"{field.name}: {field.items:,} items, {share:.2f} %")],
            hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(range=[-2, 102])
    return figure


def _percents(shares: Sequence[float]) -> list[float]:
    return [round(100 * share, 3) for share in shares]
