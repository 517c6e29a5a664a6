"""Reads the confirmed best of every sweep, and nothing of its search.

A leaderboard spans all sweeps of a tracker, some with thousands of trials: of each sweep only
``sweep.json`` and the few runs that confirmed its winner are read, no artifact of any trial.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clairo.core.errors import SweepError
from clairo.tracking.logged_values import require_key
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.reader import KIND_TAG
from clairo.tracking.records import SWEEP_FILE, SweepSummary
from clairo.tracking.summary_json import summary_from_json

if TYPE_CHECKING:
    from mlflow.entities import Run

    from clairo.tracking.mlflow_runs import MlflowTracker


@dataclass(frozen=True)
class ConfirmedRun:
    """One run of a sweep's winner on a fresh seed.

    Attributes:
        key: Its ``trial.key``.
        config_key: Hash of its configuration.
        seed: Root seed, ``None`` where the run does not say.
        state: How it ended.
        metrics: Last value of each metric.
        params: Flattened settings, as texts.
        commit: Commit of the code that ran it, ``""`` where it was not known.
        error: Message of a failed run, else ``""``.
    """

    key: str
    config_key: str
    seed: int | None
    state: str
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    commit: str
    error: str


@dataclass(frozen=True)
class BestOfSweep:
    """The winner of a sweep as its runs on fresh seeds show it.

    Attributes:
        run_id: MLflow id of the parent run.
        summary: What the parent says.
        single: Whether it is a single run, which nobody chose from others.
        wanted: Keys of the winner's runs, in the order of their seeds.
        runs: Those of them that are in the tracker, by key.
    """

    run_id: str
    summary: SweepSummary
    single: bool
    wanted: tuple[str, ...]
    runs: Mapping[str, ConfirmedRun]


@dataclass(frozen=True)
class UnreadSweep:
    """A sweep of which nothing can be shown.

    Attributes:
        sweep_id: Its id.
        run_id: MLflow id of the parent run.
        reason: Why, one sentence.
    """

    sweep_id: str
    run_id: str
    reason: str


def read_best_of_all(
    config: TrackingConfig, *, single_runs: bool = False
) -> tuple[BestOfSweep | UnreadSweep, ...]:
    """The winner of every sweep, oldest sweep first.

    Args:
        config: Where.
        single_runs: Whether runs of ``clairo run`` are read as well; each has one seed.

    Raises:
        SweepError: The address does not answer or has no such experiment.
    """
    tracker = config.connect()
    parents = sorted(tracker.sweeps(), key=lambda run: (run.info.start_time, run.info.run_id))
    with tempfile.TemporaryDirectory() as scratch:
        return tuple(
            _read_best(tracker, parent, Path(scratch))
            for parent in parents
            if single_runs or parent.data.tags.get(KIND_TAG) != "run"
        )


def _read_best(tracker: MlflowTracker, parent: Run, scratch: Path) -> BestOfSweep | UnreadSweep:
    from clairo.tracking.run_files import open_files

    run_id, sweep_id = parent.info.run_id, parent.data.tags["sweep.id"]
    text = open_files(tracker.connection, parent, scratch).read_text(SWEEP_FILE)
    if text is None:
        reason = f"its {SWEEP_FILE} is gone from the artifacts; restore it."
        return UnreadSweep(sweep_id, run_id, reason)
    try:
        summary = summary_from_json(text)
    except SweepError as error:
        return UnreadSweep(sweep_id, run_id, str(error))
    if parent.data.tags.get(KIND_TAG) == "run":
        found = _runs(tracker, f"tags.`sweep.id` = '{sweep_id}'")
        return BestOfSweep(run_id, summary, True, tuple(found), found)
    if not summary.candidates:
        return UnreadSweep(sweep_id, run_id, _why_unconfirmed(summary))
    wanted = summary.candidates[0].trial_keys
    found = _winners_runs(tracker, sweep_id, wanted)
    return BestOfSweep(run_id, summary, False, wanted, found)


def _why_unconfirmed(summary: SweepSummary) -> str:
    if summary.is_ablation:
        return "it is an ablation: its arms are compared, and none is chosen."
    if summary.finished:
        return "it ended without a configuration confirmed on fresh seeds."
    return "no configuration was confirmed on fresh seeds yet; the same command goes on with it."


def _winners_runs(
    tracker: MlflowTracker, sweep_id: str, wanted: Iterable[str]
) -> dict[str, ConfirmedRun]:
    """Runs by key: all confirming ones in one question, one that had another role by itself."""
    sweep = f"tags.`sweep.id` = '{sweep_id}'"
    found = _runs(tracker, f"{sweep} and tags.`trial.role` = 'confirm'")
    for key in wanted:
        if key not in found:
            require_key("trial key", key)
            found |= _runs(tracker, f"{sweep} and tags.`trial.key` = '{key}'")
    return {key: found[key] for key in wanted if key in found}


def _runs(tracker: MlflowTracker, where: str) -> dict[str, ConfirmedRun]:
    from clairo.tracking.mlflow_runs import LEVEL_TAG

    level = f"tags.`{LEVEL_TAG}` = 'trial'"
    runs = tracker.connection.search(tracker.experiment_id, f"{where} and {level}")
    return {found.key: found for found in map(_confirmed_run, runs)}


def _confirmed_run(run: Run) -> ConfirmedRun:
    tags = run.data.tags
    seed = tags.get("trial.seed", "")
    return ConfirmedRun(
        key=tags.get("trial.key", run.info.run_id),
        config_key=tags.get("trial.config_key", ""),
        seed=int(seed) if seed.isdigit() else None,
        state=tags.get("trial.state", "running"),
        metrics=dict(run.data.metrics),
        params=dict(run.data.params),
        commit=tags.get("mlflow.source.git.commit", ""),
        error=tags.get("trial.error", ""),
    )
