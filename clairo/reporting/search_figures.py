"""Figures of a search; each draws one record of numbers and nothing else."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from clairo.reporting.drawing import harmless, new_figure, row_figure
from clairo.reporting.labels import percent, setting_label, with_error, wrapped
from clairo.reporting.outcome_info import CandidateInfo, CurvesInfo
from clairo.reporting.search_info import (
    HistoryInfo,
    ImportanceInfo,
    ParallelInfo,
    TradeoffInfo,
)
from clairo.reporting.style import ACCENT, NEUTRAL, SCALE_STEPS

MANY = 150
"""From so many trials on, marks are small and lines thin."""

_SYMBOLS = {"pruned": "triangle-down", "infeasible": "square", "failed": "x", "killed": "x"}


def plot_history(info: HistoryInfo, label: str) -> go.Figure:
    """Objective by trial number with the best so far; trials without a value on a rug below."""
    figure = new_figure(340, "Trial", label)
    figure.add_scatter(
        x=info.numbers, y=info.best, mode="lines", name="best so far",
        line={"color": ACCENT, "width": 2, "shape": "hv"}, hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=info.numbers, y=info.values, mode="markers", name="trial",
        marker={"color": NEUTRAL, "size": 5 if len(info.values) > MANY else 8},
        text=[harmless(text) for text in info.labels],
        hovertemplate="Trial %{x}: %{y:.4f}<br>%{text}<extra></extra>",
    )  # fmt: skip
    place = info.values.index(max(info.values))
    figure.add_scatter(
        x=[info.numbers[place]], y=[info.values[place]], mode="markers", name="best",
        marker={"color": ACCENT, "size": 11}, text=[harmless(info.labels[place])],
        hovertemplate="Best, trial %{x}: %{y:.4f}<br>%{text}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(domain=[0.16, 1] if info.unscored else [0, 1])
    if info.unscored:
        _add_rug(figure, info.unscored)
    return figure


def _add_rug(figure: go.Figure, unscored: tuple[tuple[int, str], ...]) -> None:
    figure.add_scatter(
        x=[number for number, _ in unscored], y=[0.5] * len(unscored), mode="markers",
        yaxis="y2", name="no value", text=[state for _, state in unscored],
        marker={
            "color": NEUTRAL, "size": 9,
            "symbol": [_SYMBOLS.get(state, "circle-open") for _, state in unscored],
        },
        hovertemplate="Trial %{x}: %{text}, no value<extra></extra>",
    )  # fmt: skip
    figure.update_layout(
        yaxis2={"domain": [0, 0.1], "range": [0, 1], "visible": False, "fixedrange": True},
        xaxis={"anchor": "y2"},
    )


def plot_importance(info: ImportanceInfo) -> go.Figure:
    """Share of each setting as a dot, its range over resamples as a line."""
    figure = row_figure(
        [setting_label(axis) for axis in info.axes],
        [percent(share) for share in info.shares],
        "Share of the explained variation (%)",
    )
    shares, lows, highs = (100 * np.array(x) for x in (info.shares, info.lows, info.highs))
    figure.add_scatter(
        x=shares.tolist(), y=[-i for i in range(len(shares))], mode="markers",
        marker={"color": ACCENT, "size": 10},
        error_x={
            "type": "data", "symmetric": False, "array": (highs - shares).tolist(),
            "arrayminus": (shares - lows).tolist(), "color": ACCENT, "thickness": 2, "width": 0,
        },
        text=[harmless(axis) for axis in info.axes],
        customdata=np.stack([lows, highs], axis=1).tolist(),
        hovertemplate="%{text}: %{x:.1f} %<br>over resamples %{customdata[0]:.1f} to "
        "%{customdata[1]:.1f} %<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(range=[-2, max(102, float(highs.max()) + 4)])
    return figure


def plot_parallel(info: ParallelInfo, label: str) -> go.Figure:
    """One line a trial; the quarter with the best objective is darkest and on top."""
    figure = new_figure(420)
    values = np.array(info.values)
    top, bottom = float(values.max()), float(values.min())
    heights = (values - bottom) / (top - bottom) if top > bottom else np.full(len(values), 0.5)
    quarters = np.minimum((heights.argsort().argsort() * 4) // len(values), 3)
    for quarter in range(4):
        _add_lines(figure, info, np.flatnonzero(quarters == quarter), heights, quarter)
    last = len(info.axes)
    notes = [
        _tick_note(place, _height(tick, len(axis.ticks)), text)
        for place, axis in enumerate(info.axes)
        for tick, text in enumerate(axis.ticks)
    ]
    notes += [_tick_note(last, 0.0, f"{bottom:.4f}"), _tick_note(last, 1.0, f"{top:.4f}")]
    figure.update_layout(annotations=notes)
    names = ["<br>".join(wrapped(setting_label(axis.name))) for axis in info.axes]
    figure.update_xaxes(
        tickvals=list(range(last + 1)), ticktext=[*names, label], side="top",
        range=[-0.45, last + 0.5], showgrid=True, fixedrange=True,
    )  # fmt: skip
    figure.update_yaxes(visible=False, range=[-0.06, 1.06], fixedrange=True)
    return figure


def _height(tick: int, count: int) -> float:
    return tick / (count - 1) if count > 1 else 0.5


def _add_lines(
    figure: go.Figure, info: ParallelInfo, rows: np.ndarray, heights: np.ndarray, quarter: int
) -> None:
    x: list[float | None] = []
    y: list[float | None] = []
    text: list[str] = []
    for row in rows:
        on_axes = [
            _height(tick, len(axis.ticks))
            for tick, axis in zip(info.places[row], info.axes, strict=True)
        ]
        x += [*range(len(info.axes) + 1), None]
        y += [*on_axes, float(heights[row]), None]
        about = f"Trial {info.numbers[row]}: {info.values[row]:.4f}"
        text += [about] * (len(info.axes) + 1) + [""]
    width = (1.5 + 0.5 * quarter) * (0.4 if len(info.values) > MANY else 1.0)
    figure.add_scatter(
        x=x, y=y, mode="lines", name=f"quarter {quarter + 1} of 4", text=text,
        line={"color": SCALE_STEPS[quarter], "width": width, "shape": "spline", "smoothing": 0.4},
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip


def _tick_note(axis: int, height: float, text: str) -> dict[str, object]:
    return {
        "x": axis, "y": height, "text": harmless(text), "xanchor": "left", "xshift": 5,
        "yshift": 9, "showarrow": False, "font": {"size": 12},
    }  # fmt: skip


def plot_tradeoff(info: TradeoffInfo, label: str) -> go.Figure:
    """Objective against a cost; trials that nothing beats in both are joined and numbered."""
    figure = new_figure(340, info.cost, label)
    front = [i for i, number in enumerate(info.numbers) if number in set(info.front)]
    hover = "Trial %{customdata}: %{y:.4f}, " + info.cost.lower() + " %{x:.2f}<br>%{text}"
    figure.add_scatter(
        x=info.costs, y=info.values, mode="markers", name="trial", customdata=info.numbers,
        marker={"color": NEUTRAL, "size": 5 if len(info.values) > MANY else 8},
        text=[harmless(text) for text in info.labels],
        hovertemplate=hover + "<extra></extra>",
    )  # fmt: skip
    order = sorted(front, key=lambda i: info.costs[i])
    figure.add_scatter(
        x=[info.costs[i] for i in order], y=[info.values[i] for i in order],
        mode="lines+markers+text", name="not beaten in both",
        customdata=[info.numbers[i] for i in order],
        text=[f"{info.numbers[i]}" for i in order], textposition="top center",
        marker={"color": ACCENT, "size": 10}, line={"color": ACCENT, "width": 1, "dash": "dot"},
        cliponaxis=False,
        hovertemplate=hover.removesuffix("<br>%{text}") + "<extra></extra>",
    )  # fmt: skip
    return figure


def plot_candidates(candidates: tuple[CandidateInfo, ...], label: str) -> go.Figure:
    """Fresh seeds of each confirmed configuration as points, mean and standard error over them."""
    figure = row_figure(
        [_candidate_name(place, c) for place, c in enumerate(candidates)],
        [with_error(c.valid.mean, c.valid.error) for c in candidates],
        label,
    )
    for place, candidate in enumerate(candidates):
        valid, color = candidate.valid, ACCENT if candidate.tied or place == 0 else NEUTRAL
        figure.add_scatter(
            x=valid.values, y=[-place] * len(valid.values), mode="markers", text=valid.seeds,
            marker={"color": NEUTRAL, "size": 9, "symbol": "circle-open", "line": {"width": 1.5}},
            hovertemplate="Seed %{text}: %{x:.4f}<extra></extra>", name="seed",
        )  # fmt: skip
        figure.add_scatter(
            x=[candidate.search_value], y=[-place - 0.2], mode="markers", name="search value",
            marker={"color": NEUTRAL, "size": 9, "symbol": "diamond-open", "line": {"width": 1.5}},
            hovertemplate="In the search, one seed: %{x:.4f}<extra></extra>",
        )  # fmt: skip
        figure.add_scatter(
            x=[valid.mean], y=[-place], mode="markers", name="mean",
            marker={"color": color, "size": 12},
            error_x={"type": "data", "array": [valid.error or 0.0], "color": color,
                     "thickness": 2, "width": 0},
            hovertemplate=f"Mean of {len(valid.values)}: %{{x:.4f}}<extra></extra>",
        )  # fmt: skip
    return figure


def _candidate_name(place: int, candidate: CandidateInfo) -> str:
    name = f"Trial {candidate.number}" if candidate.number is not None else candidate.config_key[:8]
    if place == 0:
        return f"{name}, best"
    return f"{name}, tied" if candidate.tied else name


def plot_curves(info: CurvesInfo, label: str) -> go.Figure:
    """Validation metric by epoch, one line a trial; the best configuration in colour."""
    figure = new_figure(340, "Epoch", label)
    last = max(max(epochs) for _, _, epochs, _ in info.curves)
    figure.update_xaxes(dtick=1 if last <= 20 else None)  # there is no half an epoch
    for number, best, epochs, values in info.curves:
        figure.add_scatter(
            x=epochs, y=values, mode="lines+markers" if len(epochs) < 4 or best else "lines",
            name=f"trial {number}",
            line={"color": ACCENT if best else NEUTRAL, "width": 3 if best else 1.2},
            marker={"size": 6},
            opacity=1.0 if best else 0.2 if len(info.curves) > MANY else 0.65,
            hovertemplate=f"Trial {number}, epoch %{{x}}: %{{y:.4f}}<extra></extra>",
        )  # fmt: skip
    return figure
