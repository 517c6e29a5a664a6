"""Effects over groups as a figure: one point a group, the line through them, and its band."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from clairo.evaluation.regression import Slope
from clairo.reporting.ablation_figures import arm_color
from clairo.reporting.drawing import harmless, new_figure
from clairo.reporting.findings import Words
from clairo.reporting.group_info import GroupsInfo
from clairo.reporting.labels import capitalised, number, plural
from clairo.reporting.marks import p_words
from clairo.reporting.search_info import Absent
from clairo.reporting.style import NEUTRAL

_STEPS = 40


def say_groups(groups: GroupsInfo, label: str) -> Words:
    """Whether the effect depends on the covariate."""
    info, slope = groups.info, groups.slope
    subtitle = (
        f"Difference in {label} on {info.split} within each of "
        f"{plural(len(groups.on_line), 'group')}, {info.seeds_text}; dots: groups with 95 % over "
        "users and seeds; line: least squares over groups, every group counts alike; band: 95 % "
        "of the line."
    )
    if isinstance(slope, Absent):
        return f"{groups.title}: whether it depends on the group is not known", subtitle
    low, high = slope.slope.low, slope.slope.high
    size = f"slope {number(slope.slope.mean, 3, signed=True)}"
    if low is not None:
        size += f", 95 % {number(low, 3, signed=True)} to {number(high, 3, signed=True)}"
    size += f"; {p_words(groups.adjusted_p)}"
    if slope.exploratory:
        size += "; exploratory: fewer than 6 groups"
    clear = groups.adjusted_p is not None and groups.adjusted_p < 0.05
    if not clear:
        return f"{groups.title}: no dependence on {groups.covariate} is established ({size})", (
            subtitle
        )
    way = _way(slope, [value for value, _ in groups.on_line])
    return f"{groups.title} {way} the larger the {groups.covariate} ({size})", subtitle


def _way(slope: Slope, values: Sequence[float]) -> str:
    """What the line does from the smallest to the largest covariate; a smaller loss is no gain."""
    first, last = (slope.intercept + slope.slope.mean * end for end in (min(values), max(values)))
    if first <= 0 and last <= 0:
        return "loses more" if last < first else "loses less"
    if first >= 0 and last >= 0:
        return "gains more" if last > first else "gains less"
    return "turns from a gain to a loss" if last < first else "turns from a loss to a gain"


def plot_groups(groups: GroupsInfo, label: str) -> go.Figure:
    """Dots with intervals, named where there is room; the line in its band."""
    figure = new_figure(
        400, capitalised(groups.covariate or "group"), f"Difference in {label} from its reference"
    )
    color = arm_color(groups.info.family.name, groups.name)
    kept = [(x, point.group, point.effect) for x, point in groups.on_line if point.effect]
    values = np.array([x for x, _, _ in kept])
    if not isinstance(groups.slope, Absent):
        _add_line(figure, groups.slope, values, color)
    means = [effect.interval.mean for _, _, effect in kept]
    bounds = [(e.interval.low, e.interval.high) for _, _, e in kept]
    titles = [harmless(group.title) for _, group, _ in kept]
    # Names of groups at one place would lie on each other: they are read by pointing.
    alone = [int((values == value).sum()) == 1 for value in values]
    shown = [title if by_itself else "" for title, by_itself in zip(titles, alone, strict=True)]
    figure.add_scatter(
        x=values.tolist(), y=means, mode="markers+text", name="group",
        text=shown, customdata=titles, textposition=[
            "top left" if value > values.mean() else "top right" for value in values
        ],
        textfont={"size": 12}, cliponaxis=False,
        marker={"color": color, "size": 10},
        error_y={
            "type": "data", "symmetric": False, "color": color, "thickness": 1.5, "width": 0,
            "array": [0.0 if h is None else h - m for (_, h), m in zip(bounds, means, strict=True)],
            "arrayminus": [
                0.0 if low is None else m - low for (low, _), m in zip(bounds, means, strict=True)
            ],
        },
        hovertemplate="%{customdata}: %{y:+.4f} at %{x}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(zeroline=True, rangemode="tozero")
    return figure


def _add_line(figure: go.Figure, slope: Slope, values: np.ndarray, color: str) -> None:
    places = np.linspace(values.min(), values.max(), _STEPS)
    line = slope.intercept + slope.slope.mean * places
    if slope.slope.low is not None and slope.slope.high is not None:
        half = _half_band(slope.slope.high - slope.slope.mean, values, places)
        for name, edge in (("low", line - half), ("high", line + half)):
            figure.add_scatter(
                x=places.tolist(), y=edge.tolist(), mode="lines", hoverinfo="skip",
                line={"color": NEUTRAL, "width": 0.5}, name=f"95 % of the line, {name}",
                fill="tonexty" if name == "high" else None, fillcolor="rgba(140,143,148,0.16)",
            )  # fmt: skip
    figure.add_scatter(
        x=places.tolist(), y=line.tolist(), mode="lines", name="least squares", hoverinfo="skip",
        line={"color": color, "width": 2},
    )  # fmt: skip


def _half_band(reach: float, values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Half the width of the line's interval at each place.

    Args:
        reach: Half the width of the slope's interval.
        values: Covariates of the groups.
        places: Where the band is wanted.
    """
    spread = float(((values - values.mean()) ** 2).sum())
    half: np.ndarray = reach * np.sqrt(spread / len(values) + (places - values.mean()) ** 2)
    return half
