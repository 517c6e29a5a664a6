"""The leaderboard's page and tables: what they say, in which order, and the same bytes again."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from clairo.reporting.labels import DASH
from clairo.reporting.leaderboard_findings import claims, say_figure, say_flags, warning
from clairo.reporting.leaderboard_info import LeaderboardInfo, compute_leaderboard
from clairo.reporting.leaderboard_page import make_leaderboard_page, write_leaderboard
from clairo.reporting.leaderboard_tables import board_table, checks_table, overview_table
from clairo.reporting.page import Missing, Prose, render_page
from clairo.reporting.published import load_published
from clairo.reporting.table import Cell, Column, Table, to_csv, to_latex, to_markdown
from clairo.tracking.best_reader import UnreadSweep
from tests.reporting.boards import best_of, confirmed

ODD = "<b>Odd</b> & {{ 1 }}"


@pytest.fixture(scope="module")
def info() -> LeaderboardInfo:
    facts = {
        "num_test_users": 600,
        "ceiling_test_ndcg_at_10": 0.5,
        "popularity_test_ndcg_at_10": 0.05,
    }
    failed = confirmed(10, state="failed", metrics={}, error="StageError: <i>")
    read = [
        best_of("beauty-1", [confirmed(s, users=22363) for s in range(5)]),
        best_of("beauty-2", [confirmed(s, 0.02) for s in range(7, 9)], profile="quick"),
        best_of(
            "odd-3", [confirmed(9, 0.6, 600), failed],
            facts=facts, dataset_name=ODD, release="", category="odd", profile="quick",
        ),
        UnreadSweep("gone-4", "run", "its sweep.json is gone from the artifacts; restore it."),
    ]  # fmt: skip
    return compute_leaderboard(read, load_published())


def column(table: Table, name: str) -> list[str]:
    place = [c.name for c in table.columns].index(name)
    return [row[place].text for row in table.rows]


def test_the_first_screen_says_what_is_best_beside_what_and_how_it_differs(
    info: LeaderboardInfo,
) -> None:
    all_of, beauty, odd, flags = claims(info)
    assert all_of.startswith("2 data sets have a confirmed best of ours, from 3 sweeps")
    assert "the best published row has 0.0424: ActionPiece (second-hand)" in beauty
    assert "5 seeds)" in beauty
    assert "otherwise" not in beauty  # all users, the paper profile, five seeds
    assert "one seed, so no interval" in odd
    assert "ceiling of this world 0.5000" in odd
    assert flags == (
        "Of 22 rows checked, 3 ours and 19 published, none fails an arithmetic check. CLAIRO site "
        "(project page), cds, is possible but out of line."
    )
    assert "Exploratory: 2 of 3 rows of ours" in warning(info)
    assert "no test of a method" in warning(info)


def test_a_quick_row_beside_published_ones_says_how_it_was_measured() -> None:
    quick = best_of("beauty-1", [confirmed(1), confirmed(2)], profile="quick")
    board = compute_leaderboard([quick], load_published(), "beauty").boards[0]
    said = "quick profile, exploratory; 2,000 of 22,363 test users asked; 2 seeds"
    info = LeaderboardInfo((board,), ())
    assert f"Ours is measured otherwise: {said}." in claims(info)[0]
    assert said in column(overview_table(info), "Ours differs in")[0]
    assert f"beauty-1 differs from the published rows in: {said}." in board_table(board).notes
    title, subtitle = say_figure(board)
    above = sum(board.ours[0].interval.mean > value for value in (0.0424, 0.0423, 0.0384, 0.0338))
    assert title == (
        f"The best of ours, which was measured otherwise, is above {above} of 4 published rows"
    )
    assert said in subtitle


def test_published_rows_are_below_a_line_with_their_source(info: LeaderboardInfo) -> None:
    table = board_table(info.boards[0])
    assert column(table, "Row") == [
        "beauty-1",
        "beauty-2",
        "Popularity ranking",
        "ActionPiece (second-hand)",
        "TIGER paper (readme)",
        "TIGER, cornac (readme)",
        "SASRec, tuned, cornac (readme)",
    ]
    assert table.apart == 5
    assert [[row[0].text for row in part] for part in table.parts] == [
        column(table, "Row")[:2],
        column(table, "Row")[2:],
    ]
    assert column(table, "NDCG@5")[3:] == ["0.0340", "0.0321", "0.0270", "0.0348"]
    assert column(table, "95 % of NDCG@10")[2:] == [DASH] * 5
    assert [row[0].strong for row in table.rows] == [True] + [False] * 6
    assert column(table, "Chosen from")[0] == "64 trials, 1 confirmed"


def test_a_table_without_ours_has_no_columns_that_only_ours_fill(info: LeaderboardInfo) -> None:
    table = board_table(next(b for b in info.boards if b.name == "Amazon 2018 Musical Instruments"))
    assert [c.name for c in table.columns] == [
        "Row", "Recall@1", "Recall@5", "NDCG@5", "Recall@10", "NDCG@10", "Checks",
    ]  # fmt: skip
    assert column(table, "NDCG@5") == [DASH, "0.0882"]
    assert "No sweep of this tracker is on it." in table.caption


def test_every_row_is_in_the_table_of_checks(info: LeaderboardInfo) -> None:
    table = checks_table(info)
    assert len(table.rows) == 3 + 19
    by_row = dict(zip(column(table, "Row"), column(table, "Ratio in line"), strict=True))
    assert by_row["CLAIRO site (project page)"] == "out of line"
    assert by_row["beauty-1"] == "holds"
    assert by_row["odd-3"] == DASH  # nothing was published on these data
    assert column(table, "NDCG gain").count(DASH) == 4  # LIGER prints list length 10 alone


def test_an_impossible_row_is_flagged_everywhere_and_never_the_best() -> None:
    rows = [
        row if row.credit != "ActionPiece (second-hand)"
        else type(row)(**{**vars(row), "values": {**row.values, "recall_at_10": ".0500"}})
        for row in load_published()
        if row.category == "beauty"
    ]  # fmt: skip
    info = compute_leaderboard([best_of("beauty-1", [confirmed(1)])], rows)
    board = info.boards[0]
    assert board.best_published is not None
    assert board.best_published.row.credit == "SASRec, tuned, cornac (readme)"
    assert "Recall@5 of .0511 is above Recall@10 of .0500." in " ".join(board_table(board).notes)
    assert column(overview_table(info), "Flags") == ["1 impossible"]
    assert "1 fails an arithmetic check" in say_flags(info)
    assert "impossible" in column(board_table(board), "Checks")


def test_missing_seeds_and_unread_sweeps_are_named(info: LeaderboardInfo) -> None:
    page = make_leaderboard_page(info)
    (section,) = [s for s in page.sections if s.anchor == "left_out"]
    (prose,) = section.blocks
    assert isinstance(prose, Prose)
    assert prose.paragraphs == (
        "gone-4: its sweep.json is gone from the artifacts; restore it.",
        "odd-3: seed 10 ended failed: StageError: <i>.",
    )
    assert column(overview_table(info), "Seeds")[:2] == ["5", "1/2"]


def test_names_from_data_are_text_on_the_page(info: LeaderboardInfo) -> None:
    html = render_page(make_leaderboard_page(info))
    assert "<b>Odd" not in html
    assert "&lt;b&gt;Odd&lt;/b&gt; &amp; {{ 1 }}" in html
    assert "StageError: &lt;i&gt;" in html


def test_the_files_are_the_same_bytes_again(info: LeaderboardInfo, tmp_path: Path) -> None:
    first, second = (write_leaderboard(info, tmp_path / name) for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    names = sorted(path.name for path in (tmp_path / "a" / "tables").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "b" / "tables").iterdir())
    for stem in ("overview", "checks", "amazon_2014_beauty", "release_not_stated"):
        assert {f"{stem}.csv", f"{stem}.md", f"{stem}.tex"} <= set(names)
    assert len(names) == 3 * (2 + len(info.boards) + 1)
    rows = list(
        csv.reader(io.StringIO((tmp_path / "a/tables/amazon_2014_beauty.csv").read_text("utf-8")))
    )
    best = info.boards[0].ours[0]
    assert float(rows[1][rows[0].index("NDCG@10")]) == best.primary.mean


def test_without_sweeps_the_page_says_that_only_published_rows_are_there() -> None:
    info = compute_leaderboard([], load_published())
    page = make_leaderboard_page(info)
    assert page.claims[0].startswith("No sweep here has a configuration confirmed")
    assert page.warning == ""
    assert page.figures() == ()
    assert not any(isinstance(block, Missing) for block in page.blocks())
    assert "<tbody>" in render_page(page)


ROWS = ((Cell.of("ours"), Cell("1", 1)), (Cell.of("theirs"), Cell("2", 2)))
PARTED = Table("t", "c", (Column("Row"), Column("Mean", True)), ROWS, apart=1)


def test_rows_set_apart_have_a_line_in_latex_and_are_plain_rows_elsewhere() -> None:
    lines = to_latex(PARTED).splitlines()
    assert (
        lines.index(r"\midrule", lines.index(r"ours & 1 \\")) == lines.index(r"theirs & 2 \\") - 1
    )
    assert to_csv(PARTED) == "Row,Mean\nours,1\ntheirs,2\n"
    assert to_markdown(PARTED).count("\n| ") == 3
    alone = Table("t", "c", PARTED.columns, PARTED.rows[1:], apart=1)
    assert to_latex(alone).count(r"\midrule") == 1
    assert [len(part) for part in alone.parts] == [1]
    assert Table("t", "c", PARTED.columns, ()).parts == ((),)
