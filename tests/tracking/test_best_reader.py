"""The winner of every sweep, read from a real database without reading any search."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clairo.core.errors import SweepError
from clairo.tracking.best_reader import BestOfSweep, UnreadSweep, read_best_of_all
from clairo.tracking.mlflow_runs import MlflowTracker
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.reader import KIND_TAG
from clairo.tracking.records import Candidate, Experiment, TrialState
from clairo.tracking.run_files import RunFiles
from tests.contracts.tracker import TRIAL_TAGS, make_summary

WINNER = Candidate("c0ffee", 0.25, ("key-1", "key-2"))
RUNNER_UP = Candidate("decaf", 0.24, ("key-3",))


@pytest.fixture
def tracker(config: TrackingConfig) -> MlflowTracker:
    return config.connect()


def track(
    tracker: MlflowTracker,
    number: int,
    *,
    sweep_id: str = "sweep-1",
    role: str = "confirm",
    state: TrialState = "complete",
    **tags: str,
) -> str:
    own = {"trial.number": str(number), "trial.role": role, "trial.seed": str(100 + number)}
    run = tracker.open_trial(sweep_id, f"key-{number}", f"trial {number}", TRIAL_TAGS | own | tags)
    run.log_params({"fusion.kind": "concat"})
    run.log_metrics({"test/ndcg_at_10": number / 100, "valid/ndcg_at_10": number / 50})
    run.finish(state)
    return run.run_id


def only(config: TrackingConfig, **options: Any) -> BestOfSweep | UnreadSweep:
    (found,) = read_best_of_all(config, **options)
    return found


def test_the_winners_runs_are_read_and_no_others(
    config: TrackingConfig, tracker: MlflowTracker
) -> None:
    tracker.open_sweep(make_summary(candidates=(WINNER, RUNNER_UP), finished=True))
    track(tracker, 0, role="search")
    for number in (2, 1, 3):
        track(tracker, number)
    track(tracker, 4, role="ablation")
    best = only(config)
    assert isinstance(best, BestOfSweep)
    assert (best.wanted, list(best.runs), best.single) == (
        ("key-1", "key-2"),
        ["key-1", "key-2"],
        False,
    )
    first = best.runs["key-1"]
    assert (first.seed, first.state, first.config_key) == (101, "complete", "c0ffee")
    assert first.metrics == {"test/ndcg_at_10": 0.01, "valid/ndcg_at_10": 0.02}
    assert first.params == {"fusion.kind": "concat"}


def test_a_winners_run_that_was_made_for_something_else_is_found(
    config: TrackingConfig, tracker: MlflowTracker
) -> None:
    tracker.open_sweep(make_summary(candidates=(WINNER,)))
    track(tracker, 1, role="search")
    track(tracker, 2)
    best = only(config)
    assert isinstance(best, BestOfSweep)
    assert list(best.runs) == ["key-1", "key-2"]


def test_a_deleted_run_is_missing_and_still_wanted(
    config: TrackingConfig, tracker: MlflowTracker
) -> None:
    tracker.open_sweep(make_summary(candidates=(WINNER,)))
    track(tracker, 1)
    tracker.connection.client.delete_run(track(tracker, 2))
    best = only(config)
    assert isinstance(best, BestOfSweep)
    assert (best.wanted, list(best.runs)) == (("key-1", "key-2"), ["key-1"])


@pytest.mark.parametrize(
    ("finished", "said"), [(True, "ended without"), (False, "fresh seeds yet")]
)
def test_a_sweep_that_confirmed_nothing_says_so(
    config: TrackingConfig, tracker: MlflowTracker, finished: bool, said: str
) -> None:
    tracker.open_sweep(make_summary(finished=finished))
    found = only(config)
    assert isinstance(found, UnreadSweep)
    assert found.sweep_id == "sweep-1"
    assert said in found.reason


def test_a_sweep_whose_record_is_lost_or_damaged_does_not_hide_the_others(
    config: TrackingConfig, tracker: MlflowTracker, tmp_path: Path
) -> None:
    lost = tracker.open_sweep(make_summary("lost", candidates=(WINNER,)))
    damaged = tracker.open_sweep(make_summary("damaged", candidates=(WINNER,)))
    tracker.open_sweep(make_summary("whole", candidates=(WINNER,)))
    track(tracker, 1, sweep_id="whole")
    shutil.rmtree(next((tmp_path / "artifacts").glob(f"**/{lost.run_id}")))
    damaged.log_text('{"sweep_id": 1}', "sweep.json")
    found = {
        (f.sweep_id if isinstance(f, UnreadSweep) else f.summary.sweep_id): f
        for f in read_best_of_all(config)
    }
    assert isinstance(found["whole"], BestOfSweep)
    assert isinstance(found["lost"], UnreadSweep)
    assert isinstance(found["damaged"], UnreadSweep)
    assert "sweep.json is gone" in found["lost"].reason
    assert "must be what this version writes" in found["damaged"].reason


def test_single_runs_are_read_only_when_asked_for(
    config: TrackingConfig, tracker: MlflowTracker
) -> None:
    parent = tracker.open_sweep(make_summary("run-1"))
    parent.set_tags({KIND_TAG: "run"})
    track(tracker, 1, sweep_id="run-1")
    assert read_best_of_all(config) == ()
    best = only(config, single_runs=True)
    assert isinstance(best, BestOfSweep)
    assert (best.single, best.wanted) == (True, ("key-1",))


def test_a_run_without_its_tags_is_read_with_what_it_has(
    config: TrackingConfig, tracker: MlflowTracker
) -> None:
    tracker.open_sweep(make_summary(candidates=(WINNER,)))
    track(tracker, 1, **{"trial.seed": "seven"})
    best = only(config)
    assert isinstance(best, BestOfSweep)
    assert best.runs["key-1"].seed is None


def test_a_key_that_no_tracker_holds_is_refused(
    config: TrackingConfig, tracker: MlflowTracker
) -> None:
    quoted = Candidate("c0ffee", 0.25, ("key' or '1' = '1",))
    tracker.open_sweep(make_summary(candidates=(quoted,)))
    with pytest.raises(SweepError, match="trial key is named with"):
        read_best_of_all(config)


def test_an_empty_tracker_has_no_best(config: TrackingConfig) -> None:
    assert read_best_of_all(config, single_runs=True) == ()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names of the artifacts that were read."""
    names: list[str] = []
    read_text = RunFiles.read_text

    def watched(self: RunFiles, path: str) -> str | None:
        names.append(path)
        return read_text(self, path)

    monkeypatch.setattr(RunFiles, "read_text", watched)
    return names


def test_one_file_a_sweep_is_opened_however_many_trials_it_has(
    config: TrackingConfig,
    tracker: MlflowTracker,
    opened: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tracker.open_sweep(make_summary(candidates=(WINNER,)))
    for number in range(12):
        track(tracker, number, role="confirm" if number in (1, 2) else "search")
    seen: list[int] = []
    search = type(tracker.connection).search

    def counted(self: Any, experiment_id: str, where: str) -> Any:
        runs = search(self, experiment_id, where)
        seen.append(len(runs))
        return runs

    monkeypatch.setattr(type(tracker.connection), "search", counted)
    read_best_of_all(config)
    assert opened == ["sweep.json"]
    assert seen == [1, 2]  # the parent, then the winner's two runs


def test_an_ablation_is_left_out_as_what_it_is(
    config: TrackingConfig, tracker: MlflowTracker
) -> None:
    experiment = Experiment(
        "modality_masking", "What?", "best", "ndcg_at_10", "valid", None, 0.05, "table", "frozen",
        (),
    )  # fmt: skip
    tracker.open_sweep(make_summary(axes=(), experiment=experiment, finished=True))
    unread = only(config)
    assert isinstance(unread, UnreadSweep)
    assert unread.reason == "it is an ablation: its arms are compared, and none is chosen."
