"""Numbers of a search, against hand counts and independent recomputation."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from clairo.reporting.findings import say_history, say_parallel, say_tradeoff
from clairo.reporting.importance import compute_importance
from clairo.reporting.search_figures import plot_history, plot_tradeoff
from clairo.reporting.search_info import (
    MAX_MARKS,
    Absent,
    Axis,
    HistoryInfo,
    ImportanceInfo,
    ParallelInfo,
    TradeoffInfo,
    compute_history,
    compute_importances,
    compute_parallel,
    compute_tradeoff,
    describe,
)
from clairo.tracking.records import SweepRecord
from tests.reporting.records import AXES, OBJECTIVE, demo_record, trial


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    return demo_record()


def scored(record: SweepRecord) -> dict[int, float]:
    return {
        t.number: t.metrics[OBJECTIVE]
        for t in record.trials
        if t.role == "search" and t.state == "complete"
    }


def test_history_keeps_the_best_so_far(record: SweepRecord) -> None:
    info, values = compute_history(record), scored(record)
    assert isinstance(info, HistoryInfo)
    assert dict(zip(info.numbers, info.values, strict=True)) == values
    assert info.best == tuple(np.maximum.accumulate(list(values.values())))
    assert info.unscored == ((2, "pruned"), (4, "infeasible"), (7, "failed"), (9, "pruned"))


def test_a_metric_that_is_not_finite_is_no_value(record: SweepRecord) -> None:
    first = replace(record.trials[0], metrics={OBJECTIVE: math.nan})
    info = compute_history(replace(record, trials=(first, *record.trials[1:])))
    assert isinstance(info, HistoryInfo)
    assert 0 not in info.numbers
    assert (0, "complete") in info.unscored


def test_without_a_scored_trial_every_figure_says_why(record: SweepRecord) -> None:
    failed = trial(0, state="failed")
    empty, broken = replace(record, trials=()), replace(record, trials=(failed,))
    assert compute_history(empty) == Absent("No trial has been run yet.")
    for found in (
        compute_history(broken),
        compute_parallel(broken),
        compute_tradeoff(broken, "tokens"),
    ):
        assert isinstance(found, Absent)
        assert "failed" in found.reason
    assert isinstance(compute_importances(broken), Absent)


def test_importance_finds_the_setting_that_decides() -> None:
    rng = np.random.default_rng(0)
    settings = [[float(a), str(b), None if c else 1] for a, b, c in rng.integers(0, 3, (60, 3))]
    values = np.array([row[0] + 0.01 * (row[1] == "2") for row in settings])
    found = compute_importance(settings, values)
    assert found.shares[0] > 0.9
    assert sum(found.shares) == pytest.approx(1.0)
    assert all(
        low <= share <= high
        for low, share, high in zip(found.lows, found.shares, found.highs, strict=True)
    )


def test_importance_is_the_same_at_every_call_and_sorted(record: SweepRecord) -> None:
    info = compute_importances(record)
    assert isinstance(info, ImportanceInfo)
    assert info == compute_importances(record)
    assert list(info.shares) == sorted(info.shares, reverse=True)
    assert set(info.axes) == set(AXES)
    assert info.num_trials == 8


def test_importance_needs_variation(record: SweepRecord) -> None:
    same = tuple(
        replace(t, metrics={OBJECTIVE: 0.5}) if t.role == "search" else t for t in record.trials
    )
    found = compute_importances(replace(record, trials=same))
    assert isinstance(found, Absent)
    assert "same objective" in found.reason


def test_parallel_places_point_at_the_trial_s_own_settings(record: SweepRecord) -> None:
    info = compute_parallel(record)
    assert isinstance(info, ParallelInfo)
    by_number = {t.number: t for t in record.trials if t.role == "search"}
    for number, places in zip(info.numbers, info.places, strict=True):
        shown = [axis.ticks[place] for axis, place in zip(info.axes, places, strict=True)]
        expected = [by_number[number].params[axis.name] for axis in info.axes]
        assert shown == [f"{v:g}" if isinstance(v, float) else str(v) for v in expected]


def test_a_setting_that_a_trial_does_not_have_is_shown_as_not_used(record: SweepRecord) -> None:
    params = {k: v for k, v in record.trials[0].params.items() if k != "merging.num_merges"}
    changed = (replace(record.trials[0], params=params), *record.trials[1:])
    info = compute_parallel(replace(record, trials=changed))
    assert isinstance(info, ParallelInfo)
    axis = next(axis for axis in info.axes if axis.name == "merging.num_merges")
    assert axis.ticks[-1] == "not used"


def test_the_front_holds_trials_that_nothing_beats_in_both(record: SweepRecord) -> None:
    info = compute_tradeoff(record, "tokens")
    assert isinstance(info, TradeoffInfo)
    points = dict(zip(info.numbers, zip(info.costs, info.values, strict=True), strict=True))
    for number, (cost, value) in points.items():
        beaten = any(c < cost and v >= value for c, v in points.values()) or any(
            c <= cost and v > value for c, v in points.values()
        )
        assert (number in info.front) != beaten


def test_finding_stages_in_the_store_does_not_make_a_trial_cheap(record: SweepRecord) -> None:
    info = compute_tradeoff(record, "seconds")
    assert isinstance(info, TradeoffInfo)
    costs = dict(zip(info.numbers, info.costs, strict=True))
    found = record.trials[1]
    saved = sum(s.computed_seconds - s.seconds for s in found.stages if s.cached)
    assert saved > 0
    assert costs[1] == pytest.approx(found.seconds + saved)


def test_cutting_what_another_trial_has_made_does_not_make_a_trial_cheap(
    record: SweepRecord,
) -> None:
    found = next(trial for trial in record.trials if trial.state == "complete")
    stages = [
        replace(stage, borrowed_seconds=70.0) if stage.name == "merging" else stage
        for stage in found.stages
    ]
    borrowed = replace(found, stages=tuple(stages))
    trials = tuple(borrowed if trial is found else trial for trial in record.trials)
    before, after = (
        compute_tradeoff(made, "seconds") for made in (record, replace(record, trials=trials))
    )
    assert isinstance(before, TradeoffInfo)
    assert isinstance(after, TradeoffInfo)
    costs = [dict(zip(i.numbers, i.costs, strict=True))[found.number] for i in (before, after)]
    assert costs[1] == pytest.approx(costs[0] + 70.0)


def test_the_words_on_a_tradeoff_prefer_what_is_cheaper_and_close(record: SweepRecord) -> None:
    info = TradeoffInfo("Tokens per item", "tokens per item", (6.0, 2.0, 1.0), (0.50, 0.49, 0.2),
                        (7, 0, 2), ("", "", ""), (7, 0, 2), 0, 3)  # fmt: skip
    assert say_tradeoff(info, "NDCG@10")[0] == (
        "Trial 0 takes 2.0 tokens per item instead of 6.0, at −2.0 % NDCG@10"
    )
    far = replace(info, values=(0.50, 0.30, 0.2))
    assert say_tradeoff(far, "NDCG@10")[0].startswith("Trial 2 takes 1.0 tokens")


def test_what_good_trials_share_is_said_of_two_at_least(record: SweepRecord) -> None:
    axes = (Axis("fusion.kind", ("none", "concat")), Axis("merging.num_merges", ("0", "50")))
    info = ParallelInfo(
        axes, ((0, 1), (0, 0), (1, 0), (1, 1)), (0.5, 0.4, 0.3, 0.2), (0, 1, 2, 3), 4
    )
    assert say_parallel(info, "NDCG@10")[0] == "The best 2 trials share fusion none"
    few = ParallelInfo(axes, info.places[:2], info.values[:2], (0, 1), 2)
    assert "too few" in say_parallel(few, "NDCG@10")[0]


def test_ten_thousand_trials_stay_within_the_marks_a_figure_may_have(record: SweepRecord) -> None:
    base = [t for t in record.trials if t.role == "search" and t.state == "complete"]
    many = tuple(
        replace(base[i % 8], number=i, key=f"k{i}", metrics={OBJECTIVE: (i * 37 % 1009) / 1009})
        for i in range(10_000)
    )
    large = replace(record, trials=many)
    history, parallel = compute_history(large), compute_parallel(large)
    cost = compute_tradeoff(large, "seconds")
    assert isinstance(history, HistoryInfo)
    assert isinstance(parallel, ParallelInfo)
    assert isinstance(cost, TradeoffInfo)
    assert num_marks(plot_history(history, "NDCG@10")) <= MAX_MARKS
    assert len(parallel.values) * (len(parallel.axes) + 1) <= MAX_MARKS
    assert num_marks(plot_tradeoff(cost, "NDCG@10")) <= MAX_MARKS
    assert history.num_trials == parallel.num_trials == cost.num_trials == 10_000
    top = max(t.metrics[OBJECTIVE] for t in many)
    assert max(history.values) == max(parallel.values) == max(cost.values) == top


def num_marks(figure: Any) -> int:
    return sum(len(trace.x) for trace in figure.data)


def test_what_a_thinned_figure_says_is_true_of_all_trials(record: SweepRecord) -> None:
    base = next(t for t in record.trials if t.state == "complete")
    values = {number: (number * 37 % 1009) / 2018 for number in range(6000)}
    # The best lies between two that are drawn, the cheapest is among the worst.
    values |= {4711: 0.9, 17: 0.0}
    many = tuple(
        replace(base, number=n, key=f"k{n}", metrics={OBJECTIVE: value}, stages=(),
                seconds=0.5 if n == 17 else 60.0)
        for n, value in values.items()
    )  # fmt: skip
    lost = tuple(
        replace(base, number=n, key=f"k{n}", metrics={}, state="failed") for n in range(6000, 8000)
    )
    large = replace(record, trials=(*many, *lost))
    history, cost = compute_history(large), compute_tradeoff(large, "seconds")
    assert isinstance(history, HistoryInfo)
    assert isinstance(cost, TradeoffInfo)
    assert num_marks(plot_history(history, "NDCG@10")) <= MAX_MARKS
    title, subtitle = say_history(history, "NDCG@10")
    assert title == "The best value came with trial 4711"
    assert "(8,000 trials)" in subtitle
    assert "drawn of them: every 6th value, the best and the last, and 1,000 trials" in subtitle
    assert cost.front == (4711, 17)
    assert "6,000 scored trials" in say_tradeoff(cost, "NDCG@10")[1]
    assert f"{len(cost.numbers):,} are drawn, among them the best" in say_tradeoff(cost, "x")[1]


MERGING_AXES = (
    "merging.cross_modal_share",
    "merging.modality_first",
    "merging.modality_weights.text_image",
    "merging.counting",
)


def test_options_of_the_merging_read_like_a_sentence(record: SweepRecord) -> None:
    changed = [
        replace(
            t, params=dict(zip(MERGING_AXES, (n % 2 / 4, 10 * (n % 2), 2.0, "exact"), strict=True))
        )
        for n, t in enumerate(record.trials[:6])
    ]
    summary = replace(record.summary, axes=MERGING_AXES)
    described = describe(replace(record, summary=summary), changed[1])
    assert described == (
        "seed 11, crossing quota 0.25, merges before crossing 10, text-image weight 2, "
        "counting exact"
    )
    axes = tuple(
        Axis(axis, ticks)
        for axis, ticks in zip(
            MERGING_AXES,
            (("0", "0.25"), ("0", "10"), ("1", "2"), ("exact", "release")),
            strict=True,
        )
    )
    info = ParallelInfo(
        axes,
        ((1, 1, 1, 0), (1, 1, 0, 0), (0, 0, 0, 1), (0, 0, 1, 1)),
        (0.4, 0.3, 0.2, 0.1),
        (0, 1, 2, 3),
        4,
    )
    assert say_parallel(info, "NDCG@10")[0] == (
        "The best 2 trials share crossing quota 0.25, merges before crossing 10 and counting exact"
    )
