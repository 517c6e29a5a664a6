"""The known answers of the demo world, on worlds that nothing was tuned on.

Run by ``make bench``; about five minutes on two cores. Prints one row per arm.
"""

from __future__ import annotations

import pytest

from clairo.ablation.build import AFTER_SWEEP, plan_arms
from clairo.ablation.plan import Present
from clairo.core.stage import Runtime
from clairo.datasets.demo import DemoConfig
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import make_plan
from clairo.pipeline.profiles import PROFILES
from clairo.pipeline.runner import StageRunner, always
from clairo.store import FilesystemStore

WORLDS = (2101, 2102, 2103)
"""Not used for tuning: the profile was chosen on worlds 0, 7 and 8."""

SEED = 0


def arms(world: DemoConfig) -> dict[str, PipelineConfig]:
    """Joint, text only and images only, at equal bits, as a sweep's ablation makes them."""
    joint = PipelineConfig.model_validate({**PROFILES["quick"].base, "dataset": world})
    found = {arm.name: arm.config for arm in plan_arms(AFTER_SWEEP, joint, Present()).arms}
    return {name: found[name] for name in ("full", "text_only", "image_only")}


def measure(config: PipelineConfig, store: FilesystemStore) -> dict[str, float]:
    """Valid NDCG@10 of one arm, with the world's ceiling and popularity floor."""
    runner = StageRunner(make_plan(config, SEED, {}), store, Runtime(), SEED)
    runner.train((), always)
    facts = runner.get("dataset").facts
    return {
        "ndcg": runner.get("valid_evaluation").facts["ndcg_at_10"],
        "ceiling": facts["ceiling_valid_ndcg_at_10"],
        "popularity": facts["popularity_valid_ndcg_at_10"],
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FilesystemStore:
    return FilesystemStore(tmp_path_factory.mktemp("store"))


@pytest.mark.parametrize("seed", WORLDS)
def test_joint_beats_either_modality_and_reaches_most_of_the_ceiling(
    seed: int, store: FilesystemStore
) -> None:
    found = {name: measure(config, store) for name, config in arms(DemoConfig(seed=seed)).items()}
    for name, row in found.items():
        share = row["ndcg"] / row["ceiling"]
        print(f"world {seed} {name:<10} NDCG@10 {row['ndcg']:.4f}  {share:.0%} of the ceiling")
    full = found["full"]
    popularity = full["popularity"] / full["ceiling"]
    print(f"world {seed} popularity {full['popularity']:.4f}  {popularity:.0%} of the ceiling")
    assert full["ndcg"] > found["text_only"]["ndcg"]
    assert full["ndcg"] > found["image_only"]["ndcg"]
    assert full["ndcg"] >= 0.60 * full["ceiling"]
    assert popularity <= 0.25


@pytest.mark.parametrize("seed", WORLDS)
def test_pictures_that_tell_nothing_never_help(seed: int, store: FilesystemStore) -> None:
    world = DemoConfig(seed=seed, visual_share=0.0)
    found = {name: measure(config, store) for name, config in arms(world).items()}
    for name, row in found.items():
        print(f"world {seed}, visual share 0, {name:<10} NDCG@10 {row['ndcg']:.4f}")
    assert found["image_only"]["ndcg"] <= found["text_only"]["ndcg"]
    assert found["image_only"]["ndcg"] <= found["full"]["ndcg"]
