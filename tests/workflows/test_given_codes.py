"""What a command makes ready for data that bring their codes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from clairo.core.artifacts import CodeTable
from clairo.core.config import parse_config
from clairo.core.errors import ConfigError, DataError
from clairo.datasets import LcrecConfig
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.profiles import PROFILES
from clairo.workflows.checks import check_request, check_weights
from clairo.workflows.options import SweepOptions
from clairo.workflows.preparation import PreparedData, prepare_data
from clairo.workflows.run import run_once
from clairo.workflows.space import describe_config, modalities_there, prepare_space
from tests.datasets.lcrec_files import TEXT, write_generated, write_lcrec
from tests.pipeline.small import small_config
from tests.worlds import small_demo

QUICK = PROFILES["quick"]


def options(folder: Path) -> SweepOptions:
    return SweepOptions(
        category="lcrec/Tiny", data=folder, out=folder / "runs", reports=folder / "reports"
    )


@pytest.fixture
def prepared(tmp_path: Path) -> PreparedData:
    write_generated(tmp_path)
    return prepare_data(options(tmp_path), QUICK, tmp_path / "store", lambda line: None)


def test_data_with_codes_are_read_through_the_store(prepared: PreparedData, tmp_path: Path) -> None:
    again = prepare_data(options(tmp_path), QUICK, tmp_path / "store", lambda line: None)
    assert (prepared.cached, again.cached) == (False, True)
    assert again.digest == prepared.digest
    assert [part.modality for part in again.dataset.codes] == ["text", "image"]
    assert set(again.sources) == {
        "Tiny.inter.json",
        "Tiny.index_lemb.json",
        "Tiny.index_vitemb.json",
    }


@pytest.mark.parametrize("profile", sorted(PROFILES))
@pytest.mark.parametrize("name", ["full", "merging", "tiny"])
def test_every_space_of_ours_can_be_searched_and_asks_for_no_weights(
    prepared: PreparedData, name: str, profile: str
) -> None:
    space = prepare_space(name, PROFILES[profile], prepared)
    configs = list(space.configs())
    assert all(config.gives_codes for config in configs)
    assert {config.quantization.modalities for config in configs} == {"all", "text", "image"}
    assert not any("reduction" in axis or "fusion" in axis for axis in space.space.axes)
    check_weights(space.configs())


def test_a_request_is_checked_before_the_data_are_read(tmp_path: Path) -> None:
    write_generated(tmp_path)
    check_request(options(tmp_path), QUICK)
    bad = tmp_path / "bad.yaml"
    bad.write_text("merging: {num_mergers: {choice: [1, 2]}}", encoding="utf-8")
    with pytest.raises(ConfigError, match="num_mergers"):
        check_request(replace(options(tmp_path), space=str(bad)), QUICK)
    with pytest.raises(ConfigError, match="choose one of lcrec/Tiny"):
        check_request(replace(options(tmp_path), category="lcrec/Tidy"), QUICK)


def test_a_folder_that_is_no_data_is_an_error_with_the_missing_file(tmp_path: Path) -> None:
    (tmp_path / "lcrec/Tiny").mkdir(parents=True)
    with pytest.raises(DataError, match=r"LC-Rec Tiny needs .*Tiny\.inter\.json"):
        prepare_data(options(tmp_path), QUICK, tmp_path / "store", lambda line: None)


def test_a_configuration_is_described_by_whose_codes_it_uses(prepared: PreparedData) -> None:
    space = prepare_space("full", QUICK, prepared)
    text = {"quantization": {"kind": "given", "modalities": "text"}, "merging": {"num_merges": 0}}
    assert describe_config(space.config({})) == "given codes, all, 50 merges"
    assert describe_config(space.config(text)) == "given codes, text, 0 merges"


def test_an_option_of_crossing_is_described_only_where_there_is_something_to_cross(
    prepared: PreparedData,
) -> None:
    def described(modalities: str) -> str:
        base = QUICK.base_for(prepared.config)
        merging = {"kind": "feature_set_bpe", "num_merges": 9, "cross_modal_share": 0.0}
        given = {"kind": "given", "modalities": modalities}
        values = {**base, "merging": merging, "quantization": given}
        return describe_config(parse_config(PipelineConfig, values, "here"))

    assert described("all") == "given codes, all, 9 merges, none crossing"
    assert described("image") == "given codes, image, 9 merges"


def test_modalities_are_those_of_the_codes_or_of_the_items(tmp_path: Path) -> None:
    both = write_lcrec(tmp_path / "both").read()
    text = write_lcrec(tmp_path / "text", index=TEXT, index_lemb=None, index_vitemb=None).read()
    assert modalities_there(both, small_config()) == ("text", "image")
    # Titles of its items do not make text codes, nor does their absence take them away.
    assert modalities_there(text, small_config()) == ("text",)
    assert modalities_there(small_demo(missing_images=1.0).read(), small_config()) == ("text",)


def test_a_file_may_name_the_index_files_that_a_run_reads(tmp_path: Path) -> None:
    data = write_generated(tmp_path)
    data.path("index_lemb.json").rename(data.path("index_foo.json"))
    base = QUICK.base_for(LcrecConfig(name="Tiny"))
    small = {**base["model"], "num_layers": 1, "num_decoder_layers": 1, "d_model": 16, "epochs": 2}
    index = {"file": "index_foo", "modality": "text"}
    values = {
        **base,
        "dataset": {"kind": "lcrec", "name": "Tiny", "indexes": [index]},
        "merging": {"kind": "feature_set_bpe", "num_merges": 2},
        "model": small,
        "evaluation": {"num_beams": 10, "top_k": 10, "max_users": 20, "invalid_users": 1},
    }
    file = tmp_path / "run.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    # Nobody said what index_foo holds but the file, so reading the folder alone is refused.
    with pytest.raises(ConfigError, match="index_foo"):
        prepare_data(options(tmp_path), QUICK, tmp_path / "store", lambda line: None)
    run_once(options(tmp_path), file, read_test=False)
    (entry,) = (tmp_path / "runs/store/quantization").glob("given-*")
    assert CodeTable.load(entry).column_modalities == ("text", "text")
