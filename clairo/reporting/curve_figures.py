"""A one-factor curve as a figure with the point it makes."""

from __future__ import annotations

import plotly.graph_objects as go

from clairo.reporting.curve_info import CurveInfo, CurvePoint
from clairo.reporting.drawing import harmless, new_figure
from clairo.reporting.findings import Words
from clairo.reporting.labels import capitalised, number, percent, plural, sentence_list
from clairo.reporting.style import ACCENT, NEUTRAL


def say_curve(curve: CurveInfo, label: str) -> Words:
    """Which values differ from the base, if that can be told."""
    info, base = curve.info, curve.base_point
    whose = f"the base's {base.label}" if base else "the base"
    better = [point for point in curve.points if point.verdict == "better"]
    worse = [point for point in curve.points if point.verdict == "worse"]
    axis = capitalised(curve.axis)
    if better:
        top = max(better, key=lambda point: point.mean)
        title = f"{axis} {top.label} is better than {whose}: {_size(top, info.digits)}"
    elif worse:
        low = min(worse, key=lambda point: point.mean)
        values = sentence_list([point.label for point in worse])
        title = f"{axis}: no value beats {whose}; worse: {values}"
        title += f" (down to {_size(low, info.digits)})"
    else:
        title = f"{axis}: no value differs from {whose} clearly enough for a verdict"
    return title, (
        f"{label} on {info.split}, {plural(info.num_users, 'user')}, {info.seeds_text}. Points: "
        "seeds; line: means; band: 95 % of the difference from the base, over users and seeds; "
        "diamond and dotted line: the base."
    )


def _size(point: CurvePoint, digits: int) -> str:
    assert point.effect is not None
    difference = number(point.effect.interval.mean, digits, signed=True)
    return f"{difference}, {percent(point.effect.percent, 1, signed=True)}"


def plot_curve(curve: CurveInfo, label: str) -> go.Figure:
    """Means joined by a line in their band, every seed as a point, the base marked."""
    figure = new_figure(380, capitalised(curve.axis), label)
    _add_band(figure, curve)
    figure.add_hline(y=curve.base, line={"color": NEUTRAL, "width": 1, "dash": "dot"})
    seeds = [(p.level, value, seed) for p in curve.points for seed, value in p.by_seed.items()]
    figure.add_scatter(
        x=[x for x, _, _ in seeds], y=[y for _, y, _ in seeds], mode="markers", name="seed",
        text=[seed for _, _, seed in seeds],
        marker={"color": NEUTRAL, "size": 6, "opacity": 0.8},
        hovertemplate="%{x}, seed %{text}: %{y:.4f}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[p.level for p in curve.points], y=[p.mean for p in curve.points], mode="lines+markers",
        name="mean", line={"color": ACCENT, "width": 2},
        marker={
            "color": ACCENT, "line": {"color": ACCENT, "width": 2},
            "size": [13 if p.effect is None else 10 for p in curve.points],
            "symbol": [_symbol(p) for p in curve.points],
        },
        text=[harmless(_hover(p)) for p in curve.points],
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    if curve.wide:
        figure.update_xaxes(
            type="log", tickvals=[p.level for p in curve.points],
            ticktext=[p.label for p in curve.points],
        )  # fmt: skip
    return figure


def _symbol(point: CurvePoint) -> str:
    if point.effect is None:
        return "diamond"
    return "circle-open" if point.verdict == "inconclusive" else "circle"


def _hover(point: CurvePoint) -> str:
    if point.effect is None:
        return f"{point.label}, the base: {point.mean:.4f}"
    interval = point.effect.interval
    band = "" if interval.low is None else f", 95 % {interval.low:+.4f} to {interval.high:+.4f}"
    return f"{point.label}: {point.mean:.4f} ({interval.mean:+.4f}{band}), {point.verdict}"


def _add_band(figure: go.Figure, curve: CurveInfo) -> None:
    """The band, which closes at the base; nothing where one seed leaves none."""
    closed = [p for p in curve.points if p.effect is None or p.low is not None]
    if not any(point.low is not None for point in closed):
        return
    for bound in ("low", "high"):
        edge = [getattr(p, bound) if p.effect is not None else p.mean for p in closed]
        figure.add_scatter(
            x=[p.level for p in closed], y=edge, mode="lines", hoverinfo="skip",
            name=f"95 % of the difference, {bound}", line={"color": ACCENT, "width": 0.5},
            fill="tonexty" if bound == "high" else None, fillcolor="rgba(0,114,178,0.16)",
        )  # fmt: skip
