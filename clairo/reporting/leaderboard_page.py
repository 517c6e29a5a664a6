"""The page of a leaderboard, and its files: the same bytes for the same sweeps."""

from __future__ import annotations

from pathlib import Path

from clairo.evaluation.row_checks import RowVerdict
from clairo.reporting import leaderboard_findings as findings
from clairo.reporting.labels import plural
from clairo.reporting.leaderboard_figures import compute_marks, plot_board
from clairo.reporting.leaderboard_info import BoardInfo, LeaderboardInfo
from clairo.reporting.leaderboard_tables import (
    board_table,
    checks_table,
    overview_table,
    published_table,
)
from clairo.reporting.page import (
    Block,
    Code,
    Definitions,
    Figure,
    Page,
    Prose,
    Section,
    TableBlock,
    render_page,
)
from clairo.reporting.report import write_tables

PAGE_FILE = "leaderboard.html"


def write_leaderboard(info: LeaderboardInfo, folder: Path) -> Path:
    """Writes the page and ``tables/`` beside it; gives the page.

    Args:
        info: What it shows.
        folder: Created where it does not exist; files of the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = make_leaderboard_page(info)
    path = folder / PAGE_FILE
    path.write_text(render_page(page), encoding="utf-8")
    write_tables(page, folder / "tables")
    return path


def make_leaderboard_page(info: LeaderboardInfo) -> Page:
    """The page: verdicts, the overview, one section a data set, checks, what is left out."""
    sections = [
        Section("overview", "All data sets", (TableBlock(overview_table(info)),)),
        *(_board_section(board) for board in info.boards),
        *_unstated_section(info),
        _checks_section(info),
        *_left_out_section(info),
        _protocol(),
        *_reproduce_section(info),
    ]
    return Page(
        title="CLAIRO leaderboard",
        headline="Which configuration is best on each data set, and beside which published rows?",
        claims=findings.claims(info),
        warning=findings.warning(info),
        lead=(_stands_on(info),),
        sections=tuple(sections),
    )


def _stands_on(info: LeaderboardInfo) -> Definitions:
    boards = sum(bool(board.ours) for board in info.boards)
    sources = {found.row.source.title for found in info.published}
    commits = sorted({commit for _, row in info.ours for commit in row.commits})
    ours = f"{plural(len(info.ours), 'sweep')} with a confirmed configuration on "
    more = len(info.left_out)
    left_out = f"; {more:,} more (sweeps, ablations) without one" if more else ""
    unstated = f", {len(info.unstated)} of a release that is not stated" if info.unstated else ""
    return Definitions(
        (
            ("Ours", ours + plural(boards, "data set") + left_out),
            (
                "Published",
                f"{plural(len(info.published), 'row')} from {plural(len(sources), 'source')}"
                + unstated,
            ),
            (
                "Best is",
                "the highest validation NDCG@10 over fresh seeds, of those that lost none; test is "
                "only shown",
            ),
            *((("Commits", ", ".join(commits)),) if commits else ()),
        )
    )


def _board_section(board: BoardInfo) -> Section:
    blocks: list[Block] = []
    if board.ours:
        title, subtitle = findings.say_figure(board)
        figure = plot_board(compute_marks(board))
        blocks.append(Figure(f"{board.slug}_ndcg", title, subtitle, figure))
    blocks.append(TableBlock(board_table(board)))
    return Section(board.slug, board.name, tuple(blocks))


def _unstated_section(info: LeaderboardInfo) -> tuple[Section, ...]:
    if not info.unstated:
        return ()
    table = published_table(
        "release_not_stated",
        "Published rows whose source does not state the release of the data; categories are by "
        "their short names.",
        info.unstated,
    )
    about = (
        "A category has other users and items in every release, so these rows are held against no "
        "row of ours. Their ratio NDCG@5 / Recall@5 is compared with that of rows of a release "
        "that they may be of."
    )
    return (Section("unstated", "Release not stated", (Prose((about,)), TableBlock(table))),)


def _checks_section(info: LeaderboardInfo) -> Section:
    flagged = [
        *(f"{row.sweep_id}: {said}" for _, row in info.ours for said in _said(row.verdict)),
        *(
            f"{found.row.credit}, {found.row.category}: {said}"
            for found in info.published
            for said in _said(found.verdict)
        ),
    ]
    about = (
        "Every user has one relevant item, so a hit at rank r adds 1 to recall and 1/log2(r + 1) "
        "to NDCG, and what NDCG gains between two cutoffs is bounded by what recall gains there. "
        "A row that breaks this is impossible. A printed number stands for all numbers that round "
        "to it. Ours are checked unrounded, every seed by itself. A row out of line is possible "
        "and unlike the others of its release; that is a reason to look, not a verdict."
    )
    return Section(
        "checks", "Arithmetic checks", (Prose((about, *flagged)), TableBlock(checks_table(info)))
    )


def _said(verdict: RowVerdict) -> tuple[str, ...]:
    return (*verdict.impossible, *((verdict.out_of_line,) if verdict.out_of_line else ()))


def _left_out_section(info: LeaderboardInfo) -> tuple[Section, ...]:
    lines = [f"{sweep}: {reason}" for sweep, reason in info.left_out]
    missing = [f"{row.sweep_id}: {why}." for _, row in info.ours for why in row.primary.missing]
    lines += missing
    return (
        (Section("left_out", "Left out and missing seeds", (Prose(tuple(lines)),)),)
        if lines
        else ()
    )


def _protocol() -> Section:
    return Section(
        "protocol",
        "Protocol",
        (
            Prose(
                (
                    "Of each sweep the winner is shown: searched and chosen by validation, run "
                    "again on fresh seeds, read on test once a seed. Its numbers are means over "
                    "those seeds; the interval is the t interval over seeds and says what training "
                    "again would give, not what other users would.",
                    "Two sweeps stand in one table only where the digest of their data is the "
                    "same. Published rows stand beside data of the same category and release, "
                    "prepared by somebody else.",
                )
            ),
        ),
    )


def _reproduce_section(info: LeaderboardInfo) -> tuple[Section, ...]:
    commands = dict.fromkeys(row.best.summary.command for _, row in info.ours)
    text = "\n".join([*commands, "clairo leaderboard"])
    return (Section("reproduce", "How to reproduce", (Code("Commands", text),)),)
