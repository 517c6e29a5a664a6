"""Figures draw their record's numbers, all of them and no others."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from clairo.reporting import ablation_figures, drawing, search_figures, stage_figures, style
from clairo.reporting.ablation_effects import compute_ablation
from clairo.reporting.ablation_families import families
from clairo.reporting.ablation_info import AblationInfo
from clairo.reporting.outcome_info import compute_candidates, compute_curves
from clairo.reporting.search_info import (
    compute_history,
    compute_importances,
    compute_parallel,
    compute_tradeoff,
)
from clairo.reporting.stage_info import compute_codebooks, compute_cost
from clairo.tracking.records import SweepRecord
from tests.reporting.records import demo_record


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    return demo_record()


@pytest.fixture(scope="module")
def masking(record: SweepRecord) -> AblationInfo:
    info = compute_ablation(record, families(record)[0])
    assert isinstance(info, AblationInfo)
    return info


def traces(figure: go.Figure, name: str) -> list[dict[str, Any]]:
    return [t for t in json.loads(figure.to_json())["data"] if t["name"] == name]


def test_history_draws_every_scored_trial_and_a_rug_for_the_rest(record: SweepRecord) -> None:
    info: Any = compute_history(record)
    figure = search_figures.plot_history(info, "NDCG@10")
    assert traces(figure, "trial")[0]["y"] == list(info.values)
    rug = traces(figure, "no value")[0]
    assert rug["x"] == [2, 4, 7, 9]
    # The rug stands on an axis of its own, so that no trial seems to have a value.
    assert rug["yaxis"] == "y2"


def test_parallel_lines_pass_through_every_setting(record: SweepRecord) -> None:
    info: Any = compute_parallel(record)
    figure = search_figures.plot_parallel(info, "NDCG@10")
    drawn = [v for q in range(4) for v in traces(figure, f"quarter {q + 1} of 4")[0]["y"]]
    assert sum(v is None for v in drawn) == len(info.numbers)
    assert max(v for v in drawn if v is not None) == 1.0


def test_long_names_of_axes_are_broken_into_lines(record: SweepRecord) -> None:
    info: Any = compute_parallel(record)
    axes = (replace(info.axes[0], name="fusion.variance"), *info.axes[1:])
    figure = search_figures.plot_parallel(replace(info, axes=axes), "NDCG@10")
    assert figure.layout.xaxis.ticktext[0] == "PCA variance<br>after fusion"


def test_the_tradeoff_numbers_its_front(record: SweepRecord) -> None:
    info: Any = compute_tradeoff(record, "tokens")
    figure = search_figures.plot_tradeoff(info, "NDCG@10")
    front = traces(figure, "not beaten in both")[0]
    assert sorted(front["text"]) == sorted(str(number) for number in info.front)
    assert front["x"] == sorted(front["x"])


def test_candidates_show_every_seed_and_the_error(record: SweepRecord) -> None:
    candidates = compute_candidates(record)
    figure = search_figures.plot_candidates(candidates, "NDCG@10")
    for drawn, candidate in zip(traces(figure, "seed"), candidates, strict=True):
        assert drawn["x"] == list(candidate.valid.values)
    means = traces(figure, "mean")
    assert means[0]["error_x"]["array"] == [candidates[0].valid.error]


def test_effects_carry_unclipped_intervals_and_mark_what_goes_on(masking: AblationInfo) -> None:
    figure = ablation_figures.plot_effects(masking, "NDCG@10")
    lines = traces(figure, "95 % over users and seeds")
    shown = [(e.interval.low, e.interval.high) for e in masking.effects]
    assert [tuple(line["x"]) for line in lines] == shown
    low, high = json.loads(figure.to_json())["layout"]["xaxis"]["range"]
    outside = sum(b < low or b > high for pair in shown for b in pair if b is not None)
    assert len(traces(figure, "goes on")) == outside
    colors = [t["marker"]["color"] for t in traces(figure, "mean difference")]
    assert colors == [style.MODALITY_COLORS["text"], style.MODALITY_COLORS["image"]]


def test_every_seed_of_every_arm_is_a_point(masking: AblationInfo) -> None:
    points = traces(ablation_figures.plot_seeds(masking, "NDCG@10"), "seed")
    arms = [masking.reference, *(effect.arm for effect in masking.effects)]
    assert [p["x"] for p in points] == [list(arm.by_seed.values()) for arm in arms]


def test_codebooks_wear_their_modality_s_colour(record: SweepRecord) -> None:
    info: Any = compute_codebooks(record)
    drawn = json.loads(stage_figures.plot_codebooks(info).to_json())["data"]
    assert [t["line"]["color"] for t in drawn] == [
        style.MODALITY_COLORS[book.modality] for book in info.codebooks
    ]
    # A step runs from edge to edge, so the last count stands twice.
    assert [t["y"] for t in drawn] == [[*book.counts, book.counts[-1]] for book in info.codebooks]
    assert all((t["x"][0], t["x"][-1]) == (0, 100) for t in drawn)


def test_time_bars_show_what_was_spent_and_saved(record: SweepRecord) -> None:
    info: Any = compute_cost(record)
    figure = stage_figures.plot_cost(info)
    assert sum(traces(figure, "spent")[0]["x"]) == pytest.approx(info.spent)
    assert sum(traces(figure, "saved by the store")[0]["x"]) == pytest.approx(info.saved)


def test_importance_and_curves_draw_all_they_hold(record: SweepRecord) -> None:
    importance: Any = compute_importances(record)
    figure = search_figures.plot_importance(importance)
    assert json.loads(figure.to_json())["data"][0]["x"] == pytest.approx(
        (100 * np.array(importance.shares)).tolist()
    )
    curves: Any = compute_curves(record)
    drawn = json.loads(search_figures.plot_curves(curves, "NDCG@10").to_json())["data"]
    assert [tuple(t["y"]) for t in drawn] == [curve[3] for curve in curves.curves]


def test_a_figure_can_be_dressed_for_use_outside_a_page(record: SweepRecord) -> None:
    info: Any = compute_cost(record)
    dressed = drawing.dress(stage_figures.plot_cost(info), "dark")
    assert dressed.layout.template.layout.font.color == style.INK["dark"]
    assert dressed.layout.paper_bgcolor == style.PAPER["dark"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_out_from_the_background(theme: str) -> None:
    """Contrast by WCAG 2: 4.5 to 1 for text, 3 to 1 for what is drawn."""

    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    def contrast(color: str) -> float:
        pair = sorted((luminance(color), luminance(style.PAPER[theme])))
        return (pair[1] + 0.05) / (pair[0] + 0.05)

    assert contrast(style.INK[theme]) >= 4.5
    assert contrast(style.MUTED[theme]) >= 4.5
    drawn = [*style.MODALITY_COLORS.values(), style.ACCENT, style.NEUTRAL]
    if theme == "dark":
        drawn = [style.DARK_COLORS.get(color, color) for color in drawn]
    assert min(contrast(color) for color in drawn) >= 3.0
