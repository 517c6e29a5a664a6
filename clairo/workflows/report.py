"""``clairo report``: a sweep's pages and tables from what was tracked, and nothing else."""

from __future__ import annotations

from pathlib import Path

from clairo.core.errors import SweepError
from clairo.reporting import ReportFiles, write_report
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.reader import read_sweep
from clairo.workflows.locations import existing_tracking

REPORT_ARTIFACT = "report"


def rebuild_report(
    sweep_id: str | None, *, out: Path, tracking_uri: str | None, reports: Path
) -> None:
    """Writes a sweep's report again and names its pages, the first one last.

    Raises:
        ConfigError: There is nothing to read in ``out`` yet.
        SweepError: There is no such sweep, or the tracker cannot be reached.
    """
    from rich.console import Console

    config = existing_tracking(out, tracking_uri)
    console = Console(soft_wrap=True)
    for line in report_lines(make_report(config, sweep_id, reports)):
        console.print(line, highlight=False, markup=False)


def report_lines(files: ReportFiles) -> tuple[str, ...]:
    """Where each page is; last the one to begin with."""
    index, *others = files.pages
    return (*(f"{page.stem.capitalize()}: {page}" for page in others), f"Report: {index}")


def make_report(config: TrackingConfig, sweep_id: str | None, reports: Path) -> ReportFiles:
    """Writes the report of one sweep, stores it with the sweep's run, and says what it wrote."""
    record = read_sweep(config, sweep_id)
    folder = reports.resolve() / record.summary.sweep_id
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = write_report(record, folder)
    except OSError as error:
        raise SweepError(
            f"A report needs a folder with free space, got {folder} ({error.strerror}); free some "
            "or choose another with --reports, then run 'make report'. All runs are kept."
        ) from error
    config.connect().run(record.run_id).log_folder(folder, REPORT_ARTIFACT)
    return files
