"""How often stages are needed, how often computed, and what that costs."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clairo.ablation.build import plan_arms
from clairo.ablation.definition import AblationDefinition
from clairo.ablation.plan import Present
from clairo.core.errors import DataError
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import make_plan
from clairo.pipeline.profiles import PROFILES
from clairo.store import FilesystemStore
from clairo.workflows.ablation_dry_run import SharedStage, _plans, count_shared
from clairo.workflows.dry_run import fetching_nothing
from clairo.workflows.estimate import StageCost
from tests.worlds import small_demo, tiny_dataset

SEEDS = (1, 2)


def test_stages_are_counted_by_how_many_different_results_runs_need(tmp_path: Path) -> None:
    base = PipelineConfig.model_validate({**PROFILES["quick"].base, "dataset": small_demo()})
    definition = AblationDefinition.model_validate(
        {
            "question": "What is merging worth?",
            "generators": [{"kind": "leave_one_out", "components": ["merging", "ensemble"]}],
            "minimum_relevant_effect": {"share": 0.05},
        }
    )
    arms = plan_arms(definition, base, Present()).arms
    assert [arm.name for arm in arms] == ["full", "no_merging", "no_ensemble"]
    plans = [make_plan(arm.config, seed, {}) for arm in arms for seed in SEEDS]
    store = FilesystemStore(tmp_path)
    dataset = plans[0].step("dataset")
    store.get_or_compute(dataset.fingerprint, dataset.stage.output, tiny_dataset, {})
    costs = {"training": StageCost("training", False, 10.0, None, 1)}
    counted = {s.name: s for s in count_shared(plans, store, costs, rungs=3)}
    assert (counted["dataset"].needed, counted["dataset"].distinct, counted["dataset"].cached) == (
        9 * 2 // 3,
        1,
        1,
    )
    # Codes are drawn anew by each seed and shared by all arms.
    assert counted["quantization"].distinct == 2
    # Asking once or three times asks the same model; without merging there is another one.
    assert counted["training"].distinct == 4
    assert counted["valid_evaluation"].distinct == 6
    # Nothing is stored, and a training has an entry a rung.
    assert counted["training"].work == 10.0 * 3 * 4
    assert counted["merging"].work is None


def test_arms_of_two_tables_that_are_one_configuration_are_planned_as_one_run() -> None:
    base = PipelineConfig.model_validate({**PROFILES["quick"].base, "dataset": small_demo()})
    definition = AblationDefinition.model_validate(
        {
            "question": "What is merging worth?",
            "generators": [
                {"kind": "leave_one_out", "components": ["merging"]},
                {"kind": "factorial", "components": ["pca", "merging"]},
            ],
            "minimum_relevant_effect": {"share": 0.05},
        }
    )
    plan = plan_arms(definition, base, Present())
    group: Any = SimpleNamespace(plan=plan, prepared=SimpleNamespace(sources={}))
    asked: Any = SimpleNamespace(definition=definition, ready=(group,), seeds=SEEDS)
    # Five arms; leaving merging out is the combination with PCA alone.
    assert len(plan.arms) == 5
    assert len(list(_plans(asked))) == 4 * len(SEEDS)


def test_what_is_in_the_store_costs_nothing() -> None:
    stage = SharedStage("training", needed=10, distinct=5, cached=5, seconds=8.0, entries=3)
    assert (stage.missing, stage.work) == (0, 0.0)


def test_a_dry_run_says_how_missing_files_are_had() -> None:
    with (
        pytest.raises(DataError, match=r"fetches none: gone\. 'clairo data fetch toys'"),
        fetching_nothing("toys"),
    ):
        raise DataError("gone.")
