"""The codes of a run, as it logged them."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from clairo.core.artifacts import CodeTable
from clairo.core.errors import SweepError
from clairo.tracking.mlflow_tracker import TrackingConfig

if TYPE_CHECKING:
    from mlflow.entities import Run

    from clairo.tracking.mlflow_runs import MlflowTracker

CODES_FOLDER = "codes"
_SHOWN = 5


def read_codes(config: TrackingConfig, name: str) -> CodeTable:
    """The code table of one run.

    Args:
        config: Where runs are tracked.
        name: MLflow's id of the run, the key of a trial, or what ``clairo run`` printed. Of two
            trials with one key, which differ in nothing but when they ran, the later.

    Raises:
        SweepError: There is no such run, it is a sweep of several, or it ended before it had
            codes.
    """
    from clairo.tracking.run_files import open_files

    tracker = config.connect()
    run = _find(tracker, name)
    with tempfile.TemporaryDirectory() as scratch:
        folder = open_files(tracker.connection, run, Path(scratch)).folder(CODES_FOLDER)
        if folder is None:
            raise SweepError(
                f"Codes are read from a run that came to its quantization, run {name} has none "
                f"({run.data.tags.get('trial.state', 'no trial')}); name another run."
            )
        table = CodeTable.load(folder)
        # Arrays are mapped from a file that may be gone after this.
        return replace(table, codes=table.codes.copy())


def _find(tracker: MlflowTracker, name: str) -> Run:
    trials = [run for sweep in tracker.sweeps() for run in _trials(tracker, sweep)]
    by_time = sorted(trials, key=lambda run: run.info.start_time, reverse=True)
    for run in by_time:
        if name in (run.info.run_id, run.data.tags.get("trial.key")):
            return run
    nested = [run for run in by_time if name in _names_of_parent(run)]
    if len(nested) == 1:
        return nested[0]
    keys = [run.data.tags.get("trial.key", run.info.run_id) for run in nested or by_time]
    shown = ", ".join(keys[:_SHOWN]) + (" ..." if len(keys) > _SHOWN else "")
    what = f"{name} has {len(nested)} of them" if nested else f"{name} is none"
    raise SweepError(
        f"Codes are read from one trial, {what}; known here: {shown or 'none'}; name one of these."
    )


def _trials(tracker: MlflowTracker, sweep: Run) -> list[Run]:
    return tracker.trials(sweep.data.tags["sweep.id"])


def _names_of_parent(run: Run) -> tuple[str | None, ...]:
    return run.data.tags.get("sweep.id"), run.data.tags.get("mlflow.parentRunId")
