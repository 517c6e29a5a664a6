"""Product quantization of parts as they are."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from clairo.quantization import OpqConfig, PqConfig
from clairo.quantization.diagnostics import reconstruction_error
from clairo.quantization.pq import Pq
from tests.contracts.quantizer import EVERYBODY, RUNTIME, QuantizerContract, make_table


class TestPq(QuantizerContract):
    config_type = PqConfig


def test_parts_are_coded_each_for_itself() -> None:
    fitted = Pq({}, np.array([[[0.0], [10.0]], [[-1.0], [1.0]]], dtype=np.float32), dims=2)
    codes = fitted.encode(np.array([[9.0, 0.5], [2.0, -3.0]]))
    assert codes.tolist() == [[1, 1], [0, 0]]
    assert fitted.decode(codes).tolist() == [[10.0, 1.0], [0.0, -1.0]]


def test_widths_that_do_not_divide_are_padded_and_said() -> None:
    fitted = PqConfig(num_codebooks=4, codebook_size=8).fit(make_table(), EVERYBODY, 0, RUNTIME)
    assert fitted.facts["padded_dims"] == -10 % 4
    assert fitted.decode(fitted.encode(make_table().vectors)).shape == (120, 10)


def test_unequal_parts_cost_what_a_rotation_saves() -> None:
    # All variance in the first two of four dims: the second codebook has nothing to code.
    rows = np.random.default_rng(0).normal(size=(400, 4)) * [10, 10, 0.01, 0.01]
    everybody, lost = np.ones(400, dtype=bool), []
    for kind in (PqConfig, OpqConfig):
        fitted = kind(num_codebooks=2, codebook_size=16).fit(
            make_table(rows), everybody, 0, RUNTIME
        )
        lost.append(reconstruction_error(rows, fitted.decode(fitted.encode(rows))))
    assert lost[1] < 0.6 * lost[0]


def test_the_curve_has_one_entry_with_every_level() -> None:
    fitted = PqConfig(num_codebooks=2, codebook_size=8).fit(make_table(), EVERYBODY, 0, RUNTIME)
    (point,) = fitted.facts["curve"]
    assert set(point) == {
        "usage/0",
        "usage/1",
        "perplexity/0",
        "perplexity/1",
        "reconstruction_error",
        "collision_rate",
    }


def test_restarts_must_be_positive() -> None:
    with pytest.raises(ValidationError):
        PqConfig(restarts=0)


def test_a_width_that_does_not_divide_leaves_no_part_empty() -> None:
    vectors = np.random.default_rng(0).normal(size=(400, 34)).astype(np.float32)
    table = make_table(vectors)
    fitted = PqConfig(num_codebooks=15, codebook_size=16).fit(table, table.present, 0, RUNTIME)
    codes = fitted.encode(vectors)
    # 34 dims in 15 parts: four of three dims, eleven of two, each padded to three.
    assert fitted.facts["padded_dims"] == 11
    assert [len(np.unique(column)) for column in codes.T] == [16] * 15
    np.testing.assert_allclose(fitted.decode(codes).mean(axis=0), vectors.mean(axis=0), atol=0.3)
