"""Histories in bulk are what MLflow's own client gives one by one, from a database and a server."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.entities import Metric

from clairo.tracking import histories
from clairo.tracking.histories import Curve, read_histories
from clairo.tracking.mlflow_runs import MlflowTracker
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.ui import running_server
from tests.contracts.tracker import TRIAL_TAGS, make_summary

NUM_RUNS = 7
VALUES = (0.1 + 0.2, 1e-17, 1 / 3, math.nan, -0.0)


def fill(tracker: MlflowTracker) -> None:
    """Runs with curves of different lengths; one without any, one that repeated an epoch."""
    tracker.open_sweep(make_summary())
    for number in range(NUM_RUNS):
        run = tracker.open_trial("sweep-1", f"key-{number}", "trial", TRIAL_TAGS)
        points = [
            Metric(key, VALUES[(number + step) % 5], timestamp=1000 * step, step=step)
            for key in ("epoch/valid/ndcg_at_10", "epoch/train_loss")
            for step in range(number)
        ]
        points.append(Metric("seconds", 3.0, 9000, 0))
        if number == 3:
            points += [Metric("epoch/train_loss", value, 9000 - value, 1) for value in (5, 4)]
        tracker.connection.client.log_batch(run.run_id, metrics=points)


@pytest.fixture(params=["database", "server"])
def tracker(
    request: pytest.FixtureRequest, initialised: Path, config: TrackingConfig, tmp_path: Path
) -> Iterator[MlflowTracker]:
    if request.param == "database":
        yield config.connect()
        return
    shutil.copyfile(initialised, tmp_path / "server.db")
    with running_server(f"sqlite:///{tmp_path / 'server.db'}", str(tmp_path / "served")) as address:
        served = TrackingConfig(address, "clairo")
        served.prepare()
        yield served.connect()


def one_by_one(tracker: MlflowTracker) -> dict[str, dict[str, Curve]]:
    """What the client says when it is asked for one metric of one run at a time."""
    found: dict[str, dict[str, Curve]] = {}
    for run in tracker.trials("sweep-1"):
        curves = found[run.info.run_id] = {}
        for key in sorted(name for name in run.data.metrics if name.startswith("epoch/")):
            points = tracker.connection.client.get_metric_history(run.info.run_id, key)
            later = sorted(points, key=lambda point: point.timestamp)
            curves[key] = tuple(sorted({p.step: p.value for p in later}.items()))
    return found


@pytest.mark.parametrize(("runs_at_once", "max_points"), [(100, 25_000), (3, 25_000), (100, 8)])
def test_bulk_answers_equal_single_ones_however_they_are_cut(
    tracker: MlflowTracker, monkeypatch: pytest.MonkeyPatch, runs_at_once: int, max_points: int
) -> None:
    fill(tracker)
    monkeypatch.setattr(histories, "RUNS_AT_ONCE", runs_at_once)
    monkeypatch.setattr(histories, "MAX_POINTS", max_points)
    found = read_histories(tracker.connection, tracker.trials("sweep-1"), "epoch/")
    # NaN is no equal of itself; what is printed tells every bit of the others.
    assert repr(found) == repr(one_by_one(tracker))
    curves = sorted(len(curve) for by_key in found.values() for curve in by_key.values())
    assert curves == [n for n in range(1, NUM_RUNS) for _ in range(2)]
    repeated = next(c for c in found.values() if len(c.get("epoch/train_loss", ())) == 3)
    assert dict(repeated["epoch/train_loss"])[1] == 4.0


def test_a_server_without_bulk_answers_is_asked_one_by_one(
    tracker: MlflowTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tracker)
    monkeypatch.setattr(histories, "_BULK", "/ajax-api/2.0/mlflow/no-such-address")
    found = read_histories(tracker.connection, tracker.trials("sweep-1"), "epoch/")
    assert repr(found) == repr(one_by_one(tracker))


def test_few_requests_are_made_for_many_runs(
    tracker: MlflowTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tracker)
    asked: list[int] = []
    for name in ("_ask_server", "_ask_database"):
        original = getattr(histories, name)

        def count(connection, run_ids, key, original=original):  # type: ignore[no-untyped-def]
            asked.append(len(run_ids))
            return original(connection, run_ids, key)

        monkeypatch.setattr(histories, name, count)
    read_histories(tracker.connection, tracker.trials("sweep-1"), "epoch/")
    assert asked == [NUM_RUNS - 1, NUM_RUNS - 1]
