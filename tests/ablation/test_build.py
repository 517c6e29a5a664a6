from __future__ import annotations

import pytest

from clairo.ablation.build import AFTER_SWEEP, load_definition, plan_arms
from clairo.ablation.definition import AblationDefinition
from clairo.ablation.plan import Present
from clairo.core.errors import ConfigError
from tests.ablation.bases import given_base, quick_base

QUESTION = {"question": "Which?", "minimum_relevant_effect": {"share": 0.05}}


def definition(*generators):
    return AblationDefinition.model_validate({**QUESTION, "generators": generators})


def test_the_unchanged_base_comes_first() -> None:
    plan = plan_arms(AFTER_SWEEP, quick_base(), Present())
    assert plan.arms[0].name == "full"
    assert plan.arms[0].config == quick_base()
    assert plan.arms[0].changes == {}


def test_after_a_sweep_modalities_and_components_are_asked_about() -> None:
    plan = plan_arms(AFTER_SWEEP, quick_base(), Present())
    assert [arm.name for arm in plan.arms] == [
        "full",
        "text_only",
        "image_only",
        "no_pca",
        "no_merging",
        "no_cross_modal_merges",
        "no_spr",
        "no_ensemble",
    ]
    assert [family.name for family in plan.families] == ["modality_masking", "components"]


def test_no_arm_after_a_sweep_brings_back_what_makes_given_codes() -> None:
    for arm in plan_arms(AFTER_SWEEP, given_base(), Present()).arms:
        assert arm.config.gives_codes
        assert arm.config.fusion.kind == "none"


def test_an_unknown_generator_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match=r"'magic' found .* expected tags: .*'leave_one_out'"):
        definition({"kind": "magic"})


def test_arms_that_two_generators_make_are_refused() -> None:
    again = {"name": "no_pca", "title": "X", "changes": {"reduction": {"kind": "identity"}}}
    two = definition({"kind": "leave_one_out"}, {"kind": "variants", "arms": [again]})
    with pytest.raises(ConfigError, match="names of their own, got no_pca more than once"):
        plan_arms(two, quick_base(), Present())


def test_one_generator_twice_is_refused() -> None:
    # Two halves have no arm in common, but their tables would be one.
    halves = definition(
        {"kind": "leave_one_out", "components": ["pca"]},
        {"kind": "leave_one_out", "components": ["merging"]},
    )
    with pytest.raises(ConfigError, match="Tables need names of their own, got components"):
        plan_arms(halves, quick_base(), Present())


def test_text_alone_has_no_modality_to_mask_and_the_reasons_are_said() -> None:
    text = quick_base(fusion={"kind": "text_only"})
    with pytest.raises(ConfigError, match=r"got none .*Images only: the data has no such modality"):
        plan_arms(definition({"kind": "modality_masking"}), text, Present(image=False))


def test_a_definition_is_found_by_its_path(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "question: Which?\nminimum_relevant_effect: {share: 0.05}\n"
        "generators: [{kind: modality_masking}]\n"
    )
    assert load_definition(path) == definition({"kind": "modality_masking"})
    assert load_definition(str(path)) == load_definition(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("question: [", "must be a YAML file"),
        ("- 1", "must hold one mapping"),
        ("question: Which?\nquestion: Who?", "'question' twice"),
        ("question: Which?\ncolour: red", r"colour: Extra inputs are not permitted \(got 'red'\)"),
        ("generators: [{kind: magic}]", "generators.0: Input tag 'magic' found"),
        (
            "question: Which?\ngenerators: []",
            "generators: a list that is given has at least one entry, got none",
        ),
    ],
)
def test_a_file_that_is_no_definition_is_refused_by_name(tmp_path, text, message) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=rf"broken\.yaml.*{message}"):
        load_definition(path)


def test_a_file_that_is_not_there_is_refused(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"EXPERIMENT is the path .*absent\.yaml"):
        load_definition(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"dataset.seed": 5}, "dataset"),
        ({"evaluation.max_users": 30}, "evaluation.max_users"),
        ({"evaluation": {"max_users": 30, "top_k": 10}}, "evaluation.max_users"),
    ],
)
def test_an_arm_on_other_data_or_users_is_refused_before_it_runs(changes, named) -> None:
    arms = [{"name": "other", "title": "Other", "changes": changes}]
    with pytest.raises(ConfigError, match=rf"user by user on the same data, got another {named} "):
        plan_arms(definition({"kind": "variants", "arms": arms}), quick_base(), Present())


def test_a_base_that_names_data_of_its_own_is_refused_not_ignored() -> None:
    asked = {**QUESTION, "generators": [{"kind": "leave_one_out"}]}
    with pytest.raises(ValueError, match=r"every stage but the data, got settings\.dataset"):
        AblationDefinition.model_validate({**asked, "base": {"settings": {"dataset": {"seed": 9}}}})


def test_a_definition_is_written_as_people_wrote_it() -> None:
    asked = {**QUESTION, "question": "Übung “日本語”?", "generators": [{"kind": "leave_one_out"}]}
    assert "Übung “日本語”?" in AblationDefinition.model_validate(asked).to_yaml()
