from __future__ import annotations

import pytest

from clairo.ablation.components import COMPONENTS
from clairo.ablation.generators import AddOneInConfig
from clairo.ablation.plan import Present, changed
from clairo.core.errors import ConfigError
from tests.ablation.bases import arms_of, codes, given_base, quick_base, reasons_of
from tests.contracts.generator import GeneratorContract

SOME = AddOneInConfig(components=("pca", "merging", "spr"))


class TestAddOneIn(GeneratorContract):
    config_type = AddOneInConfig


class TestAddOneInOfGivenCodes(GeneratorContract):
    config_type = AddOneInConfig

    @pytest.fixture
    def base(self):
        return given_base()


def test_the_bare_arm_has_none_of_them_and_the_others_one_each() -> None:
    base, found = quick_base(), arms_of(SOME, quick_base())
    assert list(found) == ["bare", "add_pca", "add_merging", "add_spr"]
    on = {
        name: {
            component
            for component in ("pca", "merging", "spr")
            if not isinstance(COMPONENTS[component].switch_off(arm.config), str)
        }
        for name, arm in found.items()
    }
    assert on == {"bare": set(), "add_pca": {"pca"}, "add_merging": {"merging"}, "add_spr": {"spr"}}
    assert found["add_spr"].config == changed(
        base, {"reduction": {"kind": "identity"}, "merging.num_merges": 0}, "by hand"
    )


def test_additions_are_compared_with_the_bare_arm_and_that_with_the_base() -> None:
    found = arms_of(SOME, quick_base())
    assert found["bare"].reference == "full"
    assert {arm.reference for name, arm in found.items() if name != "bare"} == {"bare"}


def test_of_all_components_those_that_belong_to_earlier_ones_are_skipped() -> None:
    reasons = reasons_of(AddOneInConfig(), quick_base())
    assert reasons["Cross-modal merges alone"] == "Cross-modal merges is part of Merging"
    assert reasons["Ensemble alone"] == (
        "Random segmentation and Ensemble both change evaluation.ensemble"
    )
    assert reasons["Second PCA alone"] == "the base does not use it"


def test_named_components_that_contradict_each_other_are_refused() -> None:
    both = AddOneInConfig(components=("spr", "ensemble"))
    with pytest.raises(ConfigError, match=r"got ensemble: .* both change evaluation\.ensemble"):
        both.make(quick_base(), Present())


def test_a_named_component_must_be_on() -> None:
    with pytest.raises(ConfigError, match="got fusion: the base does not use it"):
        AddOneInConfig(components=("fusion",)).make(quick_base(), Present())


def test_one_component_alone_is_the_base_and_its_absence_the_bare_arm() -> None:
    one = AddOneInConfig(components=("pca",))
    assert list(arms_of(one, quick_base())) == ["bare"]
    assert reasons_of(one, quick_base()) == {"PCA alone": "this is the base itself"}


def test_a_base_without_components_has_nothing_to_add() -> None:
    plain = quick_base(
        reduction={"kind": "identity"},
        merging={"kind": "identity"},
        quantization={**codes(1, 16), "disambiguation": "none"},
    )
    assert AddOneInConfig().make(plain, Present()).arms == ()
