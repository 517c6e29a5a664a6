from __future__ import annotations

import pytest
from pydantic import ValidationError

from clairo.ablation.generators import LeaveOneOutConfig
from clairo.ablation.plan import Present
from clairo.core.errors import ConfigError
from tests.ablation.bases import (
    arms_of,
    changes_of,
    codes,
    given_base,
    quick_base,
    reasons_of,
)
from tests.contracts.generator import GeneratorContract

ALL = LeaveOneOutConfig()


class TestLeaveOneOut(GeneratorContract):
    config_type = LeaveOneOutConfig


class TestLeaveOneOutOfGivenCodes(GeneratorContract):
    config_type = LeaveOneOutConfig

    @pytest.fixture
    def base(self):
        return given_base()


def test_every_active_component_is_switched_off_once() -> None:
    table = ALL.make(quick_base(quantization=codes(2, 16)), Present())
    assert changes_of(table) == {
        "no_pca": {"reduction": {"kind": "identity"}},
        "no_residual_levels": {
            "quantization.num_codebooks": 1,
            "quantization.num_hash_buckets": None,
        },
        "no_merging": {"merging.num_merges": 0},
        "no_cross_modal_merges": {"merging.cross_modal_share": 0.0},
        "no_spr": {"model.segmentation": "greedy", "evaluation.ensemble": 1},
        "no_ensemble": {"evaluation.ensemble": 1},
        "no_disambiguation": {"quantization.disambiguation": "none"},
        "disambiguation_counter": {"quantization.disambiguation": "counter"},
        "disambiguation_reassign": {"quantization.disambiguation": "reassign"},
    }


def test_a_component_that_is_not_used_is_skipped_with_the_reason() -> None:
    reasons = reasons_of(
        ALL, quick_base(merging={"kind": "identity"}, reduction={"kind": "identity"})
    )
    for title in ("Without PCA", "Without merging", "Without cross-modal merges"):
        assert reasons[title] == "the base does not use it"


def test_a_component_that_is_named_must_be_on() -> None:
    named = LeaveOneOutConfig(components=("pca", "second_pca"))
    with pytest.raises(ConfigError, match=r"must be on in the base, got second_pca: the base"):
        named.make(quick_base(), Present())


def test_only_named_components_are_switched_off() -> None:
    named = LeaveOneOutConfig(components=("merging", "pca"))
    assert list(arms_of(named, quick_base())) == ["no_merging", "no_pca"]


def test_components_that_are_not_asked_about_are_left_out_with_their_swaps() -> None:
    some = LeaveOneOutConfig(without=("disambiguation", "pca"))
    found = set(arms_of(some, quick_base()))
    assert "no_merging" in found
    assert not {"no_pca", "no_disambiguation", "disambiguation_counter"} & found


def test_an_unknown_component_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValidationError, match=r"'pca', 'second_pca'.*'magic'"):
        LeaveOneOutConfig.model_validate({"components": ["magic"]})


def test_an_empty_list_of_components_is_refused() -> None:
    with pytest.raises(ValidationError, match="has at least one entry, got none"):
        LeaveOneOutConfig(components=())


def test_a_base_without_disambiguation_is_compared_with_every_kind_of_it() -> None:
    shared = quick_base(quantization={**codes(2, 16), "disambiguation": "none"})
    found = arms_of(ALL, shared)
    assert "no_disambiguation" not in found
    assert found["disambiguation_hash"].changes == {
        "quantization.disambiguation": "hash",
        "quantization.num_hash_buckets": None,
    }
    assert {"disambiguation_counter", "disambiguation_reassign"} <= set(found)


def test_items_are_not_reassigned_where_there_are_too_few_codes() -> None:
    # 16 codes for each of two modalities are 256 combinations.
    reasons = reasons_of(ALL, quick_base(), Present(items=257))
    assert reasons["Disambiguation by reassigned codes"] == (
        "257 items cannot each have one of 256 combinations of codes"
    )
    assert "disambiguation_reassign" in arms_of(ALL, quick_base(), Present(items=256))


def test_swaps_can_be_left_out() -> None:
    found = arms_of(LeaveOneOutConfig(swaps=False), quick_base())
    assert "no_disambiguation" in found
    assert "disambiguation_counter" not in found


def test_what_makes_codes_cannot_be_switched_off_where_they_are_given() -> None:
    reasons = reasons_of(ALL, given_base())
    for title in (
        "Without PCA",
        "Without the second PCA",
        "Without learned fusion (concatenation)",
        "Without fusion (separate codebooks)",
        "With one codebook",
    ):
        assert reasons[title] == "the codes come with the data, nothing makes them"
    assert "not known where they are given" in reasons["Disambiguation by reassigned codes"]


def test_merging_segmentation_and_disambiguation_of_given_codes_remain() -> None:
    assert set(arms_of(ALL, given_base())) == {
        "no_merging",
        "no_cross_modal_merges",
        "no_spr",
        "no_ensemble",
        "no_disambiguation",
        "disambiguation_counter",
    }


def test_given_codes_of_one_modality_have_no_merges_that_cross() -> None:
    found = arms_of(ALL, given_base("image"))
    assert "no_cross_modal_merges" not in found
    assert "no_merging" in found
