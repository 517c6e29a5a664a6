from typing import Annotated, Literal

import pytest
from pydantic import Field

from clairo.core.config import RUNTIME_ONLY, Config, parse_config
from clairo.core.errors import ConfigError


class Inner(Config):
    size: Annotated[int, Field(ge=1)] = 4
    batch: Annotated[int, RUNTIME_ONLY] = 32


class Outer(Config):
    kind: Literal["outer"] = "outer"
    inner: Inner = Inner()
    threads: Annotated[int, RUNTIME_ONLY] = 1


def test_identity_holds_defaults_and_leaves_runtime_fields_out_at_every_depth():
    assert Outer(threads=8, inner=Inner(batch=7)).identity() == {
        "kind": "outer",
        "inner": {"size": 4},
    }


def test_an_unknown_key_is_named():
    with pytest.raises(ConfigError, match=r"space.yaml: inner.depth: .*not permitted"):
        parse_config(Outer, {"inner": {"depth": 3}}, "space.yaml")


def test_a_value_out_of_range_is_named_with_its_rule():
    with pytest.raises(ConfigError, match=r"inner.size: .*greater than or equal to 1 \(got 0\)"):
        parse_config(Outer, {"inner": {"size": 0}}, "here")


def test_a_config_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Outer().threads = 3
