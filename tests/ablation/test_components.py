from __future__ import annotations

from typing import get_args

import pytest

from clairo.ablation.code_layouts import bits_per_item
from clairo.ablation.components import COMPONENTS, ComponentName, all_off, contradiction
from clairo.ablation.plan import changed
from clairo.core.errors import ConfigError
from tests.ablation.bases import codes, given_base, quick_base


def off(name, base):
    return COMPONENTS[name].switch_off(base)


def test_every_name_has_a_component() -> None:
    assert tuple(COMPONENTS) == get_args(ComponentName)


@pytest.mark.parametrize(
    ("name", "fusion", "changes"),
    [
        ("second_pca", {"kind": "concat_pca"}, {"fusion": {"kind": "concat"}}),
        ("learned_fusion", {"kind": "gated"}, {"fusion": {"kind": "concat"}}),
        ("learned_fusion", {"kind": "attention"}, {"fusion": {"kind": "concat"}}),
        ("learned_fusion", {"kind": "cross_attention"}, {"fusion": {"kind": "concat"}}),
        ("learned_fusion", {"kind": "concat"}, "the base does not use it"),
        ("second_pca", {"kind": "concat"}, "the base does not use it"),
        ("fusion", {"kind": "none"}, "the base does not use it"),
        ("fusion", {"kind": "text_only"}, "the base does not use it"),
    ],
)
def test_what_is_off_without_a_part_of_fusion(name, fusion, changes) -> None:
    assert off(name, quick_base(fusion=fusion, quantization=codes(2, 16))) == changes


@pytest.mark.parametrize(
    ("count", "size", "kind", "expected"),
    [
        (4, 256, "rq_kmeans", (2, 256)),
        (3, 16, "rq_kmeans", (2, 8)),  # 12 bits, 6 a modality
        (1, 16, "vq_vae", (1, 4)),  # 4 bits, 2 a modality
    ],
)
def test_without_fusion_the_codes_are_shared_out_at_equal_bits(count, size, kind, expected) -> None:
    base = quick_base(fusion={"kind": "concat"}, quantization=codes(count, size, kind))
    apart = changed(base, off("fusion", base), "no_fusion")
    assert apart.fusion.kind == "none"
    assert (apart.quantization.num_codebooks, apart.quantization.codebook_size) == expected
    assert bits_per_item(apart) == bits_per_item(base)


def test_one_codebook_has_no_further_ones_to_switch_off() -> None:
    assert off("residual_levels", quick_base(quantization=codes(1, 16))) == (
        "the base does not use it"
    )


def test_merges_that_stay_within_modalities_are_not_cross_modal() -> None:
    apart = {"kind": "feature_set_bpe", "num_merges": 50, "cross_modal_share": 0.0}
    assert off("cross_modal_merges", quick_base(merging=apart)) == "the base does not use it"


def test_random_segmentation_needs_no_merges() -> None:
    # Without merges the order of an item's codes is still drawn.
    unmerged = quick_base(merging={"kind": "feature_set_bpe", "num_merges": 0})
    assert off("merging", unmerged) == "the base does not use it"
    assert off("spr", unmerged) == {"model.segmentation": "greedy", "evaluation.ensemble": 1}


def test_a_component_that_is_switched_off_is_off() -> None:
    base = quick_base(fusion={"kind": "concat_pca"}, quantization=codes(2, 16))
    for name in COMPONENTS:
        changes = off(name, base)
        if not isinstance(changes, str):
            assert isinstance(off(name, changed(base, changes, name)), str), name


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("fusion", "residual_levels", "both change quantization.num_codebooks"),
        ("fusion", "second_pca", "both change fusion"),
        ("spr", "ensemble", "both change evaluation.ensemble"),
        ("merging", "cross_modal_merges", "Cross-modal merges is part of Merging"),
        ("cross_modal_merges", "merging", "Cross-modal merges is part of Merging"),
        ("fusion", "disambiguation", ""),
        ("pca", "merging", ""),
        ("merging", "spr", ""),
    ],
)
def test_components_that_cannot_be_switched_apart_are_known(one, other, why) -> None:
    base = quick_base(
        fusion={"kind": "concat_pca"},
        quantization=codes(4, 16),
        merging={"kind": "feature_set_bpe", "num_merges": 50},
    )
    if "cross_modal_merges" in (one, other):
        base = quick_base()
    found = contradiction(base, COMPONENTS[one], COMPONENTS[other])
    assert found.endswith(why)
    assert bool(found) == bool(why)


def test_several_are_switched_off_together() -> None:
    off_together = all_off(quick_base(), [COMPONENTS["pca"], COMPONENTS["merging"]])
    assert off_together == {"reduction": {"kind": "identity"}, "merging.num_merges": 0}


def test_what_is_not_on_cannot_be_switched_off_with_others() -> None:
    with pytest.raises(ConfigError, match="got second_pca: the base does not use it"):
        all_off(quick_base(), [COMPONENTS["second_pca"]])


def test_given_codes_have_no_part_that_makes_them() -> None:
    for name in ("pca", "second_pca", "learned_fusion", "fusion", "residual_levels"):
        assert off(name, given_base()) == "the codes come with the data, nothing makes them"


def test_a_fused_base_with_chosen_buckets_lets_the_digit_fit_where_fusion_is_off() -> None:
    chosen = {**codes(2, 16), "num_hash_buckets": 8}
    off_fusion = off("fusion", quick_base(fusion={"kind": "concat"}, quantization=chosen))
    assert off_fusion["quantization.num_hash_buckets"] is None


@pytest.mark.parametrize(
    ("count", "size", "note"),
    # 1 code of 3 bits over two vectors: 2 bits each; 2 codes of 4 bits: 4 bits each.
    [(1, 8, " (codes of 4 bits per item, not 3)"), (2, 16, "")],
)
def test_unequal_bits_without_fusion_are_in_the_title(count, size, note) -> None:
    base = quick_base(fusion={"kind": "concat"}, quantization=codes(count, size))
    title = COMPONENTS["fusion"].without_title(base)
    assert title == f"Without fusion (separate codebooks){note}"
