"""Figures of what the stages did: codebooks, and where the time went."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from clairo.reporting.drawing import harmless, new_figure, row_figure
from clairo.reporting.labels import duration
from clairo.reporting.stage_info import Codebook, CodebooksInfo, CostInfo, StageCost
from clairo.reporting.style import ACCENT, MODALITY_COLORS, NEUTRAL

_DASHES = ("solid", "dash", "dot", "dashdot")


def codebook_name(book: Codebook) -> str:
    """A codebook as people name it, for example ``text 1``; numbering starts at 1."""
    return f"{book.modality} {book.index + 1}"


def plot_codebooks(info: CodebooksInfo) -> go.Figure:
    """Items per code, most used first, one line a codebook, named where it ends."""
    figure = new_figure(360, "Codes, most used first (% of the codebook)", "Items per code")
    for book in info.codebooks:
        # One step a code, from edge to edge: the last count is repeated to close the last step.
        share = 100 * np.arange(len(book.counts) + 1) / len(book.counts)
        figure.add_scatter(
            x=share.round(2).tolist(), y=[*book.counts, book.counts[-1]], mode="lines",
            name=codebook_name(book),
            line={"color": MODALITY_COLORS[book.modality], "width": 2,
                  "dash": _DASHES[book.index % len(_DASHES)], "shape": "hv"},
            hovertemplate=f"{codebook_name(book)}: %{{y}} items<extra></extra>",
        )  # fmt: skip
    figure.update_layout(showlegend=True)
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(range=[0, 101])
    return figure


def plot_cost(info: CostInfo) -> go.Figure:
    """Seconds spent and saved by stage: spent is filled, saved is an outline."""
    stages = sorted(info.stages, key=lambda stage: -(stage.computed + stage.loaded + stage.saved))
    figure = row_figure(
        [stage.name.replace("_", " ") for stage in stages],
        [_spent_and_saved(stage) for stage in stages],
        "Seconds, over all trials",
    )
    rows = [-place for place in range(len(stages))]
    spent = [stage.computed + stage.loaded for stage in stages]
    figure.add_bar(
        x=spent, y=rows, orientation="h", name="spent", width=0.26, marker={"color": ACCENT},
        text=[harmless(stage.name) for stage in stages], textposition="none",
        hovertemplate="%{text}: %{x:.1f} s spent<extra></extra>",
    )  # fmt: skip
    figure.add_bar(
        x=[stage.saved for stage in stages], y=rows, orientation="h", base=spent, width=0.26,
        name="saved by the store",
        marker={"color": "rgba(0,0,0,0)", "line": {"color": NEUTRAL, "width": 1.5}},
        text=[f"{s.num_cached} found, {s.num_computed} computed" for s in stages],
        textposition="none", customdata=[stage.saved for stage in stages],
        hovertemplate="%{customdata:.1f} s saved<br>%{text}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(barmode="overlay")
    longest = max(stage.computed + stage.loaded + stage.saved for stage in stages)
    figure.update_xaxes(range=[-0.02 * longest, 1.05 * longest])
    return figure


def _spent_and_saved(stage: StageCost) -> str:
    spent = duration(stage.computed + stage.loaded)
    return f"{spent}, saved {duration(stage.saved)}" if stage.saved else spent
