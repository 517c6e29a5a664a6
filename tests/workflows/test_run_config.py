"""The configuration of a single run: what a file says, over what the profile says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from clairo.core.errors import ConfigError
from clairo.datasets.demo import DemoConfig
from clairo.pipeline.profiles import PROFILES
from clairo.workflows.run import _configure
from tests.worlds import small_demo, tiny_dataset

QUICK = PROFILES["quick"]


def configure(values: dict[str, Any] | None) -> Any:
    prepared: Any = SimpleNamespace(config=small_demo(), dataset=tiny_dataset())
    return _configure(values, QUICK, prepared, "file.yaml")


def test_sections_that_a_file_leaves_out_are_the_profiles() -> None:
    config = configure({"fusion": {"kind": "concat"}})
    assert config.fusion.kind == "concat"
    assert config.text.dims == QUICK.base["text"]["dims"]
    assert config.model.epochs == QUICK.base["model"]["epochs"]
    # Follows from the fusion, so it must not be taken from the profile's.
    assert config.quantization.codebooks == "shared"


def test_a_section_of_a_file_is_taken_whole() -> None:
    assert QUICK.base["text"]["dims"] == 64
    assert configure({"text": {"kind": "lsa"}}).text.dims == 256


def test_no_file_is_the_profile() -> None:
    assert configure(None) == configure({})


def test_a_section_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"file.yaml: fusoin"):
        configure({"fusoin": {"kind": "concat"}})


def test_a_file_about_other_data_is_refused() -> None:
    other = DemoConfig(seed=99).model_dump(mode="json")
    with pytest.raises(ConfigError, match="the file is about"):
        configure({"dataset": other})
