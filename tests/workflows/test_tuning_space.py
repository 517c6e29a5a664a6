"""Tuning leaves alone what arms differ in, and the bits that they share."""

from __future__ import annotations

from typing import Any

import pytest

from clairo.ablation.generators import InferenceMaskingConfig, ModalityMaskingConfig
from clairo.ablation.plan import AblationPlan, PlannedArm, Present
from clairo.core.errors import ConfigError
from clairo.sweep.search_space import SearchSpace, parse_space
from clairo.workflows.checks import check_tuning_space
from tests.ablation.bases import codes, quick_base


def space(**settings: Any) -> SearchSpace:
    return parse_space(settings, "mine", "mine.yaml")


def arm(**changes: Any) -> PlannedArm:
    return PlannedArm("it", "table", "It", changes, quick_base())


def masked() -> tuple[PlannedArm, ...]:
    base = quick_base(fusion={"kind": "concat"}, quantization=codes(3, 16))
    table = ModalityMaskingConfig().make(base, Present())
    return AblationPlan.of(base, [table]).trained_arms()


def test_a_setting_that_an_arm_changes_is_not_searched() -> None:
    searched = space(merging={"kind": "feature_set_bpe", "num_merges": {"choice": [50, 100]}})
    with pytest.raises(ConfigError, match=r"got merging.num_merges where arm it changes merging.n"):
        check_tuning_space(searched, [arm(**{"merging.num_merges": 0})])


def test_a_section_is_not_searched_where_an_arm_changes_a_part_of_it_or_the_whole() -> None:
    kinds = {"choice": [{"kind": "identity"}, {"kind": "feature_set_bpe", "num_merges": 50}]}
    for changes in ({"merging.num_merges": 0}, {"merging": {"kind": "identity"}}):
        with pytest.raises(ConfigError, match="tuning searches what no arm changes"):
            check_tuning_space(space(merging=kinds), [arm(**changes)])


def test_sizes_of_codes_are_not_searched_where_arms_have_equal_bits() -> None:
    # Leaving a modality out of fused codes changes neither their number nor their size.
    assert not any("quantization.num_codebooks" in arm.changes for arm in masked())
    with pytest.raises(ConfigError, match=r"equal bits, got quantization.num_codebooks where arm"):
        check_tuning_space(space(quantization={"num_codebooks": {"choice": [2, 3]}}), masked())


def test_what_no_arm_changes_is_searched() -> None:
    check_tuning_space(space(model={"learning_rate": {"choice": [0.002, 0.005]}}), masked())
    sizes = space(quantization={"num_codebooks": {"choice": [2, 3]}})
    others = {"merging.num_merges": 0, "quantization.disambiguation": "none"}
    check_tuning_space(sizes, [arm(**others)])


def test_arms_that_train_nothing_are_not_tuned() -> None:
    base = quick_base()
    plan = AblationPlan.of(base, [InferenceMaskingConfig().make(base, Present())])
    assert [arm.name for arm in plan.trained_arms()] == ["full"]
