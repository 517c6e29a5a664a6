from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.entities import Run as MlflowRunEntity

from clairo.core.errors import SweepError
from clairo.tracking.mlflow_runs import MlflowTracker
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.records import TrialState
from tests.contracts.tracker import TRIAL_TAGS, TrackerContract, make_dataset, make_summary

REPOSITORY = Path(__file__).resolve().parents[2]

WRITER = """
import sys
from clairo.tracking.mlflow_tracker import TrackingConfig
from tests.contracts.tracker import TRIAL_TAGS

uri, worker = sys.argv[1:]
tracker = TrackingConfig(uri, "clairo").connect()
for number in range(4):
    run = tracker.open_trial("sweep-1", f"{worker}-{number}", "trial", TRIAL_TAGS)
    run.log_params({"worker": worker, "number": number})
    for epoch in range(1, 11):
        run.log_metrics({"epoch/loss": epoch / 10, "epoch/valid/ndcg_at_10": 0.1}, step=epoch)
    run.finish("complete")
"""


@pytest.fixture
def tracker(config: TrackingConfig) -> MlflowTracker:
    return config.connect()


def stored(tracker: MlflowTracker, run_id: str) -> MlflowRunEntity:
    return tracker.connection.client.get_run(run_id)


class TestContract(TrackerContract):
    pass


class TestRuns:
    def test_trials_are_nested_and_tagged(self, tracker: MlflowTracker) -> None:
        parent = tracker.open_sweep(make_summary())
        run = tracker.open_trial("sweep-1", "key-1", "trial 0", {**TRIAL_TAGS, "extra": "yes"})
        found = stored(tracker, run.run_id)
        assert found.info.run_name == "trial 0"
        assert found.info.status == "RUNNING"
        expected = {
            **TRIAL_TAGS,
            "extra": "yes",
            "sweep.id": "sweep-1",
            "trial.key": "key-1",
            "trial.state": "running",
            "mlflow.parentRunId": parent.run_id,
        }
        assert expected.items() <= found.data.tags.items()
        assert stored(tracker, parent.run_id).data.tags["sweep.state"] == "running"

    @pytest.mark.parametrize(
        ("state", "status"),
        [
            ("complete", "FINISHED"),
            ("pruned", "FINISHED"),
            ("infeasible", "FINISHED"),
            ("failed", "FAILED"),
            ("killed", "KILLED"),
        ],
    )
    def test_how_a_trial_ended_is_a_status_and_a_tag(
        self, tracker: MlflowTracker, state: TrialState, status: str
    ) -> None:
        tracker.open_sweep(make_summary())
        run = tracker.open_trial("sweep-1", "key-1", "trial", TRIAL_TAGS)
        run.finish(state)
        found = stored(tracker, run.run_id)
        assert (found.info.status, found.data.tags["trial.state"]) == (status, state)
        assert found.info.end_time >= found.info.start_time

    def test_a_continued_trial_is_running_again(self, tracker: MlflowTracker) -> None:
        tracker.open_sweep(make_summary())
        tracker.open_trial("sweep-1", "key-1", "trial", TRIAL_TAGS).finish("killed")
        run = tracker.open_trial("sweep-1", "key-1", "again", TRIAL_TAGS)
        found = stored(tracker, run.run_id)
        assert (found.info.status, found.info.run_name) == ("RUNNING", "again")
        assert found.data.tags["trial.state"] == "running"

    def test_a_trial_without_its_sweep_is_refused(self, tracker: MlflowTracker) -> None:
        with pytest.raises(SweepError, match=r"has no sweep 'sweep-1'; open the sweep first"):
            tracker.open_trial("sweep-1", "key-1", "trial", TRIAL_TAGS)

    def test_what_is_too_long_is_cut_and_says_so(self, tracker: MlflowTracker) -> None:
        run = tracker.open_sweep(make_summary())
        run.log_params({"long": "x" * 7000})
        run.set_tags({"trial.error": "y" * 9000})
        data = stored(tracker, run.run_id).data
        assert data.params["long"].endswith("x... [7000 characters cut]")
        assert data.tags["trial.error"].endswith("y... [9000 characters cut]")
        assert (len(data.params["long"]), len(data.tags["trial.error"])) == (6000, 8000)

    def test_the_dataset_is_an_input_with_its_digest(self, tracker: MlflowTracker) -> None:
        run = tracker.open_sweep(make_summary())
        run.log_dataset(make_dataset(), "0123456789abcdef" * 4, "data/demo")
        found = stored(tracker, run.run_id)
        (given,) = found.inputs.dataset_inputs
        assert given.dataset.name == "demo"
        assert given.dataset.digest == ("0123456789abcdef" * 4)[:36]
        assert json.loads(given.dataset.profile) == {"items": 3, "users": 1, "interactions": 3}
        assert found.data.tags["dataset.digest"] == "0123456789abcdef" * 4

    def test_the_dataset_says_how_it_was_filtered_and_split(self, tracker: MlflowTracker) -> None:
        run = tracker.open_sweep(make_summary())
        facts = {"split": "global_time", "chosen_settings": {"min_rating": 4}, "other": 1}
        run.log_dataset(replace(make_dataset(), facts=facts), "ab" * 32, "data")
        (given,) = stored(tracker, run.run_id).inputs.dataset_inputs
        profile = json.loads(given.dataset.profile)
        assert (profile["split"], profile["chosen_settings"]) == ("global_time", {"min_rating": 4})
        assert "other" not in profile

    def test_artifacts_lie_below_the_absolute_root(
        self, tracker: MlflowTracker, tmp_path: Path
    ) -> None:
        run = tracker.open_sweep(make_summary())
        run.log_text("kind: concat\n", "deep/config.yaml")
        (path,) = (tmp_path / "artifacts").glob("*/artifacts/deep/config.yaml")
        assert path.read_text() == "kind: concat\n"

    def test_artifacts_that_cannot_be_written_are_said(
        self, tracker: MlflowTracker, tmp_path: Path
    ) -> None:
        run = tracker.open_sweep(make_summary())
        (tmp_path / "artifacts" / run.run_id / "artifacts" / "codes").write_text("in the way")
        with pytest.raises(SweepError, match=r"choose another OUT"):
            run.log_text("x", "codes/facts.json")

    def test_a_run_removed_by_someone_else_is_said(self, tracker: MlflowTracker) -> None:
        run = tracker.open_sweep(make_summary())
        tracker.connection.client.delete_run(run.run_id)
        with pytest.raises(SweepError, match=r"must accept what is logged.*deleted"):
            run.log_metrics({"x": 1.0})


class TestProcesses:
    def test_three_processes_write_at_once(
        self, config: TrackingConfig, tracker: MlflowTracker
    ) -> None:
        tracker.open_sweep(make_summary())
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, config.uri, name], cwd=REPOSITORY)
            for name in "abc"
        ]
        assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
        runs = tracker.trials("sweep-1")
        assert len(runs) == 12
        assert {run.info.status for run in runs} == {"FINISHED"}
        history = tracker.connection.client.get_metric_history
        assert all(len(history(run.info.run_id, "epoch/loss")) == 10 for run in runs)

    def test_what_a_killed_process_left_running_is_reconciled(
        self, config: TrackingConfig, tracker: MlflowTracker
    ) -> None:
        tracker.open_sweep(make_summary())
        script = WRITER.replace('run.finish("complete")', "import time; time.sleep(60)")
        writer = subprocess.Popen([sys.executable, "-c", script, config.uri, "a"], cwd=REPOSITORY)
        deadline = time.monotonic() + 60
        while not tracker.trials("sweep-1"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        assert tracker.reconcile("sweep-1") == ("a-0",)
        (run,) = tracker.trials("sweep-1")
        assert (run.info.status, run.data.tags["trial.state"]) == ("KILLED", "killed")

    def test_a_locked_database_is_waited_for(
        self, tracker: MlflowTracker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from mlflow.exceptions import MlflowException

        answers = [MlflowException("(sqlite3.OperationalError) database is locked"), "done"]

        def locked_once() -> str:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        assert tracker.connection.call(locked_once) == "done"
        assert answers == []


class TestConfig:
    def test_an_address_can_be_sent_to_a_worker(self, config: TrackingConfig) -> None:
        assert pickle.loads(pickle.dumps(config)) == config

    def test_naming_an_address_does_not_import_mlflow(self) -> None:
        script = (
            "import sys, clairo.tracking.mlflow_tracker, clairo.tracking.ui, clairo.tracking.null;"
            "import clairo.tracking.reader; sys.exit('mlflow' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0

    def test_telemetry_is_off(self, tracker: MlflowTracker) -> None:
        assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
