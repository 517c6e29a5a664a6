"""One codebook: with the aids it keeps what quantizers promise, without them it may collapse."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import ValidationError

from clairo.quantization import RqVaeConfig, VqVaeConfig
from tests.contracts.quantizer import RUNTIME, QuantizerContract
from tests.quantization.test_rq_vae import SMALL, many_clouds

AIDED: dict[str, Any] = {
    "codebook_init": "kmeans",
    "codebook_update": "ema",
    "dead_code_restart": True,
}


class TestVqVae(QuantizerContract):
    """With the aids: that codes are used and near is what the plain method does not promise."""

    config_type = VqVaeConfig
    depth = 1
    settings: ClassVar[dict[str, Any]] = {**SMALL, **AIDED}
    # A decoder is trained towards the vectors and stops short of them.
    repeated_atol = 0.1


def codes_of(config: VqVaeConfig | RqVaeConfig, seed: int = 0) -> np.ndarray:
    table = many_clouds()
    everybody = np.ones(len(table.vectors), dtype=bool)
    return config.fit(table, everybody, seed, RUNTIME).encode(table.vectors)


def test_it_comes_without_the_aids_that_rq_vae_has() -> None:
    plain, residual = VqVaeConfig(), RqVaeConfig()
    assert (plain.codebook_init, plain.codebook_update) == ("random", "ste")
    assert not plain.dead_code_restart
    aids = {name: getattr(residual, name) for name in AIDED}
    assert aids == AIDED
    others = set(VqVaeConfig.model_fields) - {*AIDED, "kind", "num_codebooks"}
    assert all(getattr(plain, name) == getattr(residual, name) for name in others)


def test_the_aids_use_codes_that_the_plain_method_leaves_dead() -> None:
    sizes = {"codebook_size": 64}
    plain = codes_of(VqVaeConfig(**SMALL, **sizes))
    aided = codes_of(VqVaeConfig(**SMALL, **sizes, **AIDED))
    assert len(np.unique(plain)) < 0.5 * len(np.unique(aided))


def test_the_plain_method_gives_the_same_codes_again() -> None:
    config = VqVaeConfig(**{**SMALL, "steps": 50}, codebook_size=16)
    np.testing.assert_array_equal(codes_of(config), codes_of(config))


def test_one_level_of_rq_vae_is_vq_vae() -> None:
    settings = {**SMALL, **AIDED, "steps": 50, "codebook_size": 16, "num_codebooks": 1}
    np.testing.assert_array_equal(
        codes_of(VqVaeConfig(**settings)), codes_of(RqVaeConfig(**settings))
    )


def test_several_codebooks_are_refused_with_the_cure() -> None:
    with pytest.raises(ValidationError, match=r"got num_codebooks=4; leave it at 1, or use rq_vae"):
        VqVaeConfig(num_codebooks=4)


def test_a_codebook_may_have_as_many_codes_as_a_catalogue_has_items() -> None:
    assert VqVaeConfig(codebook_size=65536).codebook_size == 65536
