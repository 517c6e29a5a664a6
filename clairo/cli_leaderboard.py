"""``clairo leaderboard``: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clairo.cli_options import Out, Reports, TrackingUri, Verbose


def leaderboard(
    category: Annotated[
        str, typer.Option(help="Only this one: alias, official name or data set.")
    ] = "",
    out: Out = Path("runs"),
    tracking_uri: TrackingUri = None,
    reports: Reports = Path("reports/output"),
    single_runs: Annotated[
        bool, typer.Option("--all", help="Also runs of 'clairo run', one seed each.")
    ] = False,
    verbose: Verbose = False,
) -> None:
    """Show the best configuration of every data set beside published rows, all checked."""
    from clairo.workflows.leaderboard import show_leaderboard

    show_leaderboard(
        out=out,
        tracking_uri=tracking_uri or None,
        reports=reports,
        category=category,
        single_runs=single_runs,
    )
