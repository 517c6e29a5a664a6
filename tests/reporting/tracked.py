"""Puts a made-up sweep into a real MLflow, the way a sweep's own trials log themselves."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from clairo.core.config import flatten
from clairo.tracking.mlflow_runs import MlflowTracker
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.protocol import Run
from clairo.tracking.records import (
    REPRESENTATION_FOLDER,
    VOCABULARY_FOLDER,
    SweepRecord,
    TrialRecord,
)
from clairo.tracking.summary_json import STAGES_FILE, stages_to_json, write_summary


def track_record(config: TrackingConfig, record: SweepRecord) -> None:
    """Logs the parent run and every trial; whatever was opened is ended."""
    tracker = config.connect()
    parent = tracker.open_sweep(record.summary)
    for trial in record.trials:
        track_trial(tracker, record.summary.sweep_id, trial)
    write_summary(parent, record.summary)
    parent.finish("complete")


def track_trial(tracker: MlflowTracker, sweep_id: str, trial: TrialRecord) -> Run:
    """Logs one trial: settings, numbers, curves, stages, ranks and what its codes mean."""
    tags = {
        "trial.config_key": trial.config_key,
        "trial.number": str(trial.number),
        "trial.role": trial.role,
        "trial.seed": str(trial.seed),
    }
    run = tracker.open_trial(sweep_id, trial.key, f"trial {trial.number}", tags)
    run.log_params(flatten(trial.config) | {"seed": trial.seed})
    run.log_text(yaml.safe_dump(_plain(trial.config), sort_keys=False), "config.yaml")
    for step, numbers in _by_step(trial).items():
        run.log_metrics(numbers, step)
    # What was logged by epoch has its last value from there.
    final = {key: value for key, value in trial.metrics.items() if key not in trial.history}
    run.log_metrics({**final, "seconds": trial.seconds})
    run.log_text(stages_to_json(trial.stages), STAGES_FILE)
    for split, rankings in trial.rankings.items():
        _log(run, rankings, f"ranks/{split}")
    if trial.vocabulary is not None:
        _log(run, trial.vocabulary, VOCABULARY_FOLDER)
    if trial.representation is not None:
        _log(run, trial.representation, REPRESENTATION_FOLDER)
    if trial.error:
        run.set_tags({"trial.error": trial.error})
    if trial.state != "running":
        run.finish(trial.state)
    return run


def _log(run: Run, artifact: Any, path: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        artifact.save(Path(folder))
        run.log_folder(Path(folder), path)


def _by_step(trial: TrialRecord) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for key, points in trial.history.items():
        for step, value in points:
            found.setdefault(step, {})[key] = value
    return found


def _plain(value: Any) -> Any:
    return {k: _plain(v) for k, v in value.items()} if isinstance(value, Mapping) else value
