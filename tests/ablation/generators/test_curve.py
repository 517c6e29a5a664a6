from __future__ import annotations

import pytest
from pydantic import ValidationError

from clairo.ablation.generators import CurveConfig
from clairo.ablation.plan import Present
from clairo.core.errors import ConfigError
from tests.ablation.bases import arms_of, codes, given_base, paper_base, quick_base, reasons_of
from tests.contracts.generator import GeneratorContract


class TestCurve(GeneratorContract):
    config_type = CurveConfig

    @pytest.fixture
    def generator(self):
        return CurveConfig(setting="reduction.variance")


def test_each_value_is_an_arm_at_its_place() -> None:
    curve = CurveConfig(setting="reduction.variance", values=(0.5, 0.925))
    found = arms_of(curve, quick_base())
    assert {name: (arm.title, arm.level) for name, arm in found.items()} == {
        "reduction_variance_0_5": ("PCA variance 0.50", 0.5),
        "reduction_variance_0_925": ("PCA variance 0.925", 0.925),
    }
    assert found["reduction_variance_0_5"].config.reduction.variance == 0.5


def test_the_table_names_its_axis_and_where_the_base_stands() -> None:
    family = CurveConfig(setting="reduction.variance").make(quick_base(), Present()).family
    assert (family.kind, family.axis) == ("curve", "reduction.variance")
    assert family.about == (
        "Each arm has another value of reduction.variance, trained anew. The base has 0.95."
    )


def test_the_value_of_the_base_is_the_base_itself() -> None:
    assert reasons_of(CurveConfig(setting="reduction.variance"), quick_base()) == {
        "PCA variance 0.95": "this is the base itself"
    }


def test_factors_multiply_what_the_base_has_whatever_the_profile() -> None:
    # 50 merges in the quick profile, 40,000 in the paper's.
    curve = CurveConfig(setting="merging.num_merges", factors=(0, 0.25, 1, 2))
    quick, paper = arms_of(curve, quick_base()), arms_of(curve, paper_base())
    assert [arm.level for arm in quick.values()] == [0, 12, 100]
    assert [arm.level for arm in paper.values()] == [0, 10_000, 80_000]
    assert paper["merging_num_merges_10000"].title == "Merges 10,000"


def test_factors_of_a_fraction_are_not_rounded() -> None:
    curve = CurveConfig(setting="model.learning_rate", factors=(0.5,))
    assert next(iter(arms_of(curve, quick_base()).values())).level == 0.0025


@pytest.mark.parametrize(
    ("setting", "levels"),
    [
        ("reduction.variance", [0.5, 0.7, 0.8, 0.9, 0.99]),
        ("quantization.num_codebooks", [1, 2, 3, 6]),
        ("quantization.codebook_size", [4, 16, 64]),
        ("merging.num_merges", [0, 10_000, 20_000, 80_000, 160_000]),
    ],
)
def test_the_settings_that_are_asked_about_most_have_usual_values(setting, levels) -> None:
    # The base has PCA variance 0.95 and 4 codebooks of 256.
    found = arms_of(CurveConfig(setting=setting), paper_base())
    assert [arm.level for arm in found.values()] == levels


def test_second_pca_has_a_curve_where_there_is_one() -> None:
    fused = quick_base(fusion={"kind": "concat_pca"}, quantization=codes(2, 16))
    assert "fusion_variance_0_9" in arms_of(CurveConfig(setting="fusion.variance"), fused)
    assert reasons_of(CurveConfig(setting="fusion.variance"), quick_base()) == {
        "Second PCA variance": "the base does not have it"
    }


def test_other_codes_get_the_digit_that_they_need() -> None:
    found = arms_of(CurveConfig(setting="quantization.num_codebooks"), paper_base())
    assert found["quantization_num_codebooks_1"].config.quantization.num_hash_buckets is None


def test_usual_values_of_codes_that_are_given_are_skipped() -> None:
    curve = CurveConfig(setting="quantization.num_codebooks")
    assert reasons_of(curve, given_base()) == {"Codebooks": "the base does not have it"}


def test_usual_values_that_do_not_fit_the_base_are_skipped_with_the_rule() -> None:
    by_dims = quick_base(reduction={"kind": "pca", "dims": 8})
    table = CurveConfig(setting="reduction.variance").make(by_dims, Present())
    assert table.arms == ()
    assert "set exactly one of them" in table.skipped[0].why


def test_a_setting_that_the_base_lacks_is_refused_with_its_numbers() -> None:
    curve = CurveConfig(setting="reduction.colour", values=(1, 2))
    with pytest.raises(ConfigError, match=r"reduction\.colour: .*section: reduction\.variance\."):
        curve.make(quick_base(), Present())


@pytest.mark.parametrize(
    ("setting", "values", "rule"),
    [
        ("merging.counting", (1,), "it is 'exact'"),
        ("quantization.codebook_size", (3,), "curve_quantization_codebook_size.*power of two"),
        ("model.dropout", (2.0,), "model.*dropout"),
    ],
)
def test_a_value_that_was_asked_for_must_fit(setting, values, rule) -> None:
    with pytest.raises(ConfigError, match=rule):
        CurveConfig(setting=setting, values=values).make(quick_base(), Present())


def test_a_setting_without_a_value_has_a_curve_of_given_values() -> None:
    curve = CurveConfig(setting="quantization.num_hash_buckets", values=(64,))
    table = curve.make(quick_base(), Present())
    assert table.arms[0].config.quantization.num_hash_buckets == 64
    assert table.family.about.endswith("The base has none.")


def test_nothing_is_multiplied_where_there_is_no_number() -> None:
    curve = CurveConfig(setting="quantization.num_hash_buckets", factors=(2,))
    with pytest.raises(ConfigError, match="it has no value that could be multiplied"):
        curve.make(quick_base(), Present())


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"setting": "model.dropout"}, "no usual values"),
        ({"setting": "model.dropout", "values": [0.1], "factors": [2]}, "values or factors, got"),
        ({"setting": "Model.dropout", "values": [0.1]}, "pattern"),
    ],
)
def test_a_curve_without_one_source_of_values_is_refused(given, rule) -> None:
    with pytest.raises(ValidationError, match=rule):
        CurveConfig.model_validate(given)
