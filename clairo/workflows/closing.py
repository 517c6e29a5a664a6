"""The last lines of a sweep: what it saved, the result, the page, the next command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from clairo.pipeline.trial import TrialOutcome
from clairo.tracking.records import SweepSummary
from clairo.workflows.options import SweepOptions


def print_closing(
    console: Console,
    options: SweepOptions,
    summary: SweepSummary,
    page: Path,
    outcomes: Mapping[str, TrialOutcome],
    winner: str = "",
) -> None:
    """Prints what the store saved and the three lines a person came for."""
    spent = sum(outcome.seconds for outcome in outcomes.values())
    saved = sum(outcome.saved_seconds for outcome in outcomes.values())
    console.print(
        f"{len(outcomes)} runs in {summary.wall_seconds:.0f} s; {spent:.0f} s of work done, "
        f"{saved:.0f} s saved by the stage store, {summary.duplicates} duplicates answered from "
        "the record",
        highlight=False,
    )
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
    out = f" OUT={options.out}" if str(options.out) != "runs" else ""
    return (
        f"Best: valid NDCG@10 {means['valid']:.4f}, test {means['test']:.4f} (mean of {len(ended)} "
        f"fresh seeds): {winner or f'configuration {best.config_key}'}",
        f"Report: {page}",
        f"MLflow: make ui{out}   then open http://127.0.0.1:5000",
    )
