import pytest

from clairo.core.config import parse_config
from clairo.core.errors import ConfigError
from clairo.datasets.demo import DemoConfig
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.profiles import PROFILES, get_profile


def parse(**changes):
    base = {**PROFILES["quick"].base, "dataset": DemoConfig()}
    return parse_config(PipelineConfig, {**base, **changes}, "here")


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_profile_is_a_valid_pipeline(name):
    base = {**PROFILES[name].base, "dataset": DemoConfig()}
    assert PipelineConfig.model_validate(base)


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_rungs_are_epochs_at_which_the_model_is_validated(name):
    profile = PROFILES[name]
    every = profile.base["model"]["validate_every"]
    assert all(
        rung % every == 0 and rung < profile.base["model"]["epochs"] for rung in profile.rungs
    )


def test_codebooks_follow_the_fusion_when_they_are_left_out():
    assert parse(fusion={"kind": "none"}).quantization.codebooks == "separate"
    assert parse(fusion={"kind": "concat"}).quantization.codebooks == "shared"


def test_separate_codebooks_of_a_fused_vector_are_refused_with_the_cure():
    with pytest.raises(ConfigError, match=r"fusion.kind=concat .*use fusion none with separate"):
        parse(
            fusion={"kind": "concat"},
            quantization={"kind": "rq_kmeans", "codebooks": "separate"},
        )


def test_an_unknown_fusion_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"here: fusion: .*'concat_pca'.*'none'"):
        parse(fusion={"kind": "blend"})


def test_an_unknown_profile_names_the_known_ones():
    with pytest.raises(ConfigError, match="quick, paper, got 'huge'"):
        get_profile("huge")


def key(fusion, **merging):
    return parse(
        fusion={"kind": fusion}, merging={"kind": "feature_set_bpe", "num_merges": 9, **merging}
    ).key


def test_options_that_change_nothing_make_no_other_configuration():
    quota, first = {"cross_modal_share": 0.5}, {"modality_first": 3}
    assert key("text_only", **quota, **first) == key("text_only")
    assert key("none", num_merges=0, counting="release", **quota) == key("none", num_merges=0)
    assert key("none", cross_modal_share=0, **first) == key("none", cross_modal_share=0)
    assert key("none", modality_weights={"text_image": 1.0}) == key("none")
    assert key("text_only", modality_weights={"text_image": 2.0}) == key("text_only")
    heavy = {"modality_weights": {"text_image": 2.0}}
    assert key("none", cross_modal_share=0, **heavy) == key("none", cross_modal_share=0)


@pytest.mark.parametrize(
    "options",
    [
        {"cross_modal_share": 0.5},
        {"modality_first": 3},
        {"modality_weights": {"text_image": 2.0}},
        {"counting": "release"},
    ],
)
def test_options_that_change_something_make_another_one(options):
    assert key("none", **options) != key("none")


def test_a_weight_of_text_counts_against_the_shared_column_where_there_is_only_text():
    assert key("text_only", modality_weights={"text": 0.25}) != key("text_only")


def test_buckets_of_a_hash_that_is_not_used_make_no_other_key():
    def named(**quantization):
        return parse(quantization={"kind": "rq_kmeans", "codebook_size": 4, **quantization})

    for way in ("counter", "reassign", "none"):
        few, many = (named(disambiguation=way, num_hash_buckets=number).key for number in (2, None))
        assert few == many
    assert named(num_hash_buckets=2).key != named(num_hash_buckets=None).key
    ways = ("hash", "counter", "reassign", "none")
    assert len({named(disambiguation=way).key for way in ways}) == len(ways)
