"""The spaces that come along: every method that makes codes can be searched, for both profiles."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from clairo.datasets.demo import DemoConfig
from clairo.fusion import AnyFusion
from clairo.pipeline.profiles import PROFILES
from clairo.quantization import AnyQuantizer
from clairo.reduction import AnyReduction
from clairo.sweep.search_space import SearchSpace, load_space
from clairo.sweep.space_nodes import Choice

FAMILIES = {"reduction": AnyReduction, "fusion": AnyFusion, "quantization": AnyQuantizer}
LEARNS = ("gated", "attention", "cross_attention", "rq_vae")
PROFILE_NAMES = tuple(PROFILES)


def labels(space: SearchSpace, name: str) -> set[Any]:
    node = next(p.node for p in space.parameters if p.name == name)
    assert isinstance(node, Choice)
    return {option.label for option in node.options}


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@pytest.mark.parametrize("section", FAMILIES)
def test_every_method_of_a_family_is_in_the_representation_space(
    section: str, profile: str
) -> None:
    kinds = {member.model_fields["kind"].default for member in get_args(FAMILIES[section])}
    assert labels(load_space("representation", profile), f"{section}.kind") == kinds


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_what_learns_is_searched_with_settings_of_its_own(profile: str) -> None:
    space = load_space("representation", profile)
    conditions = {label for p in space.parameters for _, label in p.conditions}
    assert set(LEARNS) <= conditions


def test_the_full_space_of_the_published_recipe_has_every_fusion() -> None:
    kinds = {member.model_fields["kind"].default for member in get_args(AnyFusion)}
    assert labels(load_space("full", "paper"), "fusion.kind") == kinds


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@pytest.mark.parametrize("name", ["full", "tiny", "merging", "representation"])
def test_every_choice_and_pair_of_choices_is_a_valid_pipeline(name: str, profile: str) -> None:
    load_space(name, profile).validate(PROFILES[profile].base_for(DemoConfig()))


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_every_way_of_telling_equal_codes_apart_is_searched(profile: str) -> None:
    space = load_space("representation", profile)
    ways = {
        option.label
        for p in space.parameters
        if p.setting == "quantization.disambiguation" and isinstance(p.node, Choice)
        for option in p.node.options
    }
    assert ways == {"hash", "counter", "reassign", "none"}
