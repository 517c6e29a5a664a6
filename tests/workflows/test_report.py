"""What ``clairo report`` says at its end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from clairo.reporting.report import write_report
from clairo.workflows.report import report_lines
from tests.reporting.records import demo_record


def test_every_page_that_was_written_is_named_and_the_first_one_stands_last(
    tmp_path: Path,
) -> None:
    files = write_report(demo_record(), tmp_path)
    assert report_lines(files) == (
        f"Ablation: {tmp_path / 'ablation.html'}",
        f"Representation: {tmp_path / 'representation.html'}",
        f"Vocabulary: {tmp_path / 'vocabulary.html'}",
        f"Report: {tmp_path / 'index.html'}",
    )
    assert set(files.pages) == set(tmp_path.glob("*.html"))


def test_a_page_that_was_not_written_is_not_named(tmp_path: Path) -> None:
    record = demo_record()
    bare = replace(record, trials=(), summary=replace(record.summary, arms=(), candidates=()))
    files = write_report(bare, tmp_path)
    assert report_lines(files) == (f"Report: {tmp_path / 'index.html'}",)
    assert files.pages == tuple(tmp_path.glob("*.html"))
