"""``clairo compare``: what changed between runs, as a page and in a few lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clairo.core.errors import ConfigError, SweepError
from clairo.core.fingerprint import hash_json
from clairo.workflows.locations import existing_tracking

if TYPE_CHECKING:  # pandas, plotly and mlflow load when a comparison is made
    from clairo.reporting.compare_info import ComparisonInfo, Contrast

MIN_RUNS, MAX_RUNS = 2, 12
_PAGE = "compare.html"


def compare_runs(
    references: Sequence[str], *, out: Path, tracking_uri: str | None, reports: Path
) -> None:
    """Compares runs with the first one, writes the page and prints a table; the page last.

    Args:
        references: 2 to 12 names of runs, see :func:`clairo.tracking.run_reader.read_runs`.
        out: Folder of the runs.
        tracking_uri: MLflow, ``None`` for the database in ``out``.
        reports: Folder for report pages.

    Raises:
        ConfigError: There is nothing to read in ``out``, or too few or too many runs.
        SweepError: A reference names no run or several, or the page cannot be written.
    """
    from rich.console import Console

    from clairo.reporting.compare_info import compute_comparison
    from clairo.tracking.run_reader import read_runs

    if not MIN_RUNS <= len(references) <= MAX_RUNS:
        raise ConfigError(
            f"A comparison needs {MIN_RUNS} to {MAX_RUNS} runs, got {len(references)}; name them "
            "by run id, trial key, SWEEP_ID or SWEEP_ID:NUMBER."
        )
    info = compute_comparison(read_runs(existing_tracking(out, tracking_uri), references))
    if len(info.sides) < MIN_RUNS:
        raise ConfigError(
            f"A comparison needs two sides, got only {info.reference.title}, whose runs are seeds "
            "of one configuration; name a run of another."
        )
    page = write_comparison(info, reports)
    console = Console(soft_wrap=True)
    for line in (*comparison_lines(info), f"Page: {page}"):
        console.print(line, highlight=False, markup=False)


def write_comparison(info: ComparisonInfo, reports: Path) -> Path:
    """Writes the page and its tables to a folder named after the runs, and gives the page.

    Raises:
        SweepError: The folder cannot be written to.
    """
    from clairo.reporting.compare_page import make_compare_page
    from clairo.reporting.page import render_page
    from clairo.reporting.report import write_tables

    # By side, in order: the first is the reference, so another order is another page.
    ids = [sorted(trial.run_id for trial in side.trials) for side in info.sides]
    folder = reports.resolve() / f"compare-{hash_json(ids)[:12]}"
    page = make_compare_page(info)
    part = folder / f"{_PAGE}.part"
    try:
        write_tables(page, folder / "tables")
        part.write_text(render_page(page), encoding="utf-8")
        part.replace(folder / _PAGE)
    except OSError as error:
        raise SweepError(
            f"A comparison needs a folder with free space, got {folder} ({error.strerror}); free "
            "some or choose another with --reports. All runs are kept."
        ) from error
    return folder / _PAGE


def comparison_lines(info: ComparisonInfo) -> tuple[str, ...]:
    """A compact table: side, seeds, NDCG@10 of both splits, difference from the first."""
    from clairo.evaluation.metric_names import metric_label
    from clairo.reporting.compare_info import METRICS
    from clairo.reporting.compare_sides import side_spread
    from clairo.reporting.labels import with_error

    label = metric_label(METRICS[0])
    rows: list[tuple[str, ...]] = [
        ("side", "seeds", f"valid {label}", f"test {label}", "difference", "runs")
    ]
    told = {contrast.side.letter: _difference_text(contrast) for contrast in info.contrasts}
    for side in info.sides:
        found = [side_spread(side, f"{split}/{METRICS[0]}") for split in ("valid", "test")]
        results = [with_error(spread.mean, spread.error) for spread in found]
        seeds = f"{len(side.finished)}/{len(side.runs)}"
        rows.append((side.letter, seeds, *results, told.get(side.letter, "reference"), side.title))
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]) - 1)]
    lines = [
        "  ".join([*(text.ljust(w) for text, w in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    ]
    refused = [c for c in info.contrasts if c.refused]
    letter = info.reference.letter
    lines += [f"{c.side.letter} is not compared with {letter}: {c.refused}." for c in refused]
    return tuple(lines)


def _difference_text(contrast: Contrast) -> str:
    from clairo.reporting.labels import number

    found = contrast.primary
    if found is None:
        return "not compared"
    size = number(found.interval.mean, found.digits, signed=True)
    return f"{size} on {found.split}, {found.verdict}"
