"""``clairo compare``: its argument and options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clairo.cli_options import Out, Reports, TrackingUri, Verbose


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="2 to 12 of: run id, a beginning of one, trial key, SWEEP_ID (its best confirmed "
            "configuration), SWEEP_ID:NUMBER. The first is the reference.",
        ),
    ],
    out: Out = Path("runs"),
    tracking_uri: TrackingUri = None,
    reports: Reports = Path("reports/output"),
    verbose: Verbose = False,
) -> None:
    """Write the page of what changed between runs, stage by stage."""
    from clairo.workflows.compare import compare_runs

    compare_runs(runs, out=out, tracking_uri=tracking_uri or None, reports=reports)
