"""Hours and disk are taken from what was measured in the same folder, or not said at all."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from clairo.pipeline.plan import Plan, make_plan
from clairo.pipeline.profiles import PROFILES
from clairo.store import FilesystemStore
from clairo.workflows.dry_run import estimate_lines
from clairo.workflows.estimate import StageCost, estimate_stages
from clairo.workflows.options import SweepOptions
from clairo.workflows.preparation import complete_config
from tests.worlds import small_demo, tiny_dataset

QUICK = PROFILES["quick"]


@pytest.fixture
def plan() -> Plan:
    return make_plan(complete_config(QUICK.base, small_demo()), 0, {})


def test_an_empty_store_has_measured_nothing(plan: Plan, tmp_path: Path) -> None:
    costs = estimate_stages(plan, FilesystemStore(tmp_path))
    assert tuple(cost.name for cost in costs) == plan.names()
    assert {(cost.cached, cost.seconds, cost.bytes, cost.entries) for cost in costs} == {
        (False, None, None, 0)
    }


def test_an_entry_is_measured_and_known_to_be_cached(plan: Plan, tmp_path: Path) -> None:
    store, step = FilesystemStore(tmp_path), plan.step("dataset")
    store.get_or_compute(step.fingerprint, step.stage.output, tiny_dataset, {})
    cost = estimate_stages(plan, store)[0]
    assert (cost.name, cost.cached, cost.entries) == ("dataset", True, 1)
    assert cost.seconds is not None
    assert cost.bytes == sum(
        file.stat().st_size
        for file in (tmp_path / step.fingerprint.entry).rglob("*")
        if file.is_file() and file.name != "manifest.json"
    )


def test_the_cost_of_a_stage_is_the_median_of_its_entries(plan: Plan) -> None:
    measured = [SimpleNamespace(seconds=s, bytes=int(s) * 10) for s in (1.0, 2.0, 90.0)]
    store = SimpleNamespace(manifests=lambda stage: measured, has=lambda fingerprint: False)
    cost = estimate_stages(plan, store)[0]  # type: ignore[arg-type]
    assert (cost.seconds, cost.bytes, cost.entries) == (2.0, 20.0, 3)


def costs_of(**seconds: float | None) -> tuple[StageCost, ...]:
    return tuple(
        StageCost(name, False, value, None if value is None else 2**30, 1)
        for name, value in seconds.items()
    )


def test_shared_stages_count_once_and_the_others_once_a_run() -> None:
    options = SweepOptions(trials=4, workers=2, ablate=False)
    runs, hours = estimate_lines(costs_of(dataset=3600, training=360), QUICK, options)
    assert runs == "4 trials, 3 configurations on 2 fresh seeds: up to 10 runs, 2 at a time"
    # One hour of data, then ten trainings of three rungs of a tenth of an hour, two at a time.
    assert len(QUICK.rungs) + 1 == 3
    assert hours.startswith("About 2.50 hours and 30.00 GiB")


def test_less_than_an_hour_is_said_in_minutes() -> None:
    options = SweepOptions(trials=4, workers=1, ablate=False)
    assert estimate_lines(costs_of(merging=6.0), QUICK, options)[1].startswith("About 1.0 minutes")


def test_the_ablation_is_counted_when_it_is_asked_for() -> None:
    options = SweepOptions(trials=8, workers=1)
    (runs, _) = estimate_lines(costs_of(training=1), QUICK, options)
    assert "up to 9 ablation arms on 2: up to 32 runs, 1 at a time" in runs


def test_what_was_never_measured_is_named_and_no_number_is_made_up() -> None:
    options = SweepOptions(trials=8, workers=1)
    lines = estimate_lines(costs_of(training=None, merging=1.0), QUICK, options)
    assert "nothing was measured yet in runs for training" in lines[1]
    assert not any("hours and 0" in line for line in lines)
