"""Arms of a winner whose codes came with the data."""

from __future__ import annotations

import pytest

from clairo.ablation.arms import plan_ablation
from clairo.datasets.lcrec import LcrecConfig
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.profiles import PROFILES

MAKING_CODES = (
    "Without PCA",
    "Without the second PCA",
    "Without learned fusion (concatenation)",
    "Without fusion (separate codebooks)",
    "With one codebook",
)


def winner(modalities: str = "all", **changes) -> PipelineConfig:
    base = PROFILES["quick"].base_for(LcrecConfig(name="Tiny"))
    quantization = {"kind": "given", "modalities": modalities, "num_hash_buckets": 8}
    return PipelineConfig.model_validate({**base, "quantization": quantization, **changes})


def arms(config, **there):
    return {arm.name: arm for arm in plan_ablation(config, **there).arms}


def skipped(config, **there):
    return dict(plan_ablation(config, **there).skipped)


def test_each_modality_is_masked_by_taking_the_codes_of_the_other_alone() -> None:
    found = arms(winner())
    assert found["text_only"].config.quantization.modalities == "text"
    assert found["image_only"].config.quantization.modalities == "image"
    assert found["text_only"].title == "Text codes only"
    assert found["image_only"].family == "modality_masking"
    assert skipped(winner())["Text and image codes"] == "this is the winner itself"


def test_fewer_codes_get_as_many_digits_as_they_need() -> None:
    # The winner's 8 buckets may be too few for the collisions of one modality alone.
    assert arms(winner())["text_only"].config.quantization.num_hash_buckets is None


def test_a_winner_of_text_codes_is_compared_with_both_and_with_images() -> None:
    found = arms(winner("text"))
    assert found["both"].config.quantization.modalities == "all"
    assert found["image_only"].config.quantization.modalities == "image"
    assert skipped(winner("text"))["Text codes only"] == "this is the winner itself"


@pytest.mark.parametrize("named", ["all", "text"])
def test_data_with_text_codes_alone_have_nothing_to_mask(named: str) -> None:
    reasons = skipped(winner(named), has_image=False)
    assert reasons["Text and image codes"] == "the data has no such codes"
    assert reasons["Image codes only"] == "the data has no such codes"
    assert reasons["Text codes only"] == "this is the winner itself"


def test_what_makes_codes_cannot_be_switched_off_and_the_reason_is_said() -> None:
    reasons = skipped(winner())
    for title in MAKING_CODES:
        assert reasons[title] == "the codes come with the data, nothing makes them"
    assert not {"no_pca", "no_second_pca", "no_fusion", "no_residuals"} & set(arms(winner()))


def test_the_arms_of_merging_and_segmentation_remain() -> None:
    assert {"no_merging", "no_cross_modal_merges", "no_spr", "no_ensemble"} <= set(arms(winner()))


def test_codes_of_one_modality_have_no_merges_that_cross() -> None:
    assert "no_cross_modal_merges" not in arms(winner("image"))
    assert "no_merging" in arms(winner("image"))


def test_no_arm_brings_back_what_makes_codes() -> None:
    for arm in arms(winner()).values():
        assert arm.config.gives_codes
        assert arm.config.fusion.kind == "none"
