"""What every tracker promises; subclassed once per tracker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clairo.core.artifacts import Dataset, InteractionLog, ItemCatalog, Splits, pack_images
from clairo.core.errors import SweepError
from clairo.tracking.protocol import Tracker
from clairo.tracking.records import SweepSummary, TrialState

TRIAL_TAGS = {
    "trial.config_key": "c0ffee",
    "trial.number": "0",
    "trial.role": "search",
    "trial.seed": "7",
}


def make_summary(sweep_id: str = "sweep-1", **changes: Any) -> SweepSummary:
    values: dict[str, Any] = {
        "sweep_id": sweep_id,
        "category": "demo",
        "release": "",
        "profile": "quick",
        "seed": 7,
        "workers": 2,
        "requested_trials": 8,
        "space_name": "full",
        "space": {"fusion": {"kind": {"choices": ["none", "concat"]}}},
        "axes": ("fusion.kind",),
        "objective": "valid/ndcg_at_10",
        "dataset_name": "demo",
        "dataset_digest": "ab" * 32,
        "dataset_facts": {"items": 3, "text_coverage": 1.0},
        "notes": ("Images are absent.",),
        "environment": {"commit": "f" * 40, "dirty": False},
        "command": "make sweep",
    }
    return SweepSummary(**{**values, **changes})


def make_dataset() -> Dataset:
    names = ("a", "b", "c")
    image_bytes, offsets = pack_images([b"x", None, None])
    return Dataset(
        name="demo",
        catalog=ItemCatalog(names, names, names, names, names, image_bytes, offsets),
        log=InteractionLog(
            ("u",), np.array([0, 1, 2], np.int32), np.arange(3), np.array([0, 3], np.int64)
        ),
        splits=Splits(*(np.array([value], np.int32) for value in (1, 1, 2))),
        facts={},
    )


class TrackerContract:
    """Subclasses give the fixture ``tracker``: connected, without any run."""

    def test_a_sweep_opened_twice_is_one_run(self, tracker: Tracker) -> None:
        first = tracker.open_sweep(make_summary())
        assert tracker.open_sweep(make_summary(wall_seconds=3.0)).run_id == first.run_id
        assert tracker.open_sweep(make_summary("sweep-2")).run_id != first.run_id

    def test_a_trial_opened_twice_is_one_run(self, tracker: Tracker) -> None:
        tracker.open_sweep(make_summary())
        first = tracker.open_trial("sweep-1", "key-1", "first", TRIAL_TAGS)
        first.finish("killed")
        again = tracker.open_trial("sweep-1", "key-1", "first", TRIAL_TAGS)
        other = tracker.open_trial("sweep-1", "key-2", "second", TRIAL_TAGS)
        assert again.run_id == first.run_id != other.run_id

    def test_equal_keys_of_two_sweeps_are_two_runs(self, tracker: Tracker) -> None:
        ids = set()
        for sweep_id in ("sweep-1", "sweep-2"):
            tracker.open_sweep(make_summary(sweep_id))
            ids.add(tracker.open_trial(sweep_id, "key-1", "trial", TRIAL_TAGS).run_id)
        assert len(ids) == 2

    def test_settings_are_logged_once_and_may_be_repeated(self, tracker: Tracker) -> None:
        run = tracker.open_sweep(make_summary())
        run.log_params({"fusion.kind": "concat", "variance": 0.95, "dims": None})
        run.log_params({"fusion.kind": "concat", "variance": 0.95, "dims": None})
        with pytest.raises(SweepError, match=r"fusion.kind was 'concat' and is now 'none'"):
            run.log_params({"variance": 0.95, "fusion.kind": "none"})

    def test_more_settings_than_a_batch_and_long_ones_are_taken(self, tracker: Tracker) -> None:
        run = tracker.open_sweep(make_summary())
        many = {f"setting.{number}": number for number in range(250)}
        for _ in range(2):
            run.log_params(many | {"long": "x" * 7000, "empty": ""})

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
    def test_a_number_that_is_not_finite_is_refused(self, tracker: Tracker, value: float) -> None:
        run = tracker.open_sweep(make_summary())
        with pytest.raises(SweepError, match=r"must be finite, valid/loss is"):
            run.log_metrics({"fine": 1.0, "valid/loss": value})

    @pytest.mark.parametrize("key", ["ndcg@10", "", "x" * 251])
    def test_a_name_that_mlflow_refuses_is_refused(self, tracker: Tracker, key: str) -> None:
        run = tracker.open_sweep(make_summary())
        with pytest.raises(SweepError, match=r"write ndcg_at_10"):
            run.log_metrics({key: 1.0})
        with pytest.raises(SweepError, match=r"at most 250"):
            run.log_params({key: 1.0})
        with pytest.raises(SweepError, match=r"at most 250"):
            run.set_tags({key: "value"})

    def test_a_setting_that_is_no_json_is_refused(self, tracker: Tracker) -> None:
        run = tracker.open_sweep(make_summary())
        with pytest.raises(SweepError, match=r"finite JSON value, broken is"):
            run.log_params({"broken": object()})

    def test_files_and_the_dataset_are_taken(self, tracker: Tracker, tmp_path: Path) -> None:
        run = tracker.open_sweep(make_summary())
        (tmp_path / "codes").mkdir()
        (tmp_path / "codes" / "facts.json").write_text("{}")
        run.log_text("kind: concat\n", "config.yaml")
        run.log_folder(tmp_path / "codes", "codes")
        run.log_folder(tmp_path / "codes", "")
        run.log_dataset(make_dataset(), "ab" * 32, "demo")

    @pytest.mark.parametrize("state", ["complete", "pruned", "infeasible", "failed", "killed"])
    def test_a_finished_trial_is_not_reconciled(self, tracker: Tracker, state: TrialState) -> None:
        tracker.open_sweep(make_summary())
        tracker.open_trial("sweep-1", "key-1", "trial", TRIAL_TAGS).finish(state)
        assert tracker.reconcile("sweep-1") == ()

    def test_a_trial_that_nobody_runs_is_killed_once(self, tracker: Tracker) -> None:
        for sweep_id in ("sweep-1", "sweep-2"):
            tracker.open_sweep(make_summary(sweep_id))
            tracker.open_trial(sweep_id, "key-1", "trial", TRIAL_TAGS)
        assert tracker.reconcile("sweep-1") == ("key-1",)
        assert tracker.reconcile("sweep-1") == ()
        assert tracker.reconcile("sweep-2") == ("key-1",)

    def test_a_run_does_not_end_as_running(self, tracker: Tracker) -> None:
        with pytest.raises(SweepError, match=r"say how it ended"):
            tracker.open_sweep(make_summary()).finish("running")
