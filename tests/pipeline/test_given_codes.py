"""A pipeline whose codes come with the data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from clairo.core.config import parse_config
from clairo.core.errors import ConfigError
from clairo.core.stage import Runtime
from clairo.datasets.demo import DemoConfig
from clairo.datasets.lcrec import LcrecConfig
from clairo.pipeline.config import BEFORE_CODES, PipelineConfig
from clairo.pipeline.plan import make_plan
from clairo.pipeline.profiles import PROFILES
from clairo.pipeline.runner import StageRunner
from clairo.pipeline.sources import hash_sources
from clairo.store import FilesystemStore
from clairo.sweep.given_codes import BEFORE_CODES as SEARCHED_BEFORE_CODES
from tests.datasets.lcrec_files import write_lcrec

QUICK = PROFILES["quick"]
GIVEN = {"kind": "given"}


def given(dataset=None, **changes) -> PipelineConfig:
    values = {**QUICK.base_for(dataset or LcrecConfig(name="Tiny")), **changes}
    return parse_config(PipelineConfig, values, "here")


def test_the_stages_that_make_codes_are_not_planned() -> None:
    assert make_plan(given(), 0, {}).names() == (
        "dataset",
        "quantization",
        "merging",
        "training",
        "valid_evaluation",
    )


def test_the_codes_are_made_from_the_data_set_alone() -> None:
    assert set(make_plan(given(), 0, {}).step("quantization").inputs) == {"dataset"}


def test_codes_of_one_modality_share_the_data_set_and_nothing_after_it() -> None:
    one = make_plan(given(quantization={**GIVEN, "modalities": "text"}), 0, {})
    two = make_plan(given(quantization={**GIVEN, "modalities": "image"}), 0, {})
    pairs = zip(one.steps, two.steps, strict=True)
    same = {a.stage.name for a, b in pairs if a.fingerprint == b.fingerprint}
    assert same == {"dataset"}


def test_given_codes_without_a_data_set_that_brings_them_are_refused() -> None:
    with pytest.raises(ConfigError, match="demo world 0, which brings no codes; use a kind that"):
        parse_config(
            PipelineConfig, {**QUICK.base, "quantization": GIVEN, "dataset": DemoConfig()}, "here"
        )


def test_a_data_set_that_brings_codes_takes_no_other_quantizer() -> None:
    with pytest.raises(
        ConfigError, match="rq_kmeans for LC-Rec Tiny, which brings codes; use given"
    ):
        given(quantization={"kind": "rq_kmeans"})


def test_nothing_is_left_to_fuse() -> None:
    with pytest.raises(ConfigError, match=r"nothing to fuse, got fusion\.kind=concat; take"):
        given(fusion={"kind": "concat"})


def test_what_makes_codes_is_no_part_of_the_identity() -> None:
    assert not set(BEFORE_CODES) & given().identity().keys()
    other = given(text={"kind": "lsa", "dims": 32}, reduction={"kind": "pca", "variance": 0.9})
    assert other.key == given().key
    assert given(quantization={**GIVEN, "modalities": "text"}).key != given().key


def test_an_identity_is_a_whole_configuration_to_run_again() -> None:
    text = yaml.safe_dump(given().identity())
    assert PipelineConfig.model_validate(yaml.safe_load(text)).key == given().key


def test_options_of_crossing_merges_change_nothing_for_codes_of_one_modality() -> None:
    def key(modalities: str, share: float) -> str:
        merging = {"kind": "feature_set_bpe", "num_merges": 9, "cross_modal_share": share}
        return given(quantization={**GIVEN, "modalities": modalities}, merging=merging).key

    assert key("text", 0.5) == key("text", 1.0)
    assert key("all", 0.5) != key("all", 1.0)


def test_data_without_codes_keep_the_base_of_the_profile() -> None:
    demo = DemoConfig()
    assert QUICK.base_for(demo) == {**QUICK.base, "dataset": demo}


def test_the_base_keeps_the_number_of_buckets_and_the_profile_stays_as_it_is() -> None:
    base = {**QUICK.base, "quantization": {"kind": "opq", "num_hash_buckets": 64}}
    profile = replace(QUICK, base=base)
    fitted = profile.base_for(LcrecConfig(name="T"))
    assert fitted["quantization"] == {**GIVEN, "num_hash_buckets": 64}
    assert profile.base is base
    assert base["quantization"]["kind"] == "opq"


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_profile_is_a_valid_pipeline_for_given_codes(name: str) -> None:
    profile, dataset = PROFILES[name], LcrecConfig(name="T")
    config = PipelineConfig.model_validate(profile.base_for(dataset))
    assert config.gives_codes
    for section, changes in profile.given.items():
        assert {k: getattr(getattr(config, section), k) for k in changes} == changes
        # What is not named there is as for any other data.
        assert profile.base_for(dataset)[section].keys() == profile.base[section].keys()


def test_pipeline_and_search_mean_the_same_stages_by_what_makes_codes() -> None:
    assert tuple(BEFORE_CODES) == SEARCHED_BEFORE_CODES


def test_a_stored_data_set_hands_its_codes_to_the_quantization_stage(tmp_path: Path) -> None:
    config = given(write_lcrec(tmp_path / "data"))
    plan = make_plan(config, 0, hash_sources(config.dataset), ("quantization",))
    store = FilesystemStore(tmp_path / "store")
    first = StageRunner(plan, store, Runtime(), 0).get("quantization")
    again = StageRunner(plan, store, Runtime(), 0)
    # Items 0 and 3 differ in text, 0 and 1 in images: no digit is needed.
    assert first.codes.tolist() == [[1, 0, 3], [1, 0, 2], [0, 5, 0], [2, 5, 3]]
    assert again.get("quantization").codes.tolist() == first.codes.tolist()
    assert all(record.cached for record in again.records.values())
