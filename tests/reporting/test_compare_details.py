"""Codes, curves and moves of ranks."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from clairo.reporting.compare_details import (
    RANK_BINS,
    RankMoves,
    SideCurves,
    compute_codes,
    compute_curves,
    compute_moves,
)
from clairo.reporting.compare_figures import plot_curves, plot_differences, plot_moves, side_color
from clairo.reporting.compare_sides import compute_sides
from clairo.reporting.compare_tables import codebooks_table, codes_table
from clairo.reporting.search_info import MAX_MARKS, Absent
from tests.reporting.comparisons import compared, failed, ranked, run, runs

CURVE = "epoch/valid/ndcg_at_10"


def moves_of(before: list[int], after: list[int]) -> RankMoves:
    info = compared([ranked(0, 1, before)], [ranked(1, 1, after)])
    found = compute_moves(info.contrasts[0])
    assert isinstance(found, RankMoves)
    return found


def test_a_rank_that_rises_is_better_and_a_lost_target_is_worst() -> None:
    #                     better  equal  worse  found  lost  both lost
    found = moves_of([3, 5, 1, 0, 20, 0], [2, 5, 2, 40, 0, 0])
    assert (found.better, found.equal, found.worse) == (
        pytest.approx(2 / 6),
        pytest.approx(2 / 6),
        pytest.approx(2 / 6),
    )


def test_places_ten_and_eleven_are_the_border_of_the_list() -> None:
    found = moves_of([10, 11, 10, 0, 11], [11, 10, 0, 10, 12])
    assert found.entered == pytest.approx(2 / 5)
    assert found.left == pytest.approx(2 / 5)


def test_targets_are_counted_by_bins_of_both_ranks() -> None:
    names = [name for name, _, _ in RANK_BINS]
    found = moves_of([1, 1, 6, 21, 0], [1, 3, 10, 0, 500])
    wanted = {("1", "1"), ("1", "2–3"), ("6–10", "6–10"), ("21+", "none"), ("none", "21+")}
    rows, columns = np.nonzero(found.counts)
    assert {(names[r], names[c]) for r, c in zip(rows, columns, strict=True)} == wanted
    assert found.counts.sum() == 5


def test_every_rank_has_exactly_one_bin() -> None:
    ranks = list(range(1001))
    found = moves_of(ranks, ranks)
    assert found.counts.sum() == np.trace(found.counts) == 1001
    assert found.equal == 1.0


def test_moves_go_over_all_shared_seeds_on_test_where_both_were_read() -> None:
    info = compared(runs(0, 0.0, (1, 2, 3)), runs(1, 0.1, (2, 3, 4)))
    found = compute_moves(info.contrasts[0])
    assert isinstance(found, RankMoves)
    assert (found.split, found.num_seeds, found.num_users) == ("test", 2, 400)
    assert found.counts.sum() == 2 * 400
    assert found.better + found.equal + found.worse == pytest.approx(1.0)


def test_a_side_that_is_not_compared_has_no_moves_but_a_reason() -> None:
    found = compute_moves(compared([run(0)], [failed(1)]).contrasts[0])
    assert isinstance(found, Absent)
    assert found.reason.startswith("B is not compared: B has no finished run")


def test_the_figure_of_moves_has_one_mark_a_cell_and_tells_better_from_worse() -> None:
    found = moves_of([1, 5, 2], [5, 1, 2])
    _, marks = plot_moves(found, "A").data
    assert len(marks.x) == 3
    colors = {(x, y): color for x, y, color in zip(marks.x, marks.y, marks.marker.color,
                                                   strict=True)}  # fmt: skip
    below, above, on = (0, 2), (2, 0), (1, 1)
    assert len({colors[place] for place in (below, above, on)}) == 3
    assert len(marks.x) <= MAX_MARKS


def test_codes_of_every_side_that_has_any_are_shown() -> None:
    found = compute_codes(compute_sides([run(0), run(1), run(2, stages=())]))
    assert [side.letter for side in found] == ["A", "B"]
    row = codes_table(found).rows[0]
    # records.code_facts: 2 % and 1 % a number; at most 3 items share a tuple.
    assert [cell.text for cell in row[:3]] == ["A", "2.0 %", "3"]
    books = codebooks_table(found).rows
    assert {cell[0].text for cell in books} == {"A", "B"}
    assert len(books) == sum(len(side.codebooks) for side in found)


def curves_of(*tracked: object) -> SideCurves:
    found = compute_curves(compute_sides(tracked), CURVE)  # type: ignore[arg-type]
    assert isinstance(found, SideCurves)
    return found


def curve_run(number: int, seed: int, *values: float) -> object:
    return run(number, seed, history={CURVE: tuple(enumerate(values, start=1))})


def test_curves_of_all_runs_are_drawn_by_side_without_gaps_for_what_is_not_finite() -> None:
    info = curves_of(
        curve_run(0, 1, 0.1, math.nan, 0.3), curve_run(1, 1, 0.2), curve_run(0, 2, 0.1)
    )
    assert [(c.letter, c.seed, c.epochs, c.values) for c in info.curves] == [
        ("A", 1, (1, 3), (0.1, 0.3)),
        ("A", 2, (1,), (0.1,)),
        ("B", 1, (1,), (0.2,)),
    ]


def test_beyond_the_limit_seeds_give_way_before_sides() -> None:
    long = [0.1] * (MAX_MARKS // 2)
    info = curves_of(curve_run(0, 1, *long), curve_run(0, 2, *long), curve_run(1, 1, *long))
    assert [(c.letter, c.seed) for c in info.curves] == [("A", 1), ("B", 1)]
    assert info.num_curves == 3


def test_one_curve_that_is_too_long_by_itself_is_still_drawn() -> None:
    info = curves_of(curve_run(0, 1, *[0.1] * (MAX_MARKS + 1)), curve_run(1, 1, 0.2))
    assert [curve.letter for curve in info.curves] == ["A"]


def test_a_metric_that_nobody_logged_is_said() -> None:
    found = compute_curves(compute_sides([run(0), run(1)]), "epoch/other")
    assert isinstance(found, Absent)
    assert found.reason == "No run logged epoch/other while it trained."


def test_letters_at_the_ends_of_curves_do_not_cover_each_other() -> None:
    ends = [0.5, 0.501, 0.502]
    info = curves_of(*(curve_run(n, 1, 0.0, end) for n, end in enumerate(ends)))
    heights = sorted(note.y for note in plot_curves(info, "NDCG@10").layout.annotations)
    assert len(heights) == 3
    assert all(b - a >= 0.05 * 0.5 for a, b in itertools.pairwise(heights))


def test_a_side_is_named_once_and_keeps_its_colour() -> None:
    info = curves_of(curve_run(0, 1, 0.1, 0.2), curve_run(0, 2, 0.1, 0.3), curve_run(1, 1, 0.1))
    figure = plot_curves(info, "NDCG@10")
    assert [note.text for note in figure.layout.annotations] == ["<b>B</b>", "<b>A</b>"]
    assert [line.line.color for line in figure.data] == [
        side_color(0), side_color(0), side_color(1),
    ]  # fmt: skip


def test_the_figure_of_differences_shows_every_seed_and_cuts_a_long_interval_visibly() -> None:
    info = compared(runs(0, 0.0, (1, 2)), runs(1, 0.1, (1, 2)))
    found = [one for one in info.differences if one.metric == "ndcg_at_10"]
    figure = plot_differences(found, ["A", "B"], "NDCG@10")
    names = [trace.name for trace in figure.data]
    assert names.count("seed") == names.count("mean difference") == len(found) == 2
    left, right = figure.layout.xaxis.range
    assert left == -right
    for one in found:
        assert one.interval.high is not None
        assert max(one.deltas.values()) < right
    cut = sum((one.interval.high or 0) > right for one in found)
    cut += sum((one.interval.low or 0) < left for one in found)
    assert names.count("goes on") == cut
