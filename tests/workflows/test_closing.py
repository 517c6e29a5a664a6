"""The lines a sweep ends with."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from clairo.pipeline.trial import TrialOutcome
from clairo.tracking.records import Candidate, SweepSummary
from clairo.workflows.closing import closing_lines, print_closing
from clairo.workflows.options import SweepOptions
from tests.reporting.records import demo_record

PAGE = Path("/somewhere/reports/output/demo-1/index.html")


def outcome(key: str, valid: float, test: float) -> TrialOutcome:
    metrics = {"valid/ndcg_at_10": valid, "test/ndcg_at_10": test}
    return TrialOutcome(key, "complete", valid, metrics=metrics, seconds=10.0, saved_seconds=4.0)


@pytest.fixture
def summary() -> SweepSummary:
    candidates = (Candidate("winner", 0.5, ("a", "b")), Candidate("second", 0.6, ("c",)))
    return replace(demo_record().summary, candidates=candidates, wall_seconds=61.0, duplicates=2)


OUTCOMES = {"a": outcome("a", 0.2, 0.1), "b": outcome("b", 0.4, 0.2), "c": outcome("c", 0.9, 0.9)}


def test_the_result_is_the_mean_over_the_winners_fresh_seeds(summary: SweepSummary) -> None:
    best, report, mlflow = closing_lines(SweepOptions(), summary, PAGE, OUTCOMES)
    assert best == (
        "Best: valid NDCG@10 0.3000, test 0.1500 (mean of 2 fresh seeds): configuration winner"
    )
    named = closing_lines(SweepOptions(), summary, PAGE, OUTCOMES, "separate, 50 merges")
    assert named[0].endswith("fresh seeds): separate, 50 merges")
    assert report == f"Report: {PAGE}"
    assert mlflow.startswith("MLflow: make ui   then open http://127.0.0.1:5000")


def test_a_seed_that_failed_is_left_out_of_the_mean(summary: SweepSummary) -> None:
    outcomes = {**OUTCOMES, "b": TrialOutcome("b", "failed", error="out of memory")}
    best, _, _ = closing_lines(SweepOptions(), summary, PAGE, outcomes)
    assert "valid NDCG@10 0.2000, test 0.1000 (mean of 1 fresh seeds)" in best


def test_another_output_folder_is_named_in_the_next_command(summary: SweepSummary) -> None:
    options = SweepOptions(out=Path("/big/disk"))
    assert "make ui OUT=/big/disk" in closing_lines(options, summary, PAGE, OUTCOMES)[2]


def test_what_the_store_saved_is_said_before_the_three_lines(summary: SweepSummary) -> None:
    written = io.StringIO()
    console = Console(file=written, width=300)
    print_closing(console, SweepOptions(), summary, PAGE, OUTCOMES)
    lines = written.getvalue().splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("3 runs in 61 s; 30 s of work done, 12 s saved by the stage store")
    assert "2 duplicates" in lines[0]
