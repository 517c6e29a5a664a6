from __future__ import annotations

import pytest

from clairo.core.errors import ConfigError
from clairo.sweep.narrowing import CatalogFacts, fusion_needs
from clairo.sweep.search_space import SearchSpace, parse_space

FULL = CatalogFacts(text_coverage=1.0, image_coverage=0.8, num_train_items=300)
NO_IMAGES = CatalogFacts(text_coverage=1.0, image_coverage=0.0, num_train_items=300)


def space(**changes: object) -> SearchSpace:
    values = {
        "image": {"kind": "color_hog", "bins": {"choice": [4, 8]}},
        "fusion": {
            "choice": [
                {"kind": "text_only"},
                {"kind": "concat", "normalize": {"choice": [True, False]}},
                {"kind": "none"},
            ]
        },
        "quantization": {"codebook_size": {"choice": [16, 64, 1024]}},
        "enqueue": [{"fusion": {"kind": "none"}}, {"quantization": {"codebook_size": 64}}],
        **changes,
    }
    return parse_space(values, "toy", "toy.yaml")


def test_what_a_fusion_needs_is_asked_of_the_fusion_itself() -> None:
    assert fusion_needs("text_only") == ("text",)
    assert set(fusion_needs("concat")) == set(fusion_needs("none")) == {"text", "image"}
    assert fusion_needs("sum") == ()


def test_data_that_serve_every_choice_leave_the_space_as_it_is() -> None:
    whole = space(quantization={"codebook_size": {"choice": [16, 64]}})

    narrowed, notes = whole.narrow(FULL)

    assert narrowed == whole
    assert notes == ()


def test_without_any_picture_the_choices_that_read_pictures_leave_with_a_sentence() -> None:
    narrowed, notes = space().narrow(NO_IMAGES)

    assert narrowed.axes == ("quantization.codebook_size",)
    assert narrowed.to_plain()["fusion"] == {"kind": "text_only"}
    assert notes == (
        "image.bins: not searched because no item of this data set has image.",
        "fusion.kind: concat, none left out of the search because no item of this data set has "
        "a picture.",
        "quantization.codebook_size: 1024 left out of the search because a codebook cannot have "
        "more entries than the 300 training items.",
        "1 known configurations are not tried for the same reason.",
    )


@pytest.mark.parametrize(("share", "is_left_out"), [(0.3, True), (0.5, False)])
def test_pictures_that_most_items_lack_are_not_searched_alone(
    share: float, is_left_out: bool
) -> None:
    fusion = {"choice": [{"kind": "text_only"}, {"kind": "image_only"}, {"kind": "none"}]}
    whole = space(fusion=fusion, quantization={"codebook_size": {"choice": [16, 64]}})
    narrowed, notes = whole.narrow(CatalogFacts(1.0, share, num_train_items=300))
    assert narrowed.has({"fusion": {"kind": "image_only"}}) is not is_left_out
    # Together with a text, few pictures can do no such harm.
    assert narrowed.has({"fusion": {"kind": "none"}})
    expected = (
        "fusion.kind: image_only left out of the search because 70% of the items have no picture "
        "and would all get the same codes."
    )
    assert notes == ((expected,) if is_left_out else ())


def test_a_fusion_that_a_person_fixed_stays_though_most_items_lack_its_modality() -> None:
    whole = space(fusion={"kind": "image_only"}, quantization={"codebook_size": 16}, enqueue=[])
    narrowed, notes = whole.narrow(CatalogFacts(1.0, 0.3, num_train_items=300))
    assert (narrowed, notes) == (whole, ())


def test_codebooks_larger_than_the_training_items_leave_in_every_branch() -> None:
    branches = [
        {"kind": "opq", "codebook_size": {"choice": [16, 512]}},
        {"kind": "rq_kmeans", "codebook_size": {"int": [16, 512], "step": 16}},
    ]

    narrowed, notes = space(quantization={"choice": branches}, enqueue=[]).narrow(FULL)

    assert narrowed.to_plain()["quantization"]["choice"] == [
        {"kind": "opq", "codebook_size": 16},
        {"kind": "rq_kmeans", "codebook_size": {"int": [16, 96], "step": 16}},
    ]
    assert len(notes) == 2


def test_codebooks_that_would_stay_nearly_empty_or_tell_too_little_apart_leave_the_choice() -> None:
    facts = CatalogFacts(1.0, 1.0, num_train_items=150, num_items=8 * 17**2)
    values = {"codebook_size": {"choice": [16, 32, 64]}}

    narrowed, notes = space(quantization=values, enqueue=[]).narrow(facts)

    # 64 * 3 > 150, and 16 * 16 pairs are fewer than 17 * 17.
    assert narrowed.to_plain()["quantization"] == {"codebook_size": 32}
    assert ["64 left out" in notes[0], "16 left out" in notes[1]] == [True, True]


def test_a_value_that_a_person_fixed_stays_while_it_can_be_trained() -> None:
    fixed = space(quantization={"codebook_size": 256}, enqueue=[])
    assert fixed.narrow(FULL)[0].to_plain()["quantization"] == {"codebook_size": 256}


def test_a_choice_of_which_nothing_would_be_left_stays() -> None:
    either = {"codebook_size": {"choice": [128, 256]}}
    narrowed, notes = space(quantization=either, enqueue=[]).narrow(FULL)
    assert narrowed.to_plain()["quantization"] == either
    assert notes == ()


@pytest.mark.parametrize(
    ("changes", "facts", "rule"),
    [
        ({"fusion": {"choice": [{"kind": "none"}, {"kind": "concat"}]}}, NO_IMAGES, "none, concat"),
        ({"fusion": {"kind": "concat"}}, NO_IMAGES, "got concat, which is of no use"),
        ({"quantization": {"codebook_size": {"choice": [512, 1024]}}}, FULL, "512, 1024"),
        ({"quantization": {"codebook_size": 512}}, FULL, "the 300 training items"),
        ({"quantization": {"codebook_size": {"int": [400, 500]}}}, FULL, r"got 400\.\.500"),
    ],
)
def test_an_axis_with_nothing_left_is_an_error_before_the_study(
    changes: dict, facts: CatalogFacts, rule: str
) -> None:
    with pytest.raises(ConfigError, match=rule) as caught:
        space(**changes).narrow(facts)
    assert str(caught.value).startswith("toy.yaml: ")


def test_an_alternative_with_nothing_usable_in_it_leaves_and_the_others_stay() -> None:
    quantizers = [
        {"kind": "rq_kmeans", "codebook_size": {"choice": [16, 64]}},
        {"kind": "vq_vae", "codebook_size": {"choice": [512, 1024]}},
    ]

    narrowed, notes = space(quantization={"choice": quantizers}, enqueue=[]).narrow(FULL)

    assert narrowed.to_plain()["quantization"] == quantizers[0]
    assert notes == (
        "quantization.codebook_size: 512, 1024 left out of the search because a codebook cannot "
        "have more entries than the 300 training items.",
        "quantization.kind: vq_vae left out of the search because a codebook cannot have more "
        "entries than the 300 training items.",
    )


def test_when_no_alternative_has_anything_usable_that_is_an_error() -> None:
    quantizers = [{"kind": kind, "codebook_size": {"choice": [512, 1024]}} for kind in "ab"]

    with pytest.raises(ConfigError, match=r"got 512, 1024, which is of no use because a codebook"):
        space(quantization={"choice": quantizers}, enqueue=[]).narrow(FULL)
