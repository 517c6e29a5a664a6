from __future__ import annotations

import pytest
from pydantic import ValidationError

from clairo.ablation.code_layouts import bits_per_item
from clairo.ablation.generators import QuantizerSwapConfig
from clairo.ablation.plan import Present
from clairo.core.errors import ConfigError
from tests.ablation.bases import arms_of, codes, given_base, paper_base, quick_base, reasons_of
from tests.contracts.generator import GeneratorContract

ALL = QuantizerSwapConfig()


def base_of(count, size, **changes):
    digit = {"restarts": 10, "num_hash_buckets": None}
    return quick_base(quantization={**codes(count, size), **digit}, **changes)


class TestQuantizerSwap(GeneratorContract):
    config_type = QuantizerSwapConfig

    @pytest.fixture
    def base(self):
        return base_of(2, 8)


def layouts(found):
    return {
        name: (arm.config.quantization.num_codebooks, arm.config.quantization.codebook_size)
        for name, arm in found.items()
    }


def test_twelve_bits_a_vector_are_equal_at_every_number_of_levels() -> None:
    base = base_of(2, 64)
    found = arms_of(QuantizerSwapConfig(kinds=("opq",), sharing=False), base)
    assert layouts(found) == {
        "opq_1_level": (1, 4096),
        "opq_2_levels": (2, 64),
        "opq_3_levels": (3, 16),
        "opq_4_levels": (4, 8),
    }
    assert {bits_per_item(arm.config) for arm in found.values()} == {bits_per_item(base)} == {24}
    assert found["opq_1_level"].title == "OPQ, 1 level of 4,096"


def test_bits_that_do_not_divide_by_the_levels_are_named_in_the_title() -> None:
    # 2 x 16 are 8 bits a modality; 3 levels of 3 bits are 9, so 18 per item.
    found = arms_of(ALL, base_of(2, 16))
    assert found["rq_kmeans_3_levels"].title == (
        "RQ-k-means, 3 levels of 8 (codes of 18 bits per item, not 16)"
    )
    assert found["rq_kmeans_4_levels"].title == "RQ-k-means, 4 levels of 4"


def test_the_layout_of_the_base_is_the_base_itself() -> None:
    reasons = reasons_of(ALL, base_of(2, 8))
    assert reasons["RQ-k-means, 2 levels of 8"] == "this is the base itself"


def test_the_kind_of_the_base_keeps_its_settings_and_others_have_their_defaults() -> None:
    found = arms_of(ALL, base_of(2, 8))
    assert found["rq_kmeans_1_level"].config.quantization.restarts == 10
    assert found["rq_vae_2_levels"].config.quantization.steps == 2000
    assert found["rq_vae_2_levels"].config.quantization.num_hash_buckets is None


def test_settings_of_a_kind_are_taken() -> None:
    some = QuantizerSwapConfig(settings={"rq_vae": {"steps": 40}, "rq_kmeans": {"beam": 1}})
    found = arms_of(some, base_of(2, 8))
    assert found["rq_vae_1_level"].config.quantization.steps == 40
    assert found["rq_kmeans_1_level"].config.quantization.beam == 1


def test_settings_that_a_kind_does_not_have_are_refused() -> None:
    wrong = QuantizerSwapConfig(settings={"rq_vae": {"colour": 1}})
    with pytest.raises(ConfigError, match=r"arm rq_vae_1_level: .*colour"):
        wrong.make(base_of(2, 8), Present())


def test_settings_of_a_kind_that_is_not_tried_are_refused() -> None:
    with pytest.raises(ValidationError, match="got some of pq for kinds"):
        QuantizerSwapConfig(settings={"pq": {}})


def test_how_other_kinds_tell_items_apart_is_as_in_the_base() -> None:
    counted = quick_base(quantization={**codes(2, 8), "disambiguation": "counter"})
    assert arms_of(ALL, counted)["opq_2_levels"].config.quantization.disambiguation == "counter"


def test_a_vq_vae_has_one_level() -> None:
    reasons = reasons_of(ALL, base_of(2, 8))
    assert reasons["VQ-VAE, 2 levels"] == "a VQ-VAE has one codebook; with several it is an RQ-VAE"
    assert arms_of(ALL, base_of(2, 8))["vq_vae_1_level"].config.quantization.codebook_size == 64


def test_a_codebook_that_would_be_too_large_is_skipped_with_the_numbers() -> None:
    # 4 x 256 are 32 bits a modality.
    reasons = reasons_of(ALL, paper_base())
    assert reasons["OPQ, 1 level"] == (
        "32 bits in 1 level need codebooks of 2^32 centroids, more than 65,536"
    )


def test_a_codebook_of_more_centroids_than_items_is_skipped_where_they_were_counted() -> None:
    # 2 x 64 are 12 bits a modality: one level has 4,096 centroids.
    base, counted = base_of(2, 64), Present(items=288)
    assert "opq_1_level" in arms_of(ALL, base)
    assert reasons_of(ALL, base, counted)["OPQ, 1 level"] == (
        "codebooks of 4,096 centroids need as many items, the data have 288"
    )
    assert "opq_1_level" in arms_of(ALL, base, Present(items=4096))


def test_separate_codebooks_are_compared_with_shared_ones_at_equal_bits() -> None:
    base = base_of(2, 8)
    shared = arms_of(ALL, base)["shared_codebooks"]
    assert shared.title == "Shared codebooks (concatenation), 4 × 8"
    assert shared.config.fusion.kind == "concat"
    assert bits_per_item(shared.config) == bits_per_item(base) == 12


def test_shared_codebooks_are_compared_with_separate_ones_at_equal_bits() -> None:
    base = base_of(4, 8, fusion={"kind": "concat_pca"})
    separate = arms_of(ALL, base)["separate_codebooks"].config
    assert (separate.fusion.kind, separate.quantization.num_codebooks) == ("none", 2)
    assert bits_per_item(separate) == bits_per_item(base)


def test_one_modality_has_no_codebooks_to_share() -> None:
    text = base_of(2, 8, fusion={"kind": "text_only"})
    assert reasons_of(ALL, text)["Separate codebooks (no fusion)"] == "the base reads one modality"


def test_a_digit_of_a_set_size_is_set_free_in_every_arm() -> None:
    found = arms_of(ALL, quick_base(quantization={**codes(2, 8), "num_hash_buckets": 16}))
    assert {arm.config.quantization.num_hash_buckets for arm in found.values()} == {None}


def test_codes_that_come_with_the_data_have_no_other_quantizer() -> None:
    assert reasons_of(ALL, given_base()) == {
        "Other quantizers": "the codes come with the data, nothing makes them"
    }
