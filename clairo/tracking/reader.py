"""Reads a sweep back: everything a report needs, from MLflow alone."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import yaml

from clairo.core.artifacts import Rankings
from clairo.core.config import flatten
from clairo.core.errors import SweepError
from clairo.merging.spelled import SpelledVocabulary
from clairo.quantization.representation import Representation
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.records import (
    REPRESENTATION_FOLDER,
    SWEEP_FILE,
    VOCABULARY_FOLDER,
    StageRecord,
    SweepRecord,
    SweepSummary,
    TrialRecord,
    TrialRole,
    TrialState,
)
from clairo.tracking.representation_files import read_representation
from clairo.tracking.segment_files import read_segments
from clairo.tracking.spelled_files import read_spelled
from clairo.tracking.summary_json import STAGES_FILE, stages_from_json, summary_from_json

if TYPE_CHECKING:
    from mlflow.entities import Run

    from clairo.tracking.histories import Curve
    from clairo.tracking.mlflow_runs import MlflowTracker
    from clairo.tracking.run_files import RunFiles

CONFIG_FILE = "config.yaml"
_HISTORY_PREFIX = "epoch/"
_DOWNLOADS = 8
"""Trials whose artifacts are asked for at a time."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same values ten times as fast where the package brings its C library."""

KIND_TAG = "sweep.kind"
"""``run`` on the parent of a single run, which is never taken for the latest sweep."""


@dataclass(frozen=True)
class SweepEntry:
    """One line in the list of sweeps.

    Attributes:
        sweep_id: Unique id.
        run_id: MLflow id of the parent run.
        started: When it was first started, UTC.
        state: ``running``, ``complete``, ``failed`` or ``killed``.
    """

    sweep_id: str
    run_id: str
    started: datetime
    state: TrialState


def list_sweeps(config: TrackingConfig) -> tuple[SweepEntry, ...]:
    """All sweeps of the experiment, latest first.

    Raises:
        SweepError: The address does not answer or has no such experiment.
    """
    return tuple(
        SweepEntry(
            sweep_id=run.data.tags["sweep.id"],
            run_id=run.info.run_id,
            started=datetime.fromtimestamp(run.info.start_time / 1000, UTC),
            state=cast(TrialState, run.data.tags["sweep.state"]),
        )
        for run in _parents(config.connect())
    )


def latest_search(config: TrackingConfig) -> str:
    """Id of the last sweep that searched: neither a single run nor an ablation by itself.

    Raises:
        SweepError: There is none, or one that is later cannot be read.
    """
    from clairo.tracking.run_files import open_files

    tracker = config.connect()
    with tempfile.TemporaryDirectory() as scratch:
        for parent in _parents(tracker):
            if parent.data.tags.get(KIND_TAG) == "run":
                continue
            files = open_files(tracker.connection, parent, Path(scratch))
            summary = read_summary(files, parent.info.run_id)
            if not summary.is_ablation:
                return summary.sweep_id
    raise SweepError(
        "The latest sweep was asked for, none is tracked here that searched; start one with "
        "'make sweep'."
    )


def read_sweep(config: TrackingConfig, sweep_id: str | None = None) -> SweepRecord:
    """Everything that was tracked of one sweep.

    A trial that ended early lacks what it did not come to: its ``config`` is empty when it
    was stopped before it said what it was, ``stages`` are empty before they were written,
    ``history`` has no epochs it did not reach. Rankings are read for the trials that
    candidates and arms name and for those that were run to confirm or ablate, not for the
    search. Spelled merges and
    descriptions of codes that cannot be read are left out, and the trial says why.

    Args:
        config: Where.
        sweep_id: Which, ``None`` for the latest.

    Raises:
        SweepError: There is no such sweep, or what is there is not what a sweep writes.
    """
    from clairo.tracking.histories import read_histories
    from clairo.tracking.run_files import open_files

    tracker = config.connect()
    parent = _find_parent(tracker, sweep_id)
    with tempfile.TemporaryDirectory() as scratch:
        files = open_files(tracker.connection, parent, Path(scratch))
        summary = read_summary(files, parent.info.run_id)
        segments = read_segments(files)
        named = _named_trials(summary)
        runs = tracker.trials(summary.sweep_id)
        histories = read_histories(tracker.connection, runs, _HISTORY_PREFIX)

        def read(run: Run) -> TrialRecord:
            found = open_files(tracker.connection, run, Path(scratch))
            return _read_trial(run, found, histories[run.info.run_id], named)

        # Waiting for a server is done side by side; local files are only read.
        with ThreadPoolExecutor(_DOWNLOADS if files.remote else 1) as pool:
            trials = tuple(pool.map(read, runs))
    ordered = tuple(sorted(trials, key=lambda trial: trial.number))
    return SweepRecord(
        run_id=parent.info.run_id, summary=summary, trials=ordered, segments=segments
    )


def read_summary(files: RunFiles, run_id: str) -> SweepSummary:
    """What a parent run says about its sweep.

    Args:
        files: The artifacts of the parent run.
        run_id: Its id, for messages.

    Raises:
        SweepError: The artifact is gone, or is not what a sweep writes.
    """
    text = files.read_text(SWEEP_FILE)
    if text is None:
        raise SweepError(
            f"A sweep's parent run holds {SWEEP_FILE}, run {run_id} does not; "
            "its artifacts were moved or removed, restore them."
        )
    return summary_from_json(text)


def read_trial(tracker: MlflowTracker, run: Run, scratch: Path) -> TrialRecord:
    """One nested run with its ranks, whatever its role; downloads go below ``scratch``.

    Raises:
        SweepError: It is no trial of ours.
        ArtifactError: Its ranks are there and cannot be read.
    """
    from clairo.tracking.histories import read_histories
    from clairo.tracking.run_files import open_files

    files = open_files(tracker.connection, run, scratch)
    history = read_histories(tracker.connection, [run], _HISTORY_PREFIX)[run.info.run_id]
    return _read_trial(run, files, history, frozenset({_tag(run, "trial.key")}))


def _parents(tracker: MlflowTracker) -> list[Run]:
    """Parent runs, latest first."""
    return sorted(tracker.sweeps(), key=lambda run: run.info.start_time, reverse=True)


def _find_parent(tracker: MlflowTracker, sweep_id: str | None) -> Run:
    parents = _parents(tracker)
    for run in parents:
        tags = run.data.tags
        is_latest = sweep_id is None and tags.get(KIND_TAG) != "run"
        if is_latest or sweep_id == tags["sweep.id"]:
            return run
    known = ", ".join(run.data.tags["sweep.id"] for run in parents) or "none"
    raise SweepError(
        f"A sweep must be one that is tracked, got {sweep_id or 'none'}; known here: {known}; "
        "start one with 'make sweep'."
    )


def _named_trials(summary: SweepSummary) -> frozenset[str]:
    candidates = {key for candidate in summary.candidates for key in candidate.trial_keys}
    return frozenset(candidates | {key for arm in summary.arms for key in arm.trial_keys})


def _read_trial(
    run: Run, files: RunFiles, history: Mapping[str, Curve], named: frozenset[str]
) -> TrialRecord:
    from clairo.tracking.histories import as_logged

    tags = run.data.tags
    role = cast(TrialRole, _tag(run, "trial.role", get_args(TrialRole)))
    key = _tag(run, "trial.key")
    config = _read_config(files)
    described = role != "search"
    vocabulary, vocabulary_error = _read_vocabulary(files) if described else (None, "")
    meaning, meaning_error = _read_meaning(files) if described else (None, "")
    return TrialRecord(
        run_id=run.info.run_id,
        key=key,
        config_key=_tag(run, "trial.config_key"),
        number=int(_tag(run, "trial.number")),
        role=role,
        state=cast(TrialState, _tag(run, "trial.state", get_args(TrialState))),
        seed=int(_tag(run, "trial.seed")),
        config=config,
        params=flatten(config) if config else dict(run.data.params),
        metrics={key: as_logged(value) for key, value in run.data.metrics.items()},
        history=history,
        stages=_read_stages(files),
        seconds=_seconds(run),
        error=tags.get("trial.error", ""),
        rankings=_read_rankings(files) if role != "search" or key in named else {},
        vocabulary=vocabulary,
        vocabulary_error=vocabulary_error,
        representation=meaning,
        representation_error=meaning_error,
    )


def _tag(run: Run, name: str, allowed: tuple[str, ...] = ()) -> str:
    value = run.data.tags.get(name)
    if value is None or (allowed and value not in allowed):
        raise SweepError(
            f"A trial's run carries the tag {name}{f' in {allowed}' if allowed else ''}, run "
            f"{run.info.run_id} has {value!r}; delete this run in MLflow if it is not a trial."
        )
    return str(value)


def _read_config(files: RunFiles) -> dict[str, Any]:
    text = files.read_text(CONFIG_FILE)
    config = yaml.load(text, _LOADER) if text is not None else {}  # noqa: S506 - a safe loader
    if not isinstance(config, dict):
        raise SweepError(
            f"{CONFIG_FILE} holds settings by name, got {type(config).__name__}; restore the "
            "artifact."
        )
    return config


def _read_stages(files: RunFiles) -> tuple[StageRecord, ...]:
    text = files.read_text(STAGES_FILE)
    return stages_from_json(text) if text is not None else ()


def _read_rankings(files: RunFiles) -> dict[str, Rankings]:
    folders = {split: files.folder(f"ranks/{split}") for split in ("valid", "test")}
    return {split: Rankings.load(path) for split, path in folders.items() if path is not None}


def _read_vocabulary(files: RunFiles) -> tuple[SpelledVocabulary | None, str]:
    folder = files.folder(VOCABULARY_FOLDER)
    return read_spelled(folder) if folder is not None else (None, "")


def _read_meaning(files: RunFiles) -> tuple[Representation | None, str]:
    folder = files.folder(REPRESENTATION_FOLDER)
    return read_representation(folder) if folder is not None else (None, "")


def _seconds(run: Run) -> float:
    """As logged by the trial; for one that did not come to it, the run's own duration so far."""
    if "seconds" in run.data.metrics:
        return float(run.data.metrics["seconds"])
    end = run.info.end_time or run.info.start_time
    return float((end - run.info.start_time) / 1000)
