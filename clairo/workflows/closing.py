"""The last lines of a sweep: what it saved, the result, the page, the next command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from clairo.pipeline.trial import TrialOutcome
from clairo.reporting import ReportFiles
from clairo.tracking.records import SweepSummary
from clairo.workflows.ablation_options import AblateOptions
from clairo.workflows.options import SweepOptions
from clairo.workflows.phase_runner import PhaseRunner


def print_closing(
    console: Console,
    options: SweepOptions,
    summary: SweepSummary,
    page: Path,
    outcomes: Mapping[str, TrialOutcome],
    winner: str = "",
) -> None:
    """Prints what the store saved and the three lines a person came for."""
    _print_work(console, summary, outcomes)
    for line in closing_lines(options, summary, page, outcomes, winner):
        console.print(line, highlight=False, markup=False)


def closing_lines(
    options: SweepOptions,
    summary: SweepSummary,
    page: Path,
    outcomes: Mapping[str, TrialOutcome],
    winner: str = "",
) -> tuple[str, str, str]:
    """Result, page, next command.

    Args:
        options: What was asked for.
        summary: What came out.
        page: First page of the report.
        outcomes: How each trial ended, by trial key.
        winner: The best configuration in words; its key where they are not known.
    """
    best = summary.candidates[0]
    ended = [outcomes[key] for key in best.trial_keys if outcomes[key].state == "complete"]
    means = {
        split: sum(outcome.metrics[f"{split}/ndcg_at_10"] for outcome in ended) / len(ended)
        for split in ("valid", "test")
    }
    return (
        f"Best: valid NDCG@10 {means['valid']:.4f}, test {means['test']:.4f} (mean of {len(ended)} "
        f"fresh seeds): {winner or f'configuration {best.config_key}'}",
        f"Report: {page}",
        _ui_line(options),
    )


def _print_work(
    console: Console, summary: SweepSummary, outcomes: Mapping[str, TrialOutcome]
) -> None:
    spent = sum(outcome.seconds for outcome in outcomes.values())
    saved = sum(outcome.saved_seconds for outcome in outcomes.values())
    console.print(
        f"{len(outcomes)} runs in {summary.wall_seconds:.0f} s; {spent:.0f} s of work done, "
        f"{saved:.0f} s saved by the stage store, {summary.duplicates} duplicates answered from "
        "the record",
        highlight=False,
    )


def _ui_line(options: SweepOptions) -> str:
    out = f" OUT={options.out}" if str(options.out) != "runs" else ""
    return f"MLflow: make ui{out}   then open http://127.0.0.1:5000"


def print_ablation_closing(
    console: Console, options: AblateOptions, runner: PhaseRunner, files: ReportFiles
) -> None:
    """Prints what the store saved, each verdict in a line, the page and the next command."""
    _print_work(console, runner.summary, runner.outcomes)
    for line in files.verdicts:
        console.print(line, highlight=False, markup=False)
    console.print(f"Report: {files.index}", highlight=False, markup=False)
    console.print(_ui_line(options), highlight=False, markup=False)
