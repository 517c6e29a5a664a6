"""Which row stands where, what is bold, what is left out: numbers of a leaderboard."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from clairo.core.errors import ConfigError
from clairo.evaluation.significance import paired_interval
from clairo.reporting.leaderboard_cells import best_and_tied
from clairo.reporting.leaderboard_figures import axis_range, compute_marks
from clairo.reporting.leaderboard_info import BoardInfo, compute_leaderboard
from clairo.reporting.leaderboard_rows import OurRow, compute_row, spread_of
from clairo.reporting.published import load_published
from clairo.reporting.selection import Spread
from clairo.tracking.best_reader import BestOfSweep, UnreadSweep
from tests.reporting.boards import BEAUTY, BEAUTY_FACTS, best_of, confirmed

PUBLISHED = load_published()


def boards(*read: BestOfSweep | UnreadSweep, category: str = "") -> dict[str, BoardInfo]:
    found = compute_leaderboard(read, PUBLISHED, category)
    return {board.name: board for board in found.boards}


def row_of(best: BestOfSweep) -> OurRow:
    row = compute_row(best)
    assert isinstance(row, OurRow)
    return row


def test_means_and_interval_are_those_of_the_seeds_on_test() -> None:
    runs = [confirmed(seed) for seed in (1, 2, 3)]
    row = row_of(best_of("beauty-1", runs))
    values = [run.metrics["test/ndcg_at_10"] for run in runs]
    assert row.primary.mean == pytest.approx(np.mean(values))
    half = 4.302653 * np.std(values, ddof=1) / np.sqrt(3)  # t of 97.5 % with 2 degrees of freedom
    assert (row.interval.low, row.interval.high) == pytest.approx(
        (np.mean(values) - half, np.mean(values) + half)
    )
    assert row.interval == paired_interval(values)
    assert (row.primary.seeds, row.asked, row.users) == ((1, 2, 3), 2000, 22363)


def test_the_best_is_chosen_by_validation_though_another_is_better_on_test() -> None:
    better_on_test = confirmed(1, level=0.2)
    better_on_valid = confirmed(2, level=0.1)
    better_on_test.metrics["valid/ndcg_at_10"] = 0.01  # type: ignore[index]
    better_on_valid.metrics["valid/ndcg_at_10"] = 0.02  # type: ignore[index]
    board = boards(best_of("test-1", [better_on_test]), best_of("valid-2", [better_on_valid]))[
        BEAUTY
    ]
    assert [row.sweep_id for row in board.ours] == ["valid-2", "test-1"]
    assert board.ours[0].primary.mean < board.ours[1].primary.mean  # type: ignore[operator]


def test_what_lost_a_seed_never_stands_above_what_has_them_all() -> None:
    lucky, steady = confirmed(1), confirmed(2)
    lucky.metrics["valid/ndcg_at_10"] = 0.9  # type: ignore[index]
    steady.metrics["valid/ndcg_at_10"] = 0.1  # type: ignore[index]
    lost = best_of("lost-1", [lucky], wanted=[lucky.key, "confirm-gone"])
    board = boards(lost, best_of("whole-2", [steady]))[BEAUTY]
    assert [row.sweep_id for row in board.ours] == ["whole-2", "lost-1"]


def test_a_sweep_without_a_validation_value_comes_last() -> None:
    bare = confirmed(1, level=0.5)
    del bare.metrics["valid/ndcg_at_10"]  # type: ignore[attr-defined]
    board = boards(best_of("bare-1", [bare]), best_of("whole-2", [confirmed(2)]))[BEAUTY]
    assert [row.sweep_id for row in board.ours] == ["whole-2", "bare-1"]


def test_rows_within_one_standard_error_of_the_best_are_tied() -> None:
    """The best has mean 3 and standard error 1."""
    found = {
        "best": Spread((2.0, 4.0), (1, 2)),
        "tied": Spread((2.0,), (1,)),
        "behind": Spread((1.9,), (1,)),
        "empty": Spread((), ()),
    }
    assert best_and_tied(found) == {"best", "tied"}
    alone = {"one": Spread((0.5,), (1,)), "other": Spread((0.4999,), (1,))}
    assert best_and_tied(alone) == {"one"}  # one seed has no standard error to be within
    assert best_and_tied({}) == set()


def test_one_digest_is_one_table_and_another_digest_another() -> None:
    other = "99ffee00" * 8
    found = boards(
        best_of("beauty-1", [confirmed(1)]),
        best_of("beauty-2", [confirmed(2)]),
        best_of("beauty-3", [confirmed(3)], dataset_digest=other),
    )
    first, second = f"{BEAUTY} (ab12cd34)", f"{BEAUTY} (99ffee00)"
    assert {row.sweep_id for row in found[first].ours} == {"beauty-1", "beauty-2"}
    assert [row.sweep_id for row in found[second].ours] == ["beauty-3"]
    assert len(found[first].published) == len(found[second].published) == 4
    assert found[first].slug != found[second].slug


def test_published_rows_stand_beside_data_of_the_same_category_and_release_only() -> None:
    found = boards(
        best_of("beauty-1", [confirmed(1)]),
        best_of("new-2", [confirmed(2)], release="2018", dataset_name="Amazon 2018 All Beauty"),
    )
    best = found[BEAUTY].best_published
    assert best is not None
    assert (best.row.method, best.row.values["ndcg_at_10"]) == ("ActionPiece", ".0424")
    assert found["Amazon 2018 All Beauty"].published == ()
    assert found["Amazon 2014 Toys and Games"].ours == ()


def test_index_files_of_instruments_stand_in_for_the_category() -> None:
    name = "LC-Rec Instruments"
    found = boards(
        best_of(
            "ins-1", [confirmed(1)], dataset_name=name, release="", category="lcrec/Instruments"
        )
    )
    assert [info.row.method for info in found[name].published] == [
        "MQL4GRec without pre-training",
        "TIGER",
    ]
    assert "Amazon 2018 Musical Instruments" not in found


def test_without_any_sweep_the_published_rows_remain() -> None:
    info = compute_leaderboard([], PUBLISHED)
    assert [len(board.ours) for board in info.boards] == [0] * 5
    assert (len(info.published), len(info.unstated)) == (len(PUBLISHED), 7)


def test_what_cannot_be_shown_is_left_out_with_its_reason() -> None:
    failed = confirmed(4, state="failed", metrics={}, error="StageError: out of memory")
    dusty = confirmed(5)
    dusty.metrics["test/ndcg_at_10"] = math.nan  # type: ignore[index]
    info = compute_leaderboard(
        [
            UnreadSweep("lost-1", "run", "its sweep.json is gone."),
            best_of("deleted-2", [], wanted=["key-9"]),
            best_of("failed-3", [failed]),
            best_of("nan-4", [dusty]),
            best_of("empty-5", []),
            best_of("seedless-6", [replace(confirmed(6), seed=None)]),
        ],
        PUBLISHED,
    )
    reason = "its best configuration has no result on test: "
    assert info.ours == ()
    assert info.left_out == (
        ("lost-1", "its sweep.json is gone."),
        ("deleted-2", f"{reason}run key-9 is not in the tracker."),
        ("failed-3", f"{reason}seed 4 ended failed: StageError: out of memory."),
        ("nan-4", f"{reason}seed 5 logged no finite test/ndcg_at_10."),
        ("empty-5", f"{reason}it has no run."),
        ("seedless-6", f"{reason}run confirm-6 does not say its seed."),
    )


def test_a_lost_seed_is_missing_and_the_others_count() -> None:
    dusty = confirmed(2)
    del dusty.metrics["test/recall_at_5"]  # type: ignore[attr-defined]
    best = best_of(
        "beauty-1", [confirmed(1), dusty], wanted=["confirm-1", "confirm-2", "confirm-3"]
    )
    row = row_of(best)
    assert row.primary.missing == ("run confirm-3 is not in the tracker",)
    assert len(row.primary.values) == 2
    assert row.test["recall_at_5"].missing[0] == "seed 2 logged no finite test/recall_at_5"
    assert spread_of(best, "test/no_such").values == ()


def test_one_seed_has_no_interval() -> None:
    row = row_of(best_of("beauty-1", [confirmed(1)]))
    assert (row.interval.low, row.interval.high, row.primary.error) == (None, None, None)


def test_what_sets_a_row_apart_from_published_ones_is_said() -> None:
    plain = row_of(best_of("beauty-1", [confirmed(s, users=22363) for s in range(5)]))
    assert (plain.differences, plain.exploratory) == ((), False)
    facts = {**BEAUTY_FACTS, "chosen_settings": {"sample_users": 500, "image_required": True}}
    runs = [confirmed(1, users=1200), confirmed(2, users=1200)]
    quick = best_of("beauty-2", runs, profile="quick", finished=False, facts=facts)
    row = row_of(quick)
    assert row.differences == (
        "quick profile, exploratory",
        "1,200 of 22,363 test users asked",
        "2 seeds",
        "unfinished sweep",
        "data settings of one's own: image_required yes, sample_users 500",
    )
    assert row.exploratory


def test_users_are_counted_before_the_profiles_limit() -> None:
    runs = [confirmed(1, users=600)]
    limited = {"num_asked_users": 17112, "num_test_users": 600}
    assert row_of(best_of("ins-1", runs, facts=limited)).differences[0] == (
        "600 of 17,112 test users asked"
    )
    assert row_of(best_of("ins-1", runs, facts={"num_test_users": 600})).users == 600
    assert row_of(best_of("ins-1", runs, facts={})).users is None


def test_ours_hold_every_check_and_a_broken_seed_is_named() -> None:
    runs = [confirmed(s) for s in range(3)]
    row = boards(best_of("beauty-1", runs))[BEAUTY].ours[0]
    assert row.verdict.failed == ()
    assert row.verdict.made == (
        "range", "recall order", "ndcg gain", "ndcg over recall", "ratio in line",
    )  # fmt: skip
    runs[1].metrics["test/recall_at_10"] = runs[1].metrics["test/recall_at_5"] / 2  # type: ignore[index]
    broken = boards(best_of("beauty-1", runs))[BEAUTY].ours[0]
    assert broken.verdict.impossible[0].startswith("Seed 1: Recall@5 of ")
    assert all(said.startswith("Seed 1: ") for said in broken.verdict.impossible)


def test_our_ratio_is_held_against_published_rows_of_the_release() -> None:
    """All hits at rank 1: NDCG@5 / Recall@5 is 1, published rows of 2014 have .64 to .71."""
    first = confirmed(1)
    first.metrics.update(  # type: ignore[attr-defined]
        {f"test/{name}_at_{k}": 0.05 for name in ("recall", "ndcg") for k in (5, 10)}
    )
    row = boards(best_of("beauty-1", [first]))[BEAUTY].ours[0]
    assert row.verdict.failed == ()
    assert row.verdict.out_of_line == (
        "NDCG@5 / Recall@5 is 1.00, where 10 published rows of 2014 have 0.64 to 0.71."
    )
    made = best_of("demo-1", [first], dataset_name="demo world 0", release="", category="demo")
    assert boards(made)["demo world 0"].ours[0].verdict.out_of_line == ""


@pytest.mark.parametrize("wanted", ["beauty", "Beauty", " AMAZON 2014 BEAUTY "])
def test_a_category_is_asked_for_by_any_of_its_names(wanted: str) -> None:
    read = (best_of("beauty-1", [confirmed(1)]), UnreadSweep("x", "y", "z"))
    info = compute_leaderboard(read, PUBLISHED, wanted)
    assert [board.name for board in info.boards] == [BEAUTY]
    assert {found.row.category for found in info.unstated} == {"beauty"}


def test_the_name_of_another_release_is_not_a_name_of_this_one() -> None:
    info = compute_leaderboard([], PUBLISHED, "All_Beauty")
    assert info.boards == ()
    assert {found.row.category for found in info.unstated} == {"beauty"}  # 2014 or 2018


def test_a_category_that_nobody_has_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"got 'books'; choose one of .*beauty.*toys"):
        compute_leaderboard([], PUBLISHED, "books")


def test_names_that_hold_anything_make_files_of_their_own() -> None:
    names = ("../../etc/<b>", "etc b", "", "Ünï" * 60)
    found = boards(
        *(
            best_of(f"odd-{n}", [confirmed(n)], dataset_name=name, dataset_digest=str(n) * 16)
            for n, name in enumerate(names)
        )
    )
    slugs = [board.slug for board in found.values() if board.ours]
    assert len(set(slugs)) == 4
    assert all(
        slug.replace("_", "").isascii() and "/" not in slug and "." not in slug for slug in slugs
    )
    assert max(len(slug) for slug in slugs) <= 50


def test_a_figure_shows_every_seed_and_cuts_only_the_interval() -> None:
    runs = [confirmed(1), confirmed(2)]
    board = boards(best_of("beauty-1", runs))[BEAUTY]
    marks = compute_marks(board)
    assert [mark.kind for mark in marks] == ["ours", *["published"] * 4, "level"]
    assert [mark.shown for mark in marks[1:5]] == ["0.0424", "0.0423", "0.0384", "0.0338"]
    low, high = axis_range(marks)
    assert all(low <= value <= high for mark in marks for _, value in mark.seeds)
    assert all(low <= mark.value <= high for mark in marks)
    assert low == 0.0  # 0.0046 of the popularity ranking less a fifth of the width
