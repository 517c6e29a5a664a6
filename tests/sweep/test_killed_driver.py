"""What is left when the process that drives a sweep goes away: real processes, real signals."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from clairo.sweep.local_executor import LocalExecutor
from tests.sweep.driver import PLAN
from tests.sweep.fakes import FakeRun, open_search, starts_of

REPOSITORY = Path(__file__).resolve().parents[2]


def start_driver(folder: Path, executor: str, starts: int) -> subprocess.Popen[str]:
    """A driver that has started some trials."""
    command = [sys.executable, "-m", "tests.sweep.driver", str(folder), executor]
    process = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while len(starts_of(folder)) < starts:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "the driver starts no trials"
        time.sleep(0.02)
    return process


def children_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def undisturbed(folder: Path) -> list[tuple[int, str, float | None]]:
    folder.mkdir()
    search, database = open_search(folder, PLAN)
    LocalExecutor(1).execute(search, FakeRun())
    database.close()
    return [(trial.number, trial.key, trial.value) for trial in search.trials]


def test_after_kill_9_a_sweep_goes_on_without_losing_or_repeating_anything(tmp_path: Path) -> None:
    process = start_driver(tmp_path, "local", starts=5)
    workers = children_of(process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    psutil.wait_procs(workers, timeout=30)

    search, database = open_search(tmp_path, PLAN)
    recorded = {trial.number for trial in search.trials if trial.state == "complete"}
    before = Counter(starts_of(tmp_path))
    LocalExecutor(1).execute(search, FakeRun(folder=tmp_path))

    again = Counter(starts_of(tmp_path)) - before
    assert recorded
    assert not recorded & set(again)
    assert all(count == 1 for count in again.values())
    found = [(trial.number, trial.key, trial.value) for trial in search.trials]
    assert found == undisturbed(tmp_path / "reference")
    states = {trial.state.name for trial in database.study.get_trials()}
    assert states <= {"COMPLETE", "FAIL"}


@pytest.mark.parametrize(
    ("executor", "sent"),
    [("local", signal.SIGINT), ("ray", signal.SIGINT), ("ray", signal.SIGTERM)],
)
def test_an_interrupt_ends_the_running_trials_and_the_driver(
    tmp_path: Path, executor: str, sent: signal.Signals
) -> None:
    process = start_driver(tmp_path, executor, starts=3)
    workers = children_of(process)
    process.send_signal(sent)
    _, message = process.communicate(timeout=60)

    assert "KeyboardInterrupt" in message
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []
    search, _ = open_search(tmp_path, PLAN)
    LocalExecutor(1).execute(search, FakeRun())
    assert {trial.state for trial in search.trials} == {"complete"}
    assert len(search.trials) == PLAN.budget
