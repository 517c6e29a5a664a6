"""Stages come from the store where they are there, and training goes on where it was left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clairo.core.errors import ConfigError
from clairo.core.stage import Runtime
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import make_plan
from clairo.pipeline.runner import StageRunner, always, load_dataset
from clairo.store import FilesystemStore
from tests.pipeline.small import small_config


def runner(root: Path, config: PipelineConfig, seed: int = 0) -> StageRunner:
    return StageRunner(make_plan(config, seed, {}), FilesystemStore(root), Runtime(), seed)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds one trained pipeline."""
    folder = tmp_path_factory.mktemp("store")
    runner(folder, small_config()).get("valid_evaluation")
    return folder


def cached(made: StageRunner) -> dict[str, bool]:
    return {name: record.cached for name, record in made.records.items()}


def test_a_goal_brings_everything_it_is_made_from_in_order(tmp_path: Path) -> None:
    told: list[str] = []
    made = runner(tmp_path, small_config())
    made.on_record = lambda record: told.append(record.name)
    codes = made.get("quantization")
    assert len(codes.codes) == 60
    for place, name in enumerate(told):
        assert set(made.plan.step(name).inputs) <= set(told[:place])
    assert told[-1] == "quantization"
    assert "training" not in told
    assert not any(cached(made).values())


def test_a_second_runner_computes_nothing(root: Path) -> None:
    again = runner(root, small_config())
    again.get("valid_evaluation")
    assert all(cached(again).values())
    assert set(cached(again)) == set(again.plan.names())


def test_what_is_asked_twice_is_loaded_once(root: Path) -> None:
    made = runner(root, small_config())
    assert made.get("merging") is made.get("merging")


def test_trials_that_share_a_prefix_compute_only_what_differs(root: Path) -> None:
    other = runner(root, small_config(merging={"num_merges": 6}))
    other.get("merging")
    missing = {name for name, found in cached(other).items() if not found}
    assert missing == {"merging"}


def test_a_record_names_entry_cost_and_facts(root: Path) -> None:
    made = runner(root, small_config())
    made.get("quantization")
    record = made.records["quantization"]
    assert record.entry == made.plan.step("quantization").fingerprint.entry
    assert record.kind == "rq_kmeans"
    assert record.bytes > 0
    assert record.computed_seconds > 0
    assert record.facts["num_items"] == 60


def test_training_in_rungs_ends_where_training_at_one_go_ends(root: Path, tmp_path: Path) -> None:
    straight = runner(root, small_config())
    straight.train((), always)
    pieces = runner(tmp_path, small_config())
    asked: list[int] = []

    def keep(epoch: int, value: float) -> bool:
        asked.append(epoch)
        return True

    assert pieces.train((2,), keep)
    assert asked == [2]
    one, two = straight.get("training"), pieces.get("training")
    assert one.curve == two.curve
    evaluated = [made.get("valid_evaluation").ranks for made in (straight, pieces)]
    np.testing.assert_array_equal(*evaluated)


def test_a_pruned_training_stops_at_its_rung_and_its_epochs_are_kept(tmp_path: Path) -> None:
    pruned = runner(tmp_path, small_config())
    assert not pruned.train((2,), lambda epoch, value: False)
    assert pruned.get("training").epochs_done == 2
    resumed = runner(tmp_path, small_config())
    seen: list[int] = []
    resumed.runtime = Runtime(report=lambda epoch, metrics: seen.append(epoch) or True)
    assert resumed.train((2,), always)
    assert seen == [3, 4]
    assert resumed.get("training").epochs_done == 4


def test_a_rung_that_is_the_last_epoch_is_not_asked_about(root: Path) -> None:
    asked: list[int] = []
    made = runner(root, small_config())
    assert made.train((4, 8), lambda epoch, value: asked.append(epoch) or False)
    assert asked == []


def test_a_rung_without_a_validation_is_refused_with_the_cure(tmp_path: Path) -> None:
    made = runner(tmp_path, small_config())
    with pytest.raises(ConfigError, match=r"multiples of model\.validate_every"):
        made.train((1,), always)


def test_a_data_set_is_read_once_and_then_found(tmp_path: Path) -> None:
    store = FilesystemStore(tmp_path)
    first, computed = load_dataset(small_config(), store, {})
    second, found = load_dataset(small_config(), store, {})
    assert (computed.cached, found.cached) == (False, True)
    assert first.catalog.item_ids == second.catalog.item_ids
