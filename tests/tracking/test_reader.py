from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from clairo.core.artifacts import Rankings
from clairo.core.errors import SweepError
from clairo.tracking.mlflow_runs import MlflowTracker
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.reader import list_sweeps, read_sweep
from clairo.tracking.records import Candidate, StageRecord, TrialRole
from clairo.tracking.summary_json import stages_to_json, write_summary
from tests.contracts.tracker import TRIAL_TAGS, make_summary

CONFIG = {"fusion": {"kind": "concat"}, "reduction": {"variance": 0.95, "dims": None}}
STAGE = StageRecord("fusion", "concat", "fusion/concat-00", 0.5, 2.5, True, 64, {"dims": 8})


def make_rankings() -> Rankings:
    rows = np.arange(2, dtype=np.int32)
    return Rankings("valid", rows, rows, rows, rows.reshape(2, 1), {"ndcg_at_10": 0.5})


def track_trial(
    tracker: MlflowTracker, folder: Path, number: int, role: TrialRole, sweep_id: str = "sweep-1"
) -> None:
    """What a complete trial logs."""
    tags = TRIAL_TAGS | {"trial.number": str(number), "trial.role": role}
    run = tracker.open_trial(sweep_id, f"key-{number}", f"trial {number}", tags)
    run.log_params({"fusion.kind": "concat", "seed": 7})
    run.log_text(yaml.safe_dump(CONFIG), "config.yaml")
    for epoch in (1, 2):
        run.log_metrics({"epoch/valid/ndcg_at_10": epoch / 10, "epoch/train_loss": 1.0}, epoch)
    run.log_metrics({"valid/ndcg_at_10": 0.25 + number, "seconds": 3.5})
    run.log_text(stages_to_json((STAGE,)), "stages.json")
    ranks = folder / f"ranks-{number}"
    ranks.mkdir(parents=True)
    make_rankings().save(ranks)
    run.log_folder(ranks, "ranks/valid")
    run.finish("complete")


@pytest.fixture
def tracker(config: TrackingConfig) -> MlflowTracker:
    return config.connect()


def test_a_sweep_is_read_back_whole(
    config: TrackingConfig, tracker: MlflowTracker, tmp_path: Path
) -> None:
    parent = tracker.open_sweep(make_summary())
    for number, role in ((2, "ablation"), (0, "search"), (1, "confirm")):
        track_trial(tracker, tmp_path, number, role)  # type: ignore[arg-type]
    summary = make_summary(finished=True, wall_seconds=9.0)
    write_summary(parent, summary)
    parent.finish("complete")

    record = read_sweep(config)
    assert (record.run_id, record.summary) == (parent.run_id, summary)
    assert [trial.number for trial in record.trials] == [0, 1, 2]
    first = record.by_key()["key-0"]
    assert (first.state, first.role, first.seed, first.config_key) == (
        "complete",
        "search",
        7,
        "c0ffee",
    )
    assert first.config == CONFIG
    assert first.params == {
        "fusion.kind": "concat",
        "reduction.variance": 0.95,
        "reduction.dims": None,
    }
    assert first.metrics["valid/ndcg_at_10"] == 0.25
    assert first.history == {
        "epoch/train_loss": ((1, 1.0), (2, 1.0)),
        "epoch/valid/ndcg_at_10": ((1, 0.1), (2, 0.2)),
    }
    assert first.stages == (STAGE,)
    assert first.seconds == 3.5


def test_ranks_are_read_where_a_claim_rests_on_them(
    config: TrackingConfig, tracker: MlflowTracker, tmp_path: Path
) -> None:
    named = (Candidate("c0ffee", 0.25, ("key-0",)),)
    tracker.open_sweep(make_summary(candidates=named))
    for number, role in ((0, "search"), (1, "search"), (2, "confirm"), (3, "ablation")):
        track_trial(tracker, tmp_path, number, role)  # type: ignore[arg-type]
    trials = read_sweep(config).by_key()
    assert [list(trials[f"key-{n}"].rankings) for n in range(4)] == [
        ["valid"],
        [],
        ["valid"],
        ["valid"],
    ]
    assert trials["key-2"].rankings["valid"].ranks.tolist() == make_rankings().ranks.tolist()


def test_an_early_end_is_read_with_what_there_is(
    config: TrackingConfig, tracker: MlflowTracker
) -> None:
    tracker.open_sweep(make_summary())
    run = tracker.open_trial("sweep-1", "key-0", "trial", TRIAL_TAGS)
    run.set_tags({"trial.error": "DataError: no pictures"})
    run.finish("failed")
    (trial,) = read_sweep(config).trials
    assert (trial.state, trial.error) == ("failed", "DataError: no pictures")
    assert (trial.config, trial.params, trial.stages, trial.history) == ({}, {}, (), {})
    assert trial.rankings == {}
    assert 0 <= trial.seconds < 60


def test_an_epoch_that_ran_twice_has_its_later_value(
    config: TrackingConfig, tracker: MlflowTracker
) -> None:
    tracker.open_sweep(make_summary())
    run = tracker.open_trial("sweep-1", "key-0", "trial", TRIAL_TAGS)
    for value in (0.1, 0.3):
        run.log_metrics({"epoch/valid/ndcg_at_10": value}, step=1)
        time.sleep(0.01)
    (trial,) = read_sweep(config).trials
    assert trial.history == {"epoch/valid/ndcg_at_10": ((1, 0.3),)}


def test_the_latest_sweep_is_read_unless_one_is_named(
    config: TrackingConfig, tracker: MlflowTracker
) -> None:
    for sweep_id in ("older", "newer"):
        tracker.open_sweep(make_summary(sweep_id)).finish("complete")
        time.sleep(0.01)
    assert [entry.sweep_id for entry in list_sweeps(config)] == ["newer", "older"]
    assert list_sweeps(config)[0].state == "complete"
    assert read_sweep(config).summary.sweep_id == "newer"
    assert read_sweep(config, "older").summary.sweep_id == "older"
    with pytest.raises(SweepError, match=r"got other; known here: newer, older; start one"):
        read_sweep(config, "other")


def test_an_experiment_without_sweeps_is_said(config: TrackingConfig) -> None:
    assert list_sweeps(config) == ()
    with pytest.raises(SweepError, match=r"got none; known here: none; start one"):
        read_sweep(config)


def test_lost_artifacts_are_said(
    config: TrackingConfig, tracker: MlflowTracker, tmp_path: Path
) -> None:
    tracker.open_sweep(make_summary())
    shutil.rmtree(tmp_path / "artifacts")
    with pytest.raises(SweepError, match=r"holds sweep.json, run \w+ does not"):
        read_sweep(config)


def test_a_nested_run_that_is_no_trial_of_ours_is_said(
    config: TrackingConfig, tracker: MlflowTracker
) -> None:
    tracker.open_sweep(make_summary())
    tracker.open_trial("sweep-1", "key-0", "trial", TRIAL_TAGS | {"trial.role": "other"})
    with pytest.raises(SweepError, match=r"tag trial.role in .*'other'; delete this run"):
        read_sweep(config)


def test_many_trials_are_read_in_seconds(
    config: TrackingConfig, tracker: MlflowTracker, tmp_path: Path
) -> None:
    tracker.open_sweep(make_summary())
    for number in range(25):
        track_trial(tracker, tmp_path, number, "search")
    started = time.monotonic()
    assert len(read_sweep(config).trials) == 25
    assert time.monotonic() - started < 4
