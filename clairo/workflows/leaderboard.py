"""``clairo leaderboard``: the best configuration of every data set beside published rows."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from clairo.core.errors import SweepError
from clairo.tracking.best_reader import read_best_of_all
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.workflows.locations import existing_tracking

if TYPE_CHECKING:  # pages load when one is made
    from rich.table import Table

    from clairo.reporting.leaderboard_info import LeaderboardInfo

FOLDER = "leaderboard"

_FILE_WIDTH = 200
"""Letters of a line where no terminal says how wide it is."""


def show_leaderboard(
    *, out: Path, tracking_uri: str | None, reports: Path, category: str, single_runs: bool
) -> None:
    """Writes the leaderboard's page and tables, prints the overview, and names the page.

    A tracker without sweeps gives the published rows alone.

    Args:
        out: Folder of earlier runs.
        tracking_uri: MLflow, ``None`` is the database in ``out``.
        reports: Folder below which ``leaderboard/`` is written.
        category: Only this one, ``""`` for all.
        single_runs: Whether runs that nobody searched are shown as well.

    Raises:
        ConfigError: There is nothing to read in ``out`` yet, or no row of this category.
        SweepError: The tracker cannot be reached, or the page cannot be written.
    """
    from rich.console import Console

    config = existing_tracking(out, tracking_uri)
    info, page = make_leaderboard(config, reports, category=category, single_runs=single_runs)
    console = Console()
    if not console.is_terminal:
        console.width = _FILE_WIDTH
    console.print(terminal_table(info))
    for line in closing_lines(info, page, out):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def make_leaderboard(
    config: TrackingConfig, reports: Path, *, category: str = "", single_runs: bool = False
) -> tuple[LeaderboardInfo, Path]:
    """Reads every sweep's best, writes page and tables, and gives both.

    Raises:
        ConfigError: No row is of this category.
        SweepError: The tracker cannot be reached, or the page cannot be written.
    """
    from clairo.reporting.leaderboard_info import compute_leaderboard
    from clairo.reporting.leaderboard_page import write_leaderboard
    from clairo.reporting.published import load_published

    read = read_best_of_all(config, single_runs=single_runs)
    info = compute_leaderboard(read, load_published(), category)
    folder = reports.resolve() / FOLDER
    try:
        return info, write_leaderboard(info, folder)
    except OSError as error:
        raise SweepError(
            f"A leaderboard needs a folder with free space, got {folder} ({error.strerror}); free "
            "some or choose another with --reports. All runs are kept."
        ) from error


def terminal_table(info: LeaderboardInfo) -> Table:
    """The overview for a terminal; names that came with the data print as they are."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from clairo.reporting.leaderboard_tables import overview_table

    overview = overview_table(info)
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, title="NDCG@10 on test", title_justify="left"
    )
    for place, name in enumerate(_ON_TERMINAL):
        numeric = overview.columns[place].numeric
        table.add_column(name, justify="right" if numeric else "left", no_wrap=numeric)
    for row in overview.rows:
        table.add_row(*(Text(_printable(cell.text)) for cell in row[: len(_ON_TERMINAL)]))
    return table


_ON_TERMINAL = ("Data", "Ours", "95 %", "Seeds", "Published", "By", "Flags")
"""The overview's first columns, named shorter; the page has all."""


def _printable(text: str) -> str:
    """Text without characters that a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def closing_lines(info: LeaderboardInfo, page: Path, out: Path) -> tuple[str, ...]:
    """What the checks say, then the result, the page, and the next command."""
    from clairo.reporting.leaderboard_findings import claims

    first, *_, flags = claims(info)
    place = f" --out {shlex.quote(str(out))}" if str(out) != "runs" else ""
    after = "make sweep CATEGORY=beauty"
    if info.ours:
        after = f"clairo report{place} --sweep {shlex.quote(info.ours[0][1].sweep_id)}"
    return (flags, f"Leaderboard: {_printable(first)}", f"Page: {page}", f"Next: {after}")
