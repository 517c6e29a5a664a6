"""How numbers and names are printed."""

from __future__ import annotations

import math

import pytest

from clairo.reporting import labels
from clairo.sweep.search_space import load_space


@pytest.mark.parametrize(
    ("error", "digits"), [(0.0099, 4), (0.01, 3), (0.5, 2), (5.0, 1), (1e-9, 6), (0.0, 4)]
)
def test_a_value_gets_one_more_digit_than_its_error_justifies(error: float, digits: int) -> None:
    assert labels.digits_for(error) == digits


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_no_number_is_a_dash(value: float | None) -> None:
    assert labels.number(value) == "–"


def test_durations_round_up_into_the_next_unit() -> None:
    assert labels.duration(59.7) == "1 min 0 s"
    assert labels.duration(9.96) == "10 s"


def test_settings_are_printed_in_words() -> None:
    assert [labels.setting_value(v) for v in (True, False, 3, 2.0)] == ["yes", "no", "3", "2"]


OPTIONS_OF_MERGING = {
    "merging.cross_modal_share": "crossing quota",
    "merging.modality_first": "merges before crossing",
    "merging.modality_weights.text": "text weight",
    "merging.modality_weights.image": "image weight",
    "merging.modality_weights.text_image": "text-image weight",
    "merging.counting": "counting",
}


def test_every_known_setting_has_a_name_of_its_own() -> None:
    keys: tuple[str, ...] = (
        "reduction.variance",
        "fusion.variance",
        "merging.num_merges",
        "quantization.kind",
    )
    keys += tuple(OPTIONS_OF_MERGING)
    assert len({labels.setting_label(key) for key in keys}) == len(keys)
    assert labels.setting_label("fusion.kind") == "fusion"


def test_masking_reads_like_a_sentence_in_a_list_of_changes() -> None:
    found = ("evaluation.masking", "evaluation.masking.modality", "evaluation.masking.fill")
    assert [labels.setting_label(key) for key in found] == [
        "masking at inference", "masked at inference", "filled with",
    ]  # fmt: skip


def test_lists_read_like_sentences() -> None:
    assert labels.sentence_list([]) == ""
    assert labels.sentence_list(["a"]) == "a"
    assert labels.sentence_list(["a", "b"]) == "a and b"


def test_options_of_the_merging_are_called_as_people_call_them() -> None:
    found = {key: labels.setting_label(key) for key in OPTIONS_OF_MERGING}
    assert found == OPTIONS_OF_MERGING


@pytest.mark.parametrize("space", ["full", "merging", "tiny"])
def test_every_searched_setting_fits_above_its_axis(space: str) -> None:
    for profile in ("quick", "paper"):
        lines = [
            line
            for axis in load_space(space, profile).axes
            for line in labels.wrapped(labels.setting_label(axis))
        ]
        assert max(map(len, lines)) <= 15  # of 12 pixels' height, in 110 pixels


def test_a_word_is_never_broken() -> None:
    assert labels.wrapped("text-image weight") == ("text-image", "weight")
    assert labels.wrapped("quantisationparameters of it") == ("quantisationparameters", "of it")
