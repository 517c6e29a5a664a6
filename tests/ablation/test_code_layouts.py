from __future__ import annotations

import pytest

from clairo.ablation.code_layouts import (
    Layout,
    bits_per_item,
    fitting_digit,
    layout_of,
    nearest_layout,
)
from tests.ablation.bases import codes, given_base, paper_base, quick_base


def test_separate_codebooks_count_for_both_modalities() -> None:
    assert bits_per_item(paper_base()) == 2 * 4 * 8
    assert bits_per_item(quick_base(fusion={"kind": "concat"}, quantization=codes(3, 16))) == 12


def test_given_codes_have_no_layout() -> None:
    with pytest.raises(TypeError, match="given codes"):
        bits_per_item(given_base())


@pytest.mark.parametrize(
    ("bits", "like", "kind", "expected"),
    [
        (64, Layout(4, 8), "rq_kmeans", Layout(8, 8)),
        (72, Layout(9, 4), "rq_kmeans", Layout(12, 6)),  # 18 codes of 4 bits are too many
        (5, Layout(2, 4), "rq_kmeans", Layout(1, 5)),
        (2.5, Layout(1, 5), "rq_kmeans", Layout(1, 3)),  # rounded up
        (17, Layout(1, 16), "rq_kmeans", None),  # a prime above the largest codebook
        (17, Layout(1, 16), "vq_vae", None),
        (16, Layout(1, 8), "vq_vae", Layout(1, 16)),
    ],
)
def test_the_nearest_layout_keeps_the_bits(bits, like, kind, expected) -> None:
    assert nearest_layout(bits, like, kind) == expected


def test_a_layout_is_read_from_settings_and_printed() -> None:
    quantization = quick_base(quantization=codes(2, 1024)).quantization
    assert layout_of(quantization) == Layout(2, 10)
    assert Layout(2, 10).label == "2 × 1,024"


def test_a_digit_of_a_set_size_is_set_free_and_others_are_left() -> None:
    assert fitting_digit(paper_base().quantization) == {"quantization.num_hash_buckets": None}
    assert fitting_digit(quick_base().quantization) == {}
