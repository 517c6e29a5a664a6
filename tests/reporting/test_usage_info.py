"""Usage over training: levels of one run, and quantizers beside one another."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from clairo.reporting.representation_figures import plot_usage
from clairo.reporting.representation_findings import say_usage
from clairo.reporting.search_info import Absent
from clairo.reporting.usage_info import (
    UsageInfo,
    UsageLine,
    compute_level_usage,
    compute_usage_by_quantizer,
    usage_line,
)
from tests.reporting.records import demo_record
from tests.reporting.representations import described_record, learned_curve


def by_quantizer(**changes: float) -> UsageInfo:
    info = compute_usage_by_quantizer(described_record(**changes))
    assert isinstance(info, UsageInfo)
    return info


def test_each_quantizer_of_the_sweep_is_one_line() -> None:
    lines = {line.name: line for line in by_quantizer(fall=0.15).lines}
    assert list(lines) == ["opq", "rq_kmeans", "rq_vae", "vq_vae"]
    assert lines["vq_vae"].epochs == (1, 2, 3, 4, 5, 6)
    assert lines["vq_vae"].usage == pytest.approx((0.9, 0.75, 0.6, 0.45, 0.3, 0.15))
    # The winner's curve is its quantizer's; the fusion's, of the same name, has no usage.
    assert lines["rq_vae"].usage == pytest.approx((0.9,) * 6)
    # Fitted at once: what is in use afterwards, of the least used codebook.
    assert (lines["opq"].epochs, lines["opq"].usage) == ((), (1.0,))
    assert "trial 0, 1 × 4" in lines["vq_vae"].about


def test_a_curve_that_collapses_is_said_and_one_that_holds_is_not() -> None:
    title = say_usage(by_quantizer(fall=0.15))[0]
    assert title == (
        "Of its codes vq_vae uses 15 % (training rows, last epoch), opq 100 % (all items); vq_vae "
        "lost more than half of what it used"
    )
    assert "lost" not in say_usage(by_quantizer(fall=0.0))[0]


def test_runs_on_other_vectors_are_compared_with_a_warning() -> None:
    record = described_record()
    assert by_quantizer().same_vectors is True
    other = tuple(
        replace(t, config={**t.config, "text": {"kind": "other"}})
        if t.number == 0 and t.role == "search"
        else t
        for t in record.trials
    )
    info = compute_usage_by_quantizer(replace(record, trials=other))
    assert isinstance(info, UsageInfo)
    assert info.same_vectors is False
    assert "do not compare quantizers alone" in say_usage(info)[1]


def test_lines_end_in_their_names_and_what_has_no_epochs_is_level() -> None:
    figure = plot_usage(by_quantizer(fall=0.15))
    assert {note.text for note in figure.layout.annotations} == {
        "opq", "rq_kmeans", "rq_vae", "vq_vae",
    }  # fmt: skip
    opq = next(trace for trace in figure.data if trace.name == "opq")
    assert (list(opq.x), list(opq.y)) == ([1, 6], [100, 100])
    assert len({trace.line.dash for trace in figure.data}) == 4


def test_usage_is_told_at_the_epoch_whose_codebooks_are_kept() -> None:
    falling = UsageLine("fused 1", (1, 2, 3, 4), (0.9, 0.8, 0.5, 0.1), "trial 3", selected=2)
    info = UsageInfo((falling,), "Trial 3, rq_vae")
    title, subtitle = say_usage(info)
    # Its collapse after the second epoch is none of the codes'.
    assert title == "Of its codes fused 1 uses 80 % (training rows, epoch 2, kept)"
    assert "codes that any training row has, by epoch; diamond: the epoch that is kept" in subtitle
    (trace,) = plot_usage(info).data
    assert list(trace.marker.symbol) == ["circle", "diamond", "circle", "circle"]
    assert list(trace.marker.size) == [0, 12, 0, 0]
    assert list(trace.text) == ["", " (kept)", "", ""]


def test_the_figure_tells_training_rows_from_all_items() -> None:
    info = by_quantizer()
    assert "Level lines: fitted without epochs, codes that any item has (opq" in say_usage(info)[1]
    hovers = {trace.name: trace.hovertemplate for trace in plot_usage(info).data}
    assert "fitted without epochs, all items" in hovers["opq"]
    assert "training rows" in hovers["vq_vae"]
    levels = compute_level_usage(described_record())
    assert isinstance(levels, UsageInfo)
    assert plot_usage(levels).layout.yaxis.title.text == "Codes in use by training rows (%)"
    assert [line.selected for line in levels.lines] == [4, 4]
    assert {line.name: line.selected for line in info.lines} == {
        "opq": None, "rq_kmeans": None, "rq_vae": 4, "vq_vae": None,
    }  # fmt: skip


def test_names_of_lines_that_end_together_do_not_cover_one_another() -> None:
    lines = tuple(UsageLine(f"line {n}", (1, 2), (0.5, 1.0)) for n in range(4))
    notes = plot_usage(UsageInfo(lines, "made up")).layout.annotations
    heights = sorted(note.yshift for note in notes)
    assert all(after - before >= 18 for before, after in pairwise(heights))
    assert max(heights) <= 12  # none is pushed out of the figure


def test_the_winner_shows_each_of_its_codebooks() -> None:
    info = compute_level_usage(described_record())
    assert isinstance(info, UsageInfo)
    assert [line.name for line in info.lines] == ["fused 1", "fused 2"]
    assert info.lines[0].epochs == (1, 2, 3, 4, 5, 6)


def test_curves_from_anywhere_make_the_same_figure() -> None:
    named = {"vq_vae": learned_curve(40, 1, 0.02), "rq_vae": learned_curve(30, 4)}
    lines = [usage_line(name, curve) for name, curve in named.items()]
    lines.append(usage_line("opq", (), final=(0.9, 0.8)))
    info = UsageInfo(tuple(line for line in lines if line), "A benchmark", same_vectors=True)
    figure = plot_usage(info)
    assert [trace.x[-1] for trace in figure.data] == [40, 30, 40]
    assert [round(trace.y[-1], 1) for trace in figure.data] == [12.0, 90.0, 80.0]
    assert usage_line("nothing", ()) is None


def test_a_sweep_of_quantizers_without_epochs_says_so() -> None:
    info = compute_usage_by_quantizer(demo_record())
    assert isinstance(info, Absent)
    assert "(opq, rq_kmeans) are fitted without epochs" in info.reason
    alone = compute_level_usage(demo_record())
    assert isinstance(alone, Absent)
    assert "fitted without epochs" in alone.reason


def test_one_quantizer_alone_has_none_beside_it() -> None:
    record = described_record()
    winner = next(t for t in record.trials if t.role == "confirm" and t.number == 3)
    alone = replace(
        record, trials=tuple(t for t in record.trials if t.config_key == winner.config_key)
    )
    info = compute_usage_by_quantizer(alone)
    assert isinstance(info, Absent)
    assert "one quantizer only" in info.reason
