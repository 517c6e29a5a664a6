"""``clairo compare`` on runs that a real MLflow database holds."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from clairo import cli
from clairo.core.errors import ConfigError, SweepError
from clairo.reporting.compare_info import compute_comparison
from clairo.reporting.compare_segments import SegmentsInfo, compute_segments
from clairo.tracking.mlflow_runs import MlflowTracker
from clairo.tracking.records import Candidate
from clairo.tracking.run_reader import TrackedRun, read_runs
from clairo.tracking.segment_files import SEGMENTS_FOLDER
from clairo.tracking.summary_json import STAGES_FILE, stages_to_json, write_summary
from clairo.workflows.compare import compare_runs, comparison_lines, write_comparison
from clairo.workflows.locations import tracking_config
from tests.reporting.ablation_records import segment_index
from tests.reporting.comparisons import HOSTILE, compared, failed, run, runs
from tests.reporting.records import demo_summary


def track(tracker: MlflowTracker, tracked: TrackedRun, scratch: Path) -> None:
    """Logs a made-up run as a real trial does."""
    trial, sweep_id = tracked.trial, tracked.summary.sweep_id
    tags = {
        "trial.config_key": trial.config_key,
        "trial.number": str(trial.number),
        "trial.role": trial.role,
        "trial.seed": str(trial.seed),
        **({"trial.error": trial.error} if trial.error else {}),
    }
    logged = tracker.open_trial(sweep_id, trial.key, trial.key, tags)
    logged.log_text(yaml.safe_dump(dict(trial.config)), "config.yaml")
    logged.log_metrics({**trial.metrics, "seconds": trial.seconds})
    for key, points in trial.history.items():
        for step, value in points:
            logged.log_metrics({key: value}, step)
    logged.log_text(stages_to_json(trial.stages), STAGES_FILE)
    for split, found in trial.rankings.items():
        folder = scratch / trial.key / split
        folder.mkdir(parents=True)
        found.save(folder)
        logged.log_folder(folder, f"ranks/{split}")
    if trial.state != "running":
        logged.finish(trial.state)


def numbered(number: int, tracked: TrackedRun) -> TrackedRun:
    return replace(tracked, trial=replace(tracked.trial, number=number))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sweep ``one``: 0 and 1 of the winner, 2 and 3 of another, 4 failed; ``two``: other data."""
    folder = tmp_path_factory.mktemp("compare")
    config = tracking_config(folder, None)
    config.prepare()
    tracker = config.connect()
    made = [*runs(3, 0.05, (1, 2)), *runs(4, 0.0, (1, 2)), failed(5, 1, HOSTILE)]
    other = {"sweep_id": "two", "dataset_digest": "ab" * 32, "dataset_name": "Other world"}
    in_one = [replace(one, summary=demo_summary(sweep_id="one")) for one in made]
    elsewhere = run(3, 1, summary=other)
    candidates = (
        Candidate("config-04", 0.9, tuple(one.trial.key for one in in_one[2:4])),
        Candidate("config-03", 0.1, tuple(one.trial.key for one in in_one[:2])),
    )
    for summary in (demo_summary(sweep_id="one"), elsewhere.summary):
        tracker.open_sweep(summary)
    for number, one in enumerate(in_one):
        track(tracker, numbered(number, one), folder / "scratch")
    track(tracker, numbered(0, elsewhere), folder / "scratch" / "two")
    parent = tracker.find_sweep("one")
    assert parent is not None
    write_summary(
        tracker.run(parent.info.run_id), demo_summary(sweep_id="one", candidates=candidates)
    )
    segments = folder / "scratch" / "segments"
    segments.mkdir()
    segment_index().save(segments)
    tracker.run(parent.info.run_id).log_folder(segments, SEGMENTS_FOLDER)
    return folder


def compare(out: Path, *references: str) -> None:
    compare_runs(references, out=out, tracking_uri=None, reports=out / "reports")


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_the_page_is_written_and_named_last(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare(out, "one", "one:2", "one:3")
    *table, last = printed(capsys)
    page = Path(last.removeprefix("Page: "))
    assert page.name == "compare.html"
    assert page.parent.parent == (out / "reports").resolve()
    assert page.parent.name.startswith("compare-")
    assert [line.split()[:2] for line in table] == [
        ["side", "seeds"], ["A", "2/2"], ["B", "2/2"],
    ]  # fmt: skip
    assert table[1].split("reference")[1].strip() == "trials 0 and 1 of one"
    assert "on test, exploratory" in table[2]
    names = {path.name for path in (page.parent / "tables").iterdir()}
    assert {"differences.csv", "stages_b.md", "settings.tex", "results_test.csv"} <= names


def test_what_is_read_back_is_compared_as_what_was_tracked(out: Path) -> None:
    read = compute_comparison(read_runs(tracking_config(out, None), ["one", "one:2", "one:3"]))
    made = compared(runs(3, 0.05, (1, 2)), runs(4, 0.0, (1, 2)))
    assert [found.deltas for found in read.differences] == [
        found.deltas for found in made.differences
    ]


def test_segments_are_read_with_the_sweep_of_each_run_and_paired_by_user(out: Path) -> None:
    read = read_runs(tracking_config(out, None), ["one", "one:2", "one:3"])
    assert all(one.segment_index is not None for one in read)
    found = compute_segments(compute_comparison(read))
    assert isinstance(found, SegmentsInfo)
    assert found.unpaired == ()
    assert found.paired["B"]["tail"].interval is not None
    (elsewhere,) = read_runs(tracking_config(out, None), ["two:0"])
    assert elsewhere.segment_index is None


def test_the_same_runs_give_the_same_bytes_in_the_same_place(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = []
    for references in (("one:0", "one:2"), ("one:0", "one:2")):
        compare(out, *references)
        page = Path(printed(capsys)[-1].removeprefix("Page: "))
        pages.append((page, page.read_bytes()))
    assert pages[0] == pages[1]
    compare(out, "one:2", "one:0")  # another reference, so another page
    assert printed(capsys)[-1] != f"Page: {pages[0][0]}"
    assert pages[0][0].read_bytes() == pages[0][1]


def test_other_data_is_refused_in_words(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare(out, "one:0", "two")
    lines = printed(capsys)
    assert lines[-2] == (
        "B is not compared with A: measured on other data, Other world (abababababab) against "
        "Demo world (9f2c)."
    )
    assert "not compared" in lines[2]


def test_a_failed_run_is_shown_with_its_error(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compare(out, "one:0", "one:4")
    lines = printed(capsys)
    assert lines[2].split()[:3] == ["B", "0/1", "–"]
    assert HOSTILE in lines[-2]
    page = Path(lines[-1].removeprefix("Page: ")).read_text(encoding="utf-8")
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("references", "said"),
    [
        (("one",), r"needs 2 to 12 runs, got 1; name them by run id"),
        (("one",) * 13, r"needs 2 to 12 runs, got 13"),
        (("one:0", "one:1"), r"needs two sides, got only trials 0 and 1 of one, whose runs are"),
        (("one", "one"), r"needs two sides"),
    ],
    ids=["one run", "thirteen runs", "seeds of one configuration", "the same twice"],
)
def test_what_is_no_comparison_is_a_usage_error(
    out: Path, references: Sequence[str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        compare(out, *references)


def test_an_unknown_run_is_said(out: Path) -> None:
    with pytest.raises(SweepError, match=r"nothing here is called 'three'; .*one, two"):
        compare(out, "one", "three")


def test_a_folder_without_runs_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is none at .*mlflow.db"):
        compare(tmp_path, "one", "two")


def test_a_place_that_is_no_folder_is_said(tmp_path: Path) -> None:
    taken = tmp_path / "reports"
    taken.write_text("a file")
    with pytest.raises(SweepError, match=r"needs a folder with free space, got .*reports"):
        write_comparison(compared([run(0)], [run(1)]), taken)


def test_lines_align_and_name_each_side() -> None:
    lines = comparison_lines(compared(runs(0, 0.0, (1, 2)), [run(1, level=0.1)], [failed(2)]))
    head, *rows = lines[:4]
    places = [head.index(name) for name in ("seeds", "valid", "test", "difference", "runs")]
    assert all(row[place - 1] == " " and row[place] != " " for row in rows for place in places)
    assert [row.split()[0] for row in rows] == ["A", "B", "C"]
    assert lines[4].startswith("C is not compared with A: C has no finished run")


def test_the_command_calls_it_with_all_runs(
    out: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(sys, "argv", ["clairo"])
    answer = CliRunner().invoke(
        cli.app,
        ["compare", "one:0", "one:2", "one:3", "--out", str(out), "--reports", str(tmp_path)],
        env={**os.environ, "COLUMNS": "200"},
    )
    assert answer.exit_code == 0, answer.output
    (page,) = tmp_path.glob("compare-*/compare.html")
    assert answer.output.splitlines()[-1] == f"Page: {page.resolve()}"


def test_the_command_explains_itself() -> None:
    answer = CliRunner().invoke(cli.app, ["compare", "--help"], env={"COLUMNS": "200"})
    assert answer.exit_code == 0
    for word in ("RUN...", "SWEEP_ID:NUMBER", "--reports", "--tracking-uri"):
        assert word in answer.output
