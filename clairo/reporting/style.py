"""Colours and the one plotly template, for light and for dark; pages and figures share them."""

from __future__ import annotations

from typing import Any, Final

FONT: Final = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'

MODALITY_COLORS: Final = {
    "text": "#0072B2",
    "image": "#D55E00",
    "fused": "#009E73",
    "joint": "#009E73",
    "shared": "#8C8F94",
}
"""Okabe-Ito; a modality keeps its colour through every page."""

ACCENT: Final = "#0072B2"
NEUTRAL: Final = "#8C8F94"
"""A grey that stands out from both backgrounds."""

OTHER: Final = "#CC79A7"
"""Okabe-Ito's purple, for what is neither a modality nor a winner."""

CATEGORIES: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe-Ito without black and yellow, which vanish on one of the backgrounds."""

SCALE_STEPS: Final = ("#B9CFDD", "#86B4D1", "#4A93BF", "#0072B2")
"""One hue for magnitudes, weakest first."""

INK: Final = {"light": "#1B1E23", "dark": "#E6E8EB"}
MUTED: Final = {"light": "#5A616B", "dark": "#A4ABB5"}
GRID: Final = {"light": "#E4E6EA", "dark": "#30353C"}
PAPER: Final = {"light": "#FFFFFF", "dark": "#16191D"}
HALO: Final = {"light": "rgba(255,255,255,0.75)", "dark": "rgba(22,25,29,0.75)"}
"""Behind labels, so that lines below do not cross the letters."""

DARK_COLORS: Final = {
    "#0072B2": "#4AA8E4",
    "#D55E00": "#F08238",
    "#009E73": "#22B58C",
    "#CC79A7": "#DB93BB",
    "#4A93BF": "#3A83B1",
    "#86B4D1": "#31617E",
    "#B9CFDD": "#2C4352",
}
"""What the page puts in the place of a colour on the dark background: same hue, more light."""


def template(theme: str) -> dict[str, Any]:
    """The plotly template of one theme, ``light`` or ``dark``; backgrounds stay transparent."""
    axis = {
        "gridcolor": GRID[theme],
        "linecolor": GRID[theme],
        "zerolinecolor": MUTED[theme],
        "zerolinewidth": 1.5,
        "tickfont": {"color": MUTED[theme], "size": 12},
        "title": {"font": {"color": MUTED[theme], "size": 13}, "standoff": 8},
        "automargin": True,
        "zeroline": False,
    }
    layout = {
        "font": {"family": FONT, "size": 13, "color": INK[theme]},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": list(CATEGORIES),
        "xaxis": axis,
        "yaxis": axis,
        "hoverlabel": {
            "bgcolor": PAPER[theme],
            "bordercolor": MUTED[theme],
            "font": {"family": FONT, "size": 13, "color": INK[theme]},
            "align": "left",
        },
        "annotationdefaults": {
            "font": {"color": INK[theme], "size": 13},
            "bgcolor": HALO[theme],
            "borderpad": 1,
            "showarrow": False,
        },
        "shapedefaults": {"line": {"color": MUTED[theme], "width": 1.5}},
        "legend": {
            "font": {"color": INK[theme]},
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yanchor": "bottom",
        },
        "margin": {"l": 2, "r": 10, "t": 8, "b": 8},
    }
    return {"layout": layout}


def css_variables(theme: str) -> str:
    """The same colours as CSS custom properties."""
    names = {"ink": INK, "muted": MUTED, "rule": GRID, "paper": PAPER}
    values = {name: colors[theme] for name, colors in names.items()}
    for name in ("text", "image", "fused"):
        color = MODALITY_COLORS[name]
        values[name] = DARK_COLORS[color] if theme == "dark" else color
    return " ".join(f"--{name}: {value};" for name, value in values.items())
