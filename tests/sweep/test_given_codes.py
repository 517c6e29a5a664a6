"""What is left of a search space where codes come with the data."""

from __future__ import annotations

import pytest

from clairo.core.errors import ConfigError
from clairo.sweep.search_space import SearchSpace, load_space, parse_space

BOTH = ("text", "image")
CHOICES = {"choice": ["all", "text", "image"]}


def space(**changes: object) -> SearchSpace:
    values = {
        "reduction": {"kind": "pca", "variance": {"uniform": [0.8, 0.99], "step": 0.01}},
        "fusion": {"choice": [{"kind": "none"}, {"kind": "concat"}]},
        "quantization": {"kind": {"choice": ["opq", "rq_kmeans"]}, "num_hash_buckets": None},
        "merging": {"num_merges": {"choice": [0, 50]}},
        **changes,
    }
    return parse_space({k: v for k, v in values.items() if v is not None}, "toy", "toy.yaml")


def test_only_what_comes_after_the_codes_is_searched_and_whose_codes() -> None:
    narrowed, notes = space().for_given_codes(BOTH)
    assert narrowed.to_plain() == {
        "quantization": {"kind": "given", "modalities": CHOICES, "num_hash_buckets": None},
        "merging": {"num_merges": {"choice": [0, 50]}},
    }
    assert narrowed.axes == ("quantization.modalities", "merging.num_merges")
    assert notes == (
        "reduction.variance: left out of the search because codes come with the data.",
        "fusion.kind: left out of the search because codes come with the data.",
        "quantization.kind: replaced by the codes that come with the data.",
        "quantization.modalities: searched instead, all codes or those of text or image alone.",
    )


def test_codes_of_one_modality_leave_no_choice_of_modalities() -> None:
    narrowed, notes = space().for_given_codes(("text",))
    assert narrowed.to_plain()["quantization"]["modalities"] == "text"
    assert narrowed.axes == ("merging.num_merges",)
    assert not any("searched instead" in note for note in notes)


def test_the_number_of_buckets_stays_searched() -> None:
    buckets = {"choice": [8, 64]}
    narrowed, _ = space(quantization={"num_hash_buckets": buckets}).for_given_codes(BOTH)
    assert narrowed.to_plain()["quantization"]["num_hash_buckets"] == buckets


def test_gates_and_what_is_said_of_the_space_stay() -> None:
    gated = space(gates={"max_collision_rate": 0.5}, about="A toy.")
    narrowed, _ = gated.for_given_codes(BOTH)
    assert narrowed.gates == gated.gates
    assert (narrowed.name, narrowed.about) == ("toy", "A toy.")


def test_known_points_ask_for_the_codes_their_fusion_read_and_equal_ones_become_one() -> None:
    def point(fusion: str, variance: float, merges: int) -> dict:
        return {
            "reduction": {"variance": variance},
            "fusion": {"kind": fusion},
            "quantization": {"kind": "opq"},
            "merging": {"num_merges": merges},
        }

    fusions = [{"kind": kind} for kind in ("none", "concat", "text_only", "image_only")]
    known = [
        point("none", 0.9, 50),
        point("concat", 0.95, 50),
        point("text_only", 0.9, 50),
        point("image_only", 0.9, 0),
    ]
    whole = space(fusion={"choice": fusions}, enqueue=known)
    given = [
        {"quantization": {"kind": "given", "modalities": m}, "merging": {"num_merges": n}}
        for m, n in (("all", 50), ("text", 50), ("image", 0))
    ]
    both, notes = whole.for_given_codes(BOTH)
    assert list(both.default_points) == given
    assert notes[-1].endswith("codes that are not there: 1.")
    # Without image codes the last one cannot be asked for, and the first are text as well.
    text, notes = whole.for_given_codes(("text",))
    assert list(text.default_points) == [given[1]]
    assert notes[-1].endswith("codes that are not there: 3.")


def test_a_space_of_nothing_but_what_makes_codes_has_nothing_left() -> None:
    only = space(merging=None, quantization={"num_codebooks": {"choice": [1, 2]}})
    assert only.for_given_codes(BOTH)[0].axes == ("quantization.modalities",)
    with pytest.raises(ConfigError, match=r"toy\.yaml: .* bring text codes; add one"):
        only.for_given_codes(("text",))


def test_a_space_that_was_written_for_given_codes_stays_as_it_is() -> None:
    mine = space(
        reduction=None,
        fusion=None,
        quantization={"kind": "given", "modalities": {"choice": ["text", "all"]}},
        enqueue=[{"quantization": {"kind": "given", "modalities": "all"}}],
    )
    narrowed, notes = mine.for_given_codes(BOTH)
    assert notes == ()
    assert narrowed.to_plain() == mine.to_plain()
    assert narrowed.default_points == mine.default_points


@pytest.mark.parametrize("profile", ["quick", "paper"])
@pytest.mark.parametrize("name", ["full", "merging", "tiny"])
@pytest.mark.parametrize("modalities", [BOTH, ("text",), ("image",)])
def test_every_space_of_ours_is_of_use_for_given_codes(
    name: str, profile: str, modalities: tuple[str, ...]
) -> None:
    narrowed, _ = load_space(name, profile).for_given_codes(modalities)
    settings = {axis.partition(".")[0] for axis in narrowed.axes}
    assert settings <= {"quantization", "merging"}
    assert "merging" in settings
    assert all(narrowed.has(point) for point in narrowed.default_points)
