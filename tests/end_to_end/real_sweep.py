"""One real sweep through the command line, small enough to be waited for.

It is stopped by Ctrl-C in its first batch and then asked for again, so that everything that is
checked of it is checked of a sweep that a person has interrupted.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.reader import read_sweep
from clairo.tracking.records import SweepRecord
from clairo.workflows.locations import tracking_config
from tests.conftest import REPOSITORY

TRIALS, WORKERS = 2, 2
TIMEOUT_SECONDS = 400

SPACE = """
about: Four points with a model that trains in a second, for testing the machinery.
reduction: {kind: pca, variance: {choice: [0.9, 0.95]}}
merging: {kind: feature_set_bpe, num_merges: {choice: [10, 20]}}
model:
  num_layers: 1
  num_decoder_layers: 1
  d_model: 32
  d_ff: 32
  epochs: 4
  max_examples: 600
  valid_users: 100
evaluation: {num_beams: 10, top_k: 10, ensemble: 2, max_users: 100, invalid_users: 20}
"""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    output: str


@dataclass(frozen=True)
class RealSweep:
    """A finished sweep and the folder it lies in.

    Attributes:
        folder: Holds the space, the output folder and the report pages.
        stopped: The first run of the command, ended by Ctrl-C.
        after_stop: What the tracker held between the two.
        finished: The same command, run to the end.
    """

    folder: Path
    stopped: Ended
    after_stop: SweepRecord
    finished: Ended

    @property
    def out(self) -> Path:
        return self.folder / "runs"

    @property
    def tracking(self) -> TrackingConfig:
        return tracking_config(self.out, None)

    @property
    def sweep_id(self) -> str:
        return self.after_stop.summary.sweep_id

    @property
    def pages(self) -> Path:
        return self.folder / "reports" / self.sweep_id

    @cached_property
    def record(self) -> SweepRecord:
        return read_sweep(self.tracking, self.sweep_id)


def sweep_arguments(folder: Path) -> list[str]:
    """What the command is asked for."""
    space = folder / "machinery.yaml"
    space.write_text(SPACE, encoding="utf-8")
    options = {
        "--space": space,
        "--trials": TRIALS,
        "--workers": WORKERS,
        "--out": folder / "runs",
        "--reports": folder / "reports",
    }
    return ["sweep", *(str(part) for option in options.items() for part in option)]


def make_real_sweep(folder: Path) -> RealSweep:
    """Starts the sweep, stops it as Ctrl-C does, and runs it to its end."""
    arguments = sweep_arguments(folder)
    tracking = tracking_config(folder / "runs", None)
    stopped = run_clairo(arguments, lambda output: _is_amid_a_trial(output, tracking))
    after_stop = read_sweep(tracking)
    return RealSweep(folder, stopped, after_stop, run_clairo(arguments))


def run_clairo(arguments: Sequence[str], stop_when: Callable[[str], bool] | None = None) -> Ended:
    """Runs ``python -m clairo`` to its end.

    Args:
        arguments: Command and options.
        stop_when: Asked with the output so far; sends what a terminal's Ctrl-C sends, once.
    """
    unset = ("MLFLOW_TRACKING_URI", "RAY_ADDRESS")
    settings = {name: value for name, value in os.environ.items() if name not in unset}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "clairo", *arguments],
            cwd=REPOSITORY,
            env=settings,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            if stop_when is not None:
                _wait_until(lambda: stop_when(_text(output)), process)
                os.killpg(process.pid, signal.SIGINT)
            process.wait(TIMEOUT_SECONDS)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        return Ended(process.returncode, _text(output))


def _wait_until(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert process.poll() is None, "the command ended before it could be stopped"
        assert time.monotonic() < deadline, "the sweep did not come to its first trial"
        time.sleep(0.2)


def _is_amid_a_trial(output: str, tracking: TrackingConfig) -> bool:
    """A trial has its codes and is busy with merging and training for seconds to come."""
    if "search:" not in output:
        return False  # the driver still prepares the database, and nobody else may open it
    tracker = tracking.connect()
    (sweep,) = tracker.sweeps()
    trials = tracker.trials(sweep.data.tags["sweep.id"])
    return any("stage.quantization" in run.data.tags for run in trials)


def _text(output: IO[str]) -> str:
    """What a file holds; its position, which the writing process shares, stays at the end."""
    size = os.fstat(output.fileno()).st_size
    return os.pread(output.fileno(), size, 0).decode("utf-8", errors="replace")
