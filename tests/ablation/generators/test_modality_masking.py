from __future__ import annotations

import pytest

from clairo.ablation.code_layouts import bits_per_item
from clairo.ablation.generators import ModalityMaskingConfig
from clairo.ablation.plan import Present
from tests.ablation.bases import arms_of, codes, given_base, quick_base, reasons_of
from tests.contracts.generator import GeneratorContract

MASKING = ModalityMaskingConfig()


class TestModalityMasking(GeneratorContract):
    config_type = ModalityMaskingConfig


class TestModalityMaskingOfGivenCodes(GeneratorContract):
    config_type = ModalityMaskingConfig

    @pytest.fixture
    def base(self):
        return given_base()


def test_separate_codebooks_give_their_codebooks_to_the_modality_that_is_left() -> None:
    # 1 codebook of 16 for each of two modalities.
    alone = arms_of(MASKING, quick_base())["text_only"].config
    assert alone.fusion.kind == "text_only"
    assert alone.quantization.codebooks == "shared"
    assert alone.quantization.num_codebooks == 2
    assert alone.quantization.codebook_size == 16


def test_a_fused_base_keeps_its_codes_when_a_modality_is_left_out() -> None:
    fused = quick_base(fusion={"kind": "concat"}, quantization=codes(3, 16))
    assert arms_of(MASKING, fused)["image_only"].config.quantization.num_codebooks == 3


def test_a_base_that_reads_text_only_is_compared_with_both() -> None:
    text = quick_base(fusion={"kind": "text_only"}, quantization=codes(4, 16))
    both = arms_of(MASKING, text)["both"].config
    assert both.fusion.kind == "none"
    assert both.quantization.num_codebooks == 2
    assert reasons_of(MASKING, text)["Text only"] == "this is the base itself"


def test_an_odd_number_of_codebooks_is_shared_out_at_equal_bits() -> None:
    # 3 codes of 4 bits are 12 bits: 6 a modality, so 2 codes of 3 bits.
    text = quick_base(fusion={"kind": "text_only"}, quantization=codes(3, 16))
    both = arms_of(MASKING, text)["both"].config
    assert (both.quantization.num_codebooks, both.quantization.codebook_size) == (2, 8)
    assert bits_per_item(both) == bits_per_item(text) == 12


def test_bits_that_cannot_be_shared_out_are_named_in_the_title() -> None:
    # 3 bits over two modalities: 2 bits for each are the nearest that is not less.
    text = quick_base(fusion={"kind": "text_only"}, quantization=codes(1, 8))
    assert (
        arms_of(MASKING, text)["both"].title == "Text and images (codes of 4 bits per item, not 3)"
    )


def test_a_quantizer_of_one_codebook_gets_a_larger_one() -> None:
    base = quick_base(quantization=codes(1, 16, "vq_vae"))
    alone = arms_of(MASKING, base)["text_only"].config
    assert (alone.quantization.num_codebooks, alone.quantization.codebook_size) == (1, 256)


def test_more_bits_than_codebooks_can_hold_are_the_reason_to_skip() -> None:
    # 2 x 15 codes of 16 bits.
    deep = quick_base(quantization=codes(15, 65536))
    assert reasons_of(MASKING, deep)["Text only"] == (
        "no codebooks of rq_kmeans hold its 480 bits per vector"
    )


def test_a_modality_that_the_data_lack_is_skipped_with_the_reason() -> None:
    text = quick_base(fusion={"kind": "text_only"})
    reasons = reasons_of(MASKING, text, Present(image=False))
    assert reasons == {
        "Text and images": "the data has no such modality",
        "Text only": "this is the base itself",
        "Images only": "the data has no such modality",
    }


def test_each_modality_is_masked_by_taking_the_given_codes_of_the_other_alone() -> None:
    found = arms_of(MASKING, given_base())
    assert found["text_only"].config.quantization.modalities == "text"
    assert found["image_only"].config.quantization.modalities == "image"
    assert found["text_only"].title == "Text codes only"
    assert reasons_of(MASKING, given_base()) == {"Text and image codes": "this is the base itself"}


def test_fewer_given_codes_get_as_many_digits_as_they_need() -> None:
    # The base's 8 buckets may be too few for the collisions of one modality alone.
    assert arms_of(MASKING, given_base())["text_only"].config.quantization.num_hash_buckets is None


def test_a_base_of_text_codes_is_compared_with_both_and_with_images() -> None:
    found = arms_of(MASKING, given_base("text"))
    assert found["both"].config.quantization.modalities == "all"
    assert found["image_only"].config.quantization.modalities == "image"


@pytest.mark.parametrize("named", ["all", "text"])
def test_data_with_text_codes_alone_have_nothing_to_mask(named: str) -> None:
    reasons = reasons_of(MASKING, given_base(named), Present(image=False))
    assert reasons["Text and image codes"] == "the data has no such codes"
    assert reasons["Image codes only"] == "the data has no such codes"
    assert reasons["Text codes only"] == "this is the base itself"


def test_the_table_says_whether_bits_are_equal() -> None:
    about = {
        base: MASKING.make(base(), Present()).family.about for base in (quick_base, given_base)
    }
    assert "codes of equal bits per item" in about[quick_base]
    assert "fewer bits per item" in about[given_base]


def test_made_codes_of_one_modality_get_as_many_digits_as_they_need() -> None:
    base = quick_base(quantization={**codes(1, 16), "num_hash_buckets": 4})
    assert arms_of(MASKING, base)["text_only"].config.quantization.num_hash_buckets is None
