"""Figures of a factorial: what each component adds, and which do the same work."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from clairo.evaluation.factorial import Contrast
from clairo.evaluation.significance import Interval
from clairo.reporting.drawing import harmless, new_figure, padded_range, row_figure
from clairo.reporting.factorial_info import FactorialInfo
from clairo.reporting.findings import Words
from clairo.reporting.labels import number, plural
from clairo.reporting.marks import is_clear
from clairo.reporting.style import ACCENT, NEUTRAL

_COLUMNS = 3
_CELL_WIDTH = 215
"""Pixels that a small figure of two lines needs."""


def interval_words(interval: Interval, digits: int) -> str:
    """An estimate with its interval in one line."""
    mean = number(interval.mean, digits, signed=True)
    if interval.low is None:
        return f"{mean}, one seed, so no interval"
    low, high = (number(bound, digits, signed=True) for bound in (interval.low, interval.high))
    return f"{mean}, 95 % {low} to {high}"


def say_shapley(found: FactorialInfo, label: str) -> Words:
    """Which component adds most."""
    digits = found.info.digits
    top = max(found.shapley, key=lambda contrast: contrast.interval.mean)
    clear = [c for c in found.shapley if is_clear(c.interval)]
    size = interval_words(top.interval, digits)
    title = f"{found.name(top)} adds most ({size})"
    if not clear:
        title = f"No component adds something clearly; most: {found.name(top)} ({size})"
    parts = " ".join(number(c.interval.mean, digits, signed=True) for c in found.shapley)
    return title, (
        f"Shapley values in {label} on {found.info.split}: what a component adds, averaged over "
        f"orders of adding them; {plural(found.num_users, 'user')}, "
        f"{plural(len(found.seeds), 'paired seed')}. Dot: mean, open where its interval holds 0; "
        "ticks: seeds; line: 95 % over users and seeds, each by itself. They sum to all on minus "
        f"all off: {parts} = {number(found.total.mean, digits, signed=True)}."
    )


def say_interactions(found: FactorialInfo, label: str) -> Words:
    """Whether components do the same work."""
    clear = [c for c in found.interactions if is_clear(c.interval)]
    subtitle = (
        f"Two-way interactions in {label}: what one adds with the other on, minus with it off. "
        "Below 0 the two do in part the same work, above 0 they need each other. Line: 95 % over "
        "users and seeds, each by itself."
    )
    if not clear:
        return "No interaction between two components is clear", subtitle
    top = max(clear, key=lambda contrast: abs(contrast.interval.mean))
    one, other = (found.titles[name] for name in top.components)
    how = "do in part the same work" if top.interval.mean < 0 else "need each other"
    return f"{one} and {other} {how} ({interval_words(top.interval, found.info.digits)})", subtitle


def say_pairs(found: FactorialInfo, label: str) -> Words:
    """What the small lines show."""
    flat = sum(not is_clear(c.interval) for c in found.interactions)
    title = f"Of {plural(len(found.interactions), 'pair')}, {flat} without a clear interaction"
    return title, (
        f"Mean {label} with one component off and on; full line: the other is on, dashed: off; "
        "averaged over all other components. Parallel lines: no interaction."
    )


def plot_contrasts(found: FactorialInfo, contrasts: Sequence[Contrast], x_title: str) -> go.Figure:
    """One row a contrast: dot, interval, every seed as a tick."""
    figure = row_figure(
        [found.name(contrast) for contrast in contrasts],
        [number(c.interval.mean, found.info.digits, signed=True) for c in contrasts],
        x_title,
    )
    for place, contrast in enumerate(contrasts):
        interval, name = contrast.interval, harmless(found.name(contrast))
        if interval.low is not None and interval.high is not None:
            figure.add_scatter(
                x=[interval.low, interval.high], y=[-place, -place], mode="lines",
                line={"color": ACCENT, "width": 1.5}, name="95 % over users and seeds",
                hovertemplate=f"95 %: {interval.low:+.4f} to {interval.high:+.4f}<extra></extra>",
            )  # fmt: skip
        figure.add_scatter(
            x=list(contrast.by_seed), y=[-place] * len(contrast.by_seed), mode="markers",
            name="seed", text=list(found.seeds),
            marker={"symbol": "line-ns", "size": 7, "line": {"color": ACCENT, "width": 2}},
            hovertemplate="Seed %{text}: %{x:+.4f}<extra></extra>",
        )  # fmt: skip
        figure.add_scatter(
            x=[interval.mean], y=[-place], mode="markers", name="mean",
            marker={"color": ACCENT, "size": 11, "line": {"width": 2.5, "color": ACCENT},
                    "symbol": "circle" if is_clear(interval) else "circle-open"},
            hovertemplate=f"{name}: %{{x:+.4f}}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(zeroline=True, range=padded_range(_ends(contrasts)))
    return figure


def _ends(contrasts: Sequence[Contrast]) -> list[float]:
    """Everything that is drawn of some contrasts."""
    bounds = [bound for c in contrasts for bound in (c.interval.low, c.interval.high)]
    return [*(b for b in bounds if b is not None), *(v for c in contrasts for v in c.by_seed)]


def pairs_width(found: FactorialInfo) -> int:
    """Pixels below which the small lines scroll sideways."""
    return _CELL_WIDTH * min(_COLUMNS, len(found.interactions))


def plot_pairs(found: FactorialInfo, label: str) -> go.Figure:
    """Small lines, one panel a pair, all on one scale."""
    pairs = list(combinations(found.titles, 2))
    columns = min(_COLUMNS, len(pairs))
    rows = -(-len(pairs) // columns)
    grid = make_subplots(
        rows=rows, cols=columns, shared_yaxes=True, horizontal_spacing=0.06, vertical_spacing=0.22,
        subplot_titles=[
            f"{harmless(found.titles[one])}<br>× {harmless(found.titles[other])}"
            for one, other in pairs
        ],
    )  # fmt: skip
    for place, (one, other) in enumerate(pairs):
        for on, dash, color in ((True, "solid", ACCENT), (False, "dash", NEUTRAL)):
            held = frozenset((other,)) if on else frozenset()
            means = [found.mean_of(held | extra, (one, other)) for extra in (set(), {one})]
            word = f"{harmless(found.titles[other])} {'on' if on else 'off'}"
            grid.add_scatter(
                x=["off", "on"], y=means, mode="lines+markers", name=word,
                line={"color": color, "dash": dash, "width": 2}, marker={"size": 8},
                hovertemplate=f"{harmless(found.titles[one])} %{{x}}, {word}: %{{y:.4f}}"
                "<extra></extra>",
                row=place // columns + 1, col=place % columns + 1,
            )  # fmt: skip
    grid.update_layout(new_figure(250 * rows + 40).layout)
    grid.update_layout(margin={"t": 56})
    grid.update_xaxes(range=[-0.25, 1.25], type="category")
    grid.update_yaxes(title={"text": label}, col=1)
    return grid
