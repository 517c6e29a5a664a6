"""Every ablation that comes with the project can be planned, on either profile."""

from __future__ import annotations

import pytest
import yaml

from clairo.ablation.build import (
    EXPERIMENTS_DIR,
    find_definition,
    known_definitions,
    load_definition,
    plan_arms,
)
from clairo.ablation.definition import AblationDefinition
from clairo.ablation.plan import AblationPlan, Present
from clairo.core.config import parse_config
from clairo.core.errors import ConfigError
from clairo.datasets.demo import DemoConfig
from clairo.evaluation import EvaluationConfig
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.profiles import PROFILES
from clairo.sweep.space_parsing import read_yaml_mapping
from tests.ablation.bases import given_base

SHIPPED = (
    "components",
    "exact_or_release",
    "merge_budget",
    "modality_masking",
    "quantizers",
    "visual_vs_text_categories",
)


def base_of(name: str, profile: str) -> PipelineConfig:
    base = load_definition(name).base
    values = PROFILES[profile].base_for(DemoConfig())
    if base.file:
        values |= read_yaml_mapping(find_definition(name).parent / base.file)
    return parse_config(PipelineConfig, {**values, **base.settings}, name)


def plan(name: str, profile: str = "quick") -> AblationPlan:
    return plan_arms(load_definition(name), base_of(name, profile), Present())


def names(found: AblationPlan) -> list[str]:
    return [arm.name for arm in found.arms]


def test_all_of_them_are_known_by_name() -> None:
    assert known_definitions() == SHIPPED


def test_a_name_may_carry_its_ending() -> None:
    assert find_definition("quantizers.yaml") == find_definition("quantizers")


def test_a_name_that_is_not_known_is_refused_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match=r"one of \['components', .*got 'magic'; give one"):
        load_definition("magic")


def test_a_run_file_is_no_definition_and_the_message_says_so() -> None:
    with pytest.raises(ConfigError, match=r"exact_counting\.yaml: .*question: Field required"):
        load_definition("exact_counting")


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", SHIPPED)
def test_every_definition_has_valid_arms_on_every_profile(name: str, profile: str) -> None:
    found = plan(name, profile)
    assert len(found.arms) >= 2
    assert load_definition(name).seeds >= 5


@pytest.mark.parametrize("name", SHIPPED)
def test_every_definition_explains_its_minimum_relevant_effect(name: str) -> None:
    lines = find_definition(name).read_text(encoding="utf-8").splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith("minimum_relevant_effect"))
    assert lines[place - 1].startswith("# ")


@pytest.mark.parametrize("name", SHIPPED)
def test_the_readme_lists_every_definition(name: str) -> None:
    assert f"| `{name}` |" in (EXPERIMENTS_DIR / "README.md").read_text(encoding="utf-8")


def test_the_readme_lists_every_generator() -> None:
    text = (EXPERIMENTS_DIR / "README.md").read_text(encoding="utf-8")
    schema = AblationDefinition.model_json_schema()
    kinds = schema["properties"]["generators"]["items"]["discriminator"]["mapping"]
    assert len(kinds) >= 8
    assert [kind for kind in kinds if f"| `{kind}` |" not in text] == []


def test_the_example_of_the_readme_is_a_definition() -> None:
    text = (EXPERIMENTS_DIR / "README.md").read_text(encoding="utf-8")
    example = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    assert AblationDefinition.model_validate(example).base.best_of == "latest"


def test_components_share_what_their_tables_have_in_common() -> None:
    found = plan("components")
    # Eight left out or exchanged, bare and three additions, and 2^3 - 1 combinations.
    assert len(found.arms) == 1 + 8 + 4 + 7
    # The additions are cells of the factorial, and three of its cells leave one out.
    assert len({arm.config.key for arm in found.arms}) == 1 + 8 + (7 - 3)


def test_quantizers_are_compared_at_twelve_bits_but_for_four_levels() -> None:
    found = plan("quantizers")
    unequal = [arm.title for arm in found.arms if "bits per item, not 12" in arm.title]
    assert unequal == [
        f"{kind}, 4 levels of 4 (codes of 16 bits per item, not 12)"
        for kind in ("RQ-VAE", "RQ-k-means", "OPQ")
    ]
    assert names(found)[-1] == "shared_codebooks"


def test_merge_budgets_are_multiples_of_the_profile() -> None:
    assert [arm.level for arm in plan("merge_budget").arms] == [None, 0, 12, 25, 100, 200]
    assert plan("merge_budget", "paper").arms[-1].level == 160_000


def test_exact_or_release_differ_in_the_counting_alone() -> None:
    exact, release = plan("exact_or_release").arms
    assert exact.config.merging.counting == "exact"
    assert release.changes == {"merging.counting": "release"}


def test_modality_masking_keeps_retraining_and_inference_in_two_tables() -> None:
    kinds = [family.kind for family in plan("modality_masking").families]
    assert kinds == ["retrained", "inference"]


@pytest.mark.skipif(
    "masking" not in EvaluationConfig.model_fields,
    reason="this version's evaluation masks nothing at inference",
)
def test_modality_masking_of_given_codes_shuffles_at_inference() -> None:
    found = plan_arms(load_definition("modality_masking"), given_base(), Present())
    assert names(found) == ["full", "text_only", "image_only", "text_shuffled", "image_shuffled"]


def test_planted_categories_grow_in_visual_share_alone() -> None:
    groups = load_definition("visual_vs_text_categories").groups
    planted = [group for group in groups if group.covariate is not None]
    worlds = [DemoConfig.model_validate(group.dataset) for group in planted]
    assert [world.visual_share for world in worlds] == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert [group.covariate for group in planted] == [world.visual_share for world in worlds]
    assert len({world.seed for world in worlds}) == 6
    alike = {world.model_copy(update={"seed": 0, "visual_share": 0}) for world in worlds}
    assert len(alike) == 1


def test_text_alone_can_reach_the_same_in_all_planted_categories_and_both_reach_more() -> None:
    groups = load_definition("visual_vs_text_categories").groups
    facts = [
        DemoConfig.model_validate(group.dataset).read().facts
        for group in groups
        if group.covariate is not None
    ]
    text = [fact["ceiling_valid_ndcg_at_10_text_only"] for fact in facts]
    both = [fact["ceiling_valid_ndcg_at_10"] for fact in facts]
    assert max(text) - min(text) < 0.02
    gains = [joint - alone for joint, alone in zip(both, text, strict=True)]
    assert gains == sorted(gains)
    assert gains[0] == pytest.approx(0, abs=1e-9)
    assert gains[-1] > 0.5


def test_real_categories_have_no_covariate() -> None:
    groups = load_definition("visual_vs_text_categories").groups
    real = {group.category for group in groups if group.covariate is None}
    assert real == {"clothing", "beauty", "toys", "office", "instruments"}
