"""``clairo leaderboard`` from a real database to pages, tables and the last lines."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from clairo import cli
from clairo.core.errors import ConfigError, SweepError
from clairo.reporting.leaderboard_info import compute_leaderboard
from clairo.reporting.published import load_published
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.reader import KIND_TAG
from clairo.tracking.records import Candidate
from clairo.workflows.leaderboard import (
    closing_lines,
    make_leaderboard,
    show_leaderboard,
    terminal_table,
)
from clairo.workflows.locations import tracking_config
from tests.contracts.tracker import TRIAL_TAGS, make_summary
from tests.reporting.boards import BEAUTY, best_of, confirmed

SEEDS = (31, 32, 33)


def track_sweep(config: TrackingConfig, sweep_id: str, *, single: bool = False) -> dict[int, float]:
    """A sweep on Beauty whose winner ran on three seeds; gives NDCG@10 on test by seed."""
    tracker = config.connect()
    keys = tuple(f"{sweep_id}-{seed}" for seed in SEEDS)
    candidates = () if single else (Candidate("c0ffee", 0.05, keys),)
    parent = tracker.open_sweep(
        make_summary(
            sweep_id, candidates=candidates, finished=True, category="beauty", release="2014",
            dataset_name=BEAUTY, dataset_facts={"num_asked_users": 22363},
        )
    )  # fmt: skip
    if single:
        parent.set_tags({KIND_TAG: "run"})
    values = {}
    for seed, key in list(zip(SEEDS, keys, strict=True))[: 1 if single else 3]:
        tags = TRIAL_TAGS | {"trial.role": "confirm", "trial.seed": str(seed)}
        run = tracker.open_trial(sweep_id, key, f"seed {seed}", tags)
        metrics = confirmed(seed).metrics
        run.log_metrics(metrics)
        run.log_params({"fusion.kind": "concat"})
        run.finish("complete")
        values[seed] = metrics["test/ndcg_at_10"]
    parent.finish("complete")
    return values


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output folder with a database and no sweep."""
    folder = tmp_path / "runs"
    folder.mkdir()
    tracking_config(folder, None).prepare()
    return folder


def test_a_tracked_sweep_comes_out_with_the_mean_of_its_seeds(out: Path, tmp_path: Path) -> None:
    config = tracking_config(out, None)
    values = track_sweep(config, "beauty-1")
    track_sweep(config, "run-2", single=True)
    info, page = make_leaderboard(config, tmp_path / "reports")
    ((board, row),) = info.ours
    assert (board.name, row.sweep_id, row.words) == (BEAUTY, "beauty-1", "Fusion concat")
    assert row.primary.values == tuple(values.values())
    assert page == tmp_path / "reports" / "leaderboard" / "leaderboard.html"
    assert f"{row.interval.mean:.4f}" in page.read_text("utf-8")
    everything, _ = make_leaderboard(config, tmp_path / "reports", single_runs=True)
    single = next(row for _, row in everything.ours if row.best.single)
    assert (single.sweep_id, single.primary.values) == ("run-2", (values[31],))


def test_an_empty_tracker_gives_the_published_rows_and_says_so(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    arguments = ["leaderboard", "--out", str(out), "--reports", str(tmp_path / "reports")]
    answer = CliRunner().invoke(cli.app, arguments)
    assert answer.exit_code == 0, answer.output
    assert "TIGER paper (readme)" in answer.output
    result, page, after = answer.output.splitlines()[-3:]
    assert "No sweep here has a configuration confirmed on fresh seeds: only published" in result
    assert page == f"Page: {tmp_path / 'reports' / 'leaderboard' / 'leaderboard.html'}"
    assert after == "Next: make sweep CATEGORY=beauty"
    assert Path(page.removeprefix("Page: ")).is_file()


def test_the_last_lines_are_the_result_the_page_and_what_comes_next() -> None:
    one = compute_leaderboard([best_of("beauty-1", [confirmed(1)])], load_published(), "beauty")
    lines = closing_lines(one, Path("x/leaderboard.html"), Path("elsewhere"))
    assert lines[0].startswith("Of 8 rows checked, 1 ours and 7 published, none fails")
    assert lines[1].startswith("Leaderboard: Amazon 2014 Beauty: NDCG@10 ")
    assert lines[2:] == (
        "Page: x/leaderboard.html",
        "Next: clairo report --out elsewhere --sweep beauty-1",
    )


def test_names_from_data_cannot_command_the_terminal() -> None:
    odd = best_of("odd-1", [confirmed(1)], dataset_name="[red]\x1b[31mOdd\nname", release="")
    screen = io.StringIO()
    console = Console(file=screen, width=160)
    console.print(terminal_table(compute_leaderboard([odd], load_published())))
    assert "[red]?[31mOdd?name" in screen.getvalue()
    assert "\x1b" not in screen.getvalue()


def test_a_folder_without_runs_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is none at"):
        show_leaderboard(
            out=tmp_path / "no", tracking_uri=None, reports=tmp_path, category="", single_runs=False
        )


def test_a_category_without_rows_is_refused_before_anything_is_written(
    out: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="CATEGORY must be one that"):
        make_leaderboard(tracking_config(out, None), tmp_path / "reports", category="books")
    assert not (tmp_path / "reports").exists()


def test_a_place_that_cannot_be_written_to_is_said(out: Path, tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(SweepError, match="needs a folder with free space"):
        make_leaderboard(tracking_config(out, None), tmp_path / "reports")
