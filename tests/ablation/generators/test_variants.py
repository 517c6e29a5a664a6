from __future__ import annotations

import pytest

from clairo.ablation.generators import VariantsConfig
from clairo.ablation.plan import Present
from clairo.core.errors import ConfigError
from tests.ablation.bases import arms_of, quick_base, reasons_of
from tests.contracts.generator import GeneratorContract


def variants(**changes_by_name):
    arms = [{"name": name, "title": name, "changes": c} for name, c in changes_by_name.items()]
    return VariantsConfig.model_validate({"arms": arms})


class TestVariants(GeneratorContract):
    config_type = VariantsConfig

    @pytest.fixture
    def generator(self):
        return variants(release={"merging.counting": "release"}, none={"merging.num_merges": 0})


def test_an_arm_is_what_is_written() -> None:
    found = arms_of(variants(release={"merging.counting": "release"}), quick_base())
    assert found["release"].config.merging.counting == "release"


def test_an_unknown_setting_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ConfigError, match=r"arm x: .*got model\.colour; known there: .*dropout"):
        variants(x={"model.colour": "red"}).make(quick_base(), Present())


def test_a_value_out_of_range_is_refused_with_the_arm() -> None:
    with pytest.raises(ConfigError, match=r"variants, arm x: merging\.feature_set_bpe\.num_merges"):
        variants(x={"merging.num_merges": -1}).make(quick_base(), Present())


def test_an_arm_that_does_what_another_does_is_counted_once() -> None:
    twice = variants(one={"merging.num_merges": 7}, two={"merging.num_merges": 7})
    assert list(arms_of(twice, quick_base())) == ["one"]
    assert reasons_of(twice, quick_base()) == {"two": "this is the same as: one"}


def test_an_arm_that_is_the_base_or_does_nothing_in_it_is_skipped() -> None:
    idle = variants(
        same={"merging.num_merges": 50},
        idle={"evaluation.batch_size": 7},
    )
    assert reasons_of(idle, quick_base()) == {
        "same": "this is the base itself",
        "idle": "what it changes does nothing in this base",
    }


def test_markup_in_a_title_stays_text() -> None:
    title = "<script>alert(1)</script>"
    arm = {"name": "x", "title": title, "changes": {"merging.num_merges": 0}}
    table = VariantsConfig.model_validate({"arms": [arm]}).make(quick_base(), Present())
    assert table.arms[0].title == title
