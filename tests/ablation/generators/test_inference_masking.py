from __future__ import annotations

import pytest

from clairo.ablation.generators import InferenceMaskingConfig
from clairo.ablation.plan import Present
from clairo.evaluation import EvaluationConfig
from tests.ablation.bases import arms_of, codes, given_base, quick_base, reasons_of
from tests.contracts.generator import GeneratorContract

MASKING = InferenceMaskingConfig()

needs_masking = pytest.mark.skipif(
    "masking" not in EvaluationConfig.model_fields,
    reason="this version's evaluation masks nothing at inference",
)


@needs_masking
class TestInferenceMasking(GeneratorContract):
    config_type = InferenceMaskingConfig


@needs_masking
def test_each_modality_is_replaced_in_three_ways_and_nothing_is_trained() -> None:
    table = MASKING.make(quick_base(), Present())
    assert table.family.kind == "inference"
    assert [arm.changes for arm in table.arms] == [
        {"evaluation.masking": {"modality": modality, "fill": fill}}
        for modality in ("text", "image")
        for fill in ("zero", "mean", "shuffled")
    ]


@needs_masking
def test_given_codes_are_shuffled_only() -> None:
    assert list(arms_of(MASKING, given_base())) == ["text_shuffled", "image_shuffled"]


def test_other_fills_of_given_codes_are_skipped_with_the_reason() -> None:
    reasons = reasons_of(MASKING, given_base())
    assert reasons["Text replaced by zeros"] == "given codes have no vectors that could be replaced"
    assert reasons["Images replaced by their mean"] == reasons["Text replaced by zeros"]


def test_a_modality_that_the_data_lack_is_skipped() -> None:
    reasons = reasons_of(MASKING, quick_base(), Present(image=False))
    assert reasons["Images masked"] == "the data has no such modality"


@pytest.mark.parametrize(
    "base",
    [
        quick_base(fusion={"kind": "text_only"}, quantization=codes(2, 16)),
        given_base("text"),
    ],
    ids=["made", "given"],
)
def test_a_modality_that_the_base_does_not_read_is_skipped(base) -> None:
    assert reasons_of(MASKING, base)["Images masked"] == "the base does not read it"


def test_the_table_says_that_it_is_about_reliance() -> None:
    about = MASKING.make(quick_base(), Present()).family.about
    assert "nothing is trained anew" in about
    assert "not what the modality is worth" in about
