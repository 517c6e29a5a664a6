"""The command line: light to load, clear when it refuses, and a dry run that runs nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clairo import cli
from clairo.core.errors import ConfigError, DataError
from clairo.workflows import sweep as sweep_workflow

HEAVY = ("torch", "mlflow", "ray", "optuna", "pandas", "numba", "plotly", "sklearn", "numpy")


def run_main(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """Exit code of the entry point, which is what a shell sees."""
    for name in ("MLFLOW_TRACKING_URI", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "argv", ["clairo", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


def test_naming_the_commands_loads_no_heavy_package() -> None:
    listed = subprocess.run(
        [sys.executable, "-c", "import sys, clairo.cli; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert {name.partition(".")[0] for name in listed.stdout.split()}.isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "command",
    [
        *([], ["sweep"], ["run"], ["report"], ["ui"], ["data"], ["data", "fetch"], ["doctor"]),
        *(["codes"], ["codes", "export"], ["codes", "check"], ["codes", "convert"]),
        *(["embeddings"], ["embeddings", "export"], ["leaderboard"]),
    ],
    ids=lambda words: " ".join(words) or "clairo",
)
def test_every_command_explains_itself(command: list[str]) -> None:
    answer = CliRunner().invoke(cli.app, [*command, "--help"])
    assert answer.exit_code == 0
    assert "Usage:" in answer.output


def test_all_variables_of_a_sweep_are_options() -> None:
    answer = CliRunner().invoke(cli.app, ["sweep", "--help"], env={"COLUMNS": "200"})
    for name in (
        *("category", "release", "data", "fetch", "trials", "time-budget", "workers"),
        *("profile", "space", "seed", "ablate", "out", "tracking-uri", "ray-address", "dry-run"),
    ):
        assert f"--{name}" in answer.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--category", "no_such_category"], "no_such_category"),
        (["--category", "beauty", "--release", "1999"], "1999"),
        (["--profile", "huge"], "PROFILE must be one of quick, paper"),
        (["--trials", "0"], "TRIALS must be at least 1"),
        (["--time-budget", "soon"], "TIME_BUDGET must be a positive time"),
        (["--space", "no_such_space"], "no_such_space"),
        (["--executor", "cloud"], "ray, local"),
        (["--no-such-option"], "No such option"),
    ],
)
def test_what_cannot_be_asked_ends_in_one_message_and_code_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    said: str,
) -> None:
    code = run_main(
        monkeypatch, "sweep", "--dry-run", "--no-fetch", "--out", str(tmp_path), *arguments
    )
    told = capsys.readouterr().err
    assert code == 2
    assert said in told
    assert "Traceback" not in told


def test_reviews_that_are_not_there_are_a_failure_that_names_url_and_path(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code = run_main(
        monkeypatch,
        *("sweep", "--dry-run", "--category", "beauty", "--no-fetch"),
        *("--data", str(tmp_path / "data"), "--out", str(tmp_path / "runs")),
    )
    told = capsys.readouterr().err
    assert code == 1
    assert "http" in told
    assert str(tmp_path / "data") in told


@pytest.mark.parametrize(
    ("error", "code"),
    [(ConfigError("A rule."), 2), (DataError("A rule."), 1), (KeyboardInterrupt(), 130)],
)
def test_exit_codes_tell_usage_failure_and_interruption_apart(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    def fail(options: object) -> None:
        raise error

    monkeypatch.setattr(sweep_workflow, "run_sweep", fail)
    assert run_main(monkeypatch, "sweep") == code


def test_an_unforeseen_error_is_one_line_and_verbose_has_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(options: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(sweep_workflow, "run_sweep", fail)
    assert run_main(monkeypatch, "sweep") == 1
    told = capsys.readouterr().err
    assert told.startswith("ZeroDivisionError: division by zero\n")
    assert "--verbose" in told
    monkeypatch.setattr(sys, "argv", ["clairo", "sweep", "--verbose"])
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_a_dry_run_prints_space_stages_cache_and_estimate_and_makes_nothing(
    tmp_path: Path,
) -> None:
    out = tmp_path / "runs"
    answer = CliRunner().invoke(
        cli.app, ["sweep", "--dry-run", "--space", "tiny", "--out", str(out), "--trials", "5"]
    )
    assert answer.exit_code == 0, answer.output
    assert "Space tiny: 8 points" in answer.output
    for stage in ("dataset", "text_embedding", "quantization", "merging", "training"):
        assert stage in answer.output
    assert "default is cached" in answer.output
    assert "5 trials, 3 configurations on 2 fresh seeds" in answer.output
    assert "No estimate of hours and disk" in answer.output
    assert not out.exists()


def test_data_describe_prints_counts_and_coverage() -> None:
    answer = CliRunner().invoke(cli.app, ["data", "describe", "demo"])
    assert answer.exit_code == 0
    assert "288 of 288 (100.0%)" in answer.output


def test_the_doctor_names_what_is_installed(tmp_path: Path) -> None:
    answer = CliRunner().invoke(cli.app, ["doctor", "--out", str(tmp_path)])
    assert answer.exit_code == 0
    for part in ("python", "torch", "faiss", "device"):
        assert part in answer.output


def test_ui_and_report_of_an_empty_folder_say_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for command in ("ui", "report"):
        assert run_main(monkeypatch, command, "--out", str(tmp_path)) == 2
        assert "run 'make sweep' first" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
