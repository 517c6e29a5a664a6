import pytest

from clairo.ablation.arms import make_arm, plan_ablation
from clairo.core.errors import ConfigError
from clairo.datasets.demo import DemoConfig
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.profiles import PROFILES


def winner(**changes):
    base = {**PROFILES["quick"].base, "dataset": DemoConfig()}
    return PipelineConfig.model_validate({**base, **changes})


def arms(config, **modalities):
    return {arm.name: arm for arm in plan_ablation(config, **modalities).arms}


def skipped(config, **modalities):
    return dict(plan_ablation(config, **modalities).skipped)


def test_the_unchanged_winner_comes_first():
    plan = plan_ablation(winner())
    assert plan.arms[0].name == "full"
    assert plan.arms[0].config == winner()
    assert plan.arms[0].changes == {}


def test_separate_codebooks_give_their_codebooks_to_the_modality_that_is_left():
    per_modality = winner().quantization.num_codebooks
    alone = arms(winner())["text_only"].config
    assert alone.fusion.kind == "text_only"
    assert alone.quantization.codebooks == "shared"
    assert alone.quantization.num_codebooks == 2 * per_modality


def test_a_fused_winner_keeps_its_depth_when_a_modality_is_left_out():
    fused = winner(
        fusion={"kind": "concat"},
        quantization={"kind": "rq_kmeans", "num_codebooks": 3, "codebook_size": 16},
    )
    assert arms(fused)["image_only"].config.quantization.num_codebooks == 3


def test_a_winner_that_reads_text_only_is_compared_with_both():
    text = winner(
        fusion={"kind": "text_only"},
        quantization={"kind": "rq_kmeans", "num_codebooks": 4, "codebook_size": 16},
    )
    both = arms(text)["both"].config
    assert both.fusion.kind == "none"
    assert both.quantization.num_codebooks == 2
    assert skipped(text)["Text only"] == "this is the winner itself"


def test_a_modality_that_the_data_lacks_is_skipped_with_the_reason():
    text = winner(fusion={"kind": "text_only"}, quantization={"kind": "rq_kmeans"})
    reasons = skipped(text, has_image=False)
    assert reasons["Images only"] == "the data has no such modality"
    assert reasons["Text and images"] == "the data has no such modality"


def test_every_active_component_is_switched_off_once():
    config = winner(quantization={"kind": "rq_kmeans", "num_codebooks": 2, "codebook_size": 16})
    changed = {
        name: arm.changes for name, arm in arms(config).items() if arm.family == "components"
    }
    assert changed["no_pca"] == {"reduction": {"kind": "identity"}}
    assert changed["no_residuals"] == {
        "quantization.num_codebooks": 1,
        "quantization.num_hash_buckets": None,
    }
    assert changed["no_merging"] == {"merging.num_merges": 0}
    assert changed["no_cross_modal_merges"] == {"merging.cross_modal_share": 0.0}
    assert changed["no_spr"] == {"model.segmentation": "greedy", "evaluation.ensemble": 1}
    assert changed["no_ensemble"] == {"evaluation.ensemble": 1}


def test_a_component_that_is_not_used_is_skipped_with_the_reason():
    config = winner(merging={"kind": "identity"}, reduction={"kind": "identity"})
    reasons = skipped(config)
    for title in ("Without PCA", "Without merging", "Without cross-modal merges"):
        assert reasons[title] == "the winner does not use it"


def test_an_arm_changes_one_thing_and_nothing_else():
    for arm in plan_ablation(winner()).arms[1:]:
        before, after = winner().identity(), arm.config.identity()
        touched = {path.split(".")[0] for path in arm.changes}
        assert {name for name in before if before[name] != after[name]} == touched, arm.name


def test_an_arm_with_an_unknown_setting_is_refused():
    with pytest.raises(ConfigError, match=r"model\.colour"):
        make_arm(winner(), "x", "components", "X", {"model.colour": "red"})


def test_an_arm_that_the_settings_have_no_room_for_is_skipped_with_the_rule():
    deep = winner(quantization={"kind": "rq_kmeans", "num_codebooks": 9, "codebook_size": 16})
    assert "less than or equal to 15 (got 18)" in skipped(deep)["Text only"]
