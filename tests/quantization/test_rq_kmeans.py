"""Residual k-means on grid points whose codes follow from paper and pencil."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from clairo.quantization import RqKmeansConfig
from clairo.quantization.diagnostics import reconstruction_error
from clairo.quantization.rq_kmeans import RqKmeans
from tests.contracts.quantizer import RUNTIME, QuantizerContract, make_table


class TestRqKmeans(QuantizerContract):
    config_type = RqKmeansConfig


def test_codes_of_grid_points_are_those_counted_by_hand() -> None:
    coarse = [[0, 0], [10, 0], [0, 10], [10, 10]]
    fine = [[-1, -1], [1, -1], [-1, 1], [1, 1]]
    fitted = RqKmeans({}, np.array([coarse, fine], dtype=np.float32))
    points = np.array([[1, 1], [9, 1], [-1, 11], [11, 9]], dtype=np.float32)
    # 9,1 is 10,0 plus -1,+1; and so on.
    assert fitted.encode(points).tolist() == [[0, 3], [1, 2], [2, 2], [3, 1]]
    np.testing.assert_array_equal(fitted.decode(fitted.encode(points)), points)


def test_a_grid_is_learned_without_loss() -> None:
    # 4 far corners with 4 near offsets each: two codebooks of 4 describe all 16 points.
    corners = np.array([[0, 0], [100, 0], [0, 100], [100, 100]], dtype=np.float32)
    offsets = np.array([[-1, -2], [1, -2], [-1, 2], [1, 2]], dtype=np.float32)
    points = (corners[:, None] + offsets[None]).reshape(16, 2)
    table = make_table(np.repeat(points, 4, axis=0))
    errors = []
    for seed in range(5):
        fitted = RqKmeansConfig(num_codebooks=2, codebook_size=4).fit(
            table, np.ones(64, dtype=bool), seed, RUNTIME
        )
        codes = fitted.encode(table.vectors)
        errors.append(float(np.abs(fitted.decode(codes) - table.vectors).max()))
        if errors[-1] < 1e-3:
            assert len(np.unique(codes, axis=0)) == 16
            assert all(len(np.unique(codes[c * 16 : c * 16 + 16, 0])) == 1 for c in range(4))
    # Lloyd's iterations may end in a local optimum, not from every start.
    assert min(errors) < 1e-3


def test_ties_go_to_the_smaller_code() -> None:
    fitted = RqKmeans({}, np.array([[[-1.0], [1.0]]], dtype=np.float32))
    assert fitted.encode(np.array([[0.0]])).tolist() == [[0]]


def test_each_codebook_lowers_the_error() -> None:
    table = make_table(np.random.default_rng(0).normal(size=(120, 10)))
    fitted = RqKmeansConfig(num_codebooks=4, codebook_size=8).fit(
        table, np.ones(120, dtype=bool), 0, RUNTIME
    )
    codes = fitted.encode(table.vectors)
    errors = [
        np.square(
            table.vectors - RqKmeans({}, fitted.codebooks[:depth]).decode(codes[:, :depth])
        ).sum()
        for depth in range(1, 5)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.5 * errors[0]


def test_blocks_of_rows_do_not_show() -> None:
    rows = np.random.default_rng(0).normal(size=(9000, 2)).astype(np.float32)
    fitted = RqKmeans({}, np.random.default_rng(1).normal(size=(1, 4, 2)).astype(np.float32))
    slow = np.square(rows[:, None] - fitted.codebooks[0][None]).sum(axis=2).argmin(axis=1)
    assert (fitted.encode(rows)[:, 0] == slow).mean() > 0.999


def test_iterations_must_be_positive() -> None:
    with pytest.raises(ValidationError):
        RqKmeansConfig(iterations=0)


def test_the_curve_tells_the_layers_and_every_refinement() -> None:
    table = make_table(np.random.default_rng(0).normal(size=(120, 10)))
    fitted = RqKmeansConfig(num_codebooks=2, codebook_size=8, refinements=4).fit(
        table, np.ones(120, dtype=bool), 0, RUNTIME
    )
    errors = [point["reconstruction_error"] for point in fitted.facts["curve"]]
    assert len(errors) == 5
    assert errors[-1] < errors[0]
    lost = reconstruction_error(table.vectors, fitted.decode(fitted.encode(table.vectors)))
    assert lost == pytest.approx(errors[-1], rel=1e-5)
    assert 0 < fitted.facts["curve"][0]["usage/1"] <= 1


def test_without_beam_and_refinements_each_codebook_clusters_what_is_left() -> None:
    table = make_table(np.random.default_rng(0).normal(size=(120, 10)))
    fitted = RqKmeansConfig(
        num_codebooks=2, codebook_size=8, beam=1, refinements=0, iterations=100
    ).fit(table, np.ones(120, dtype=bool), 0, RUNTIME)
    codes, left = fitted.encode(table.vectors), table.vectors
    for level, centroids in enumerate(fitted.codebooks):
        for code, centroid in enumerate(centroids):
            members = left[codes[:, level] == code]
            np.testing.assert_allclose(centroid, members.mean(axis=0), atol=1e-4)
        left = left - centroids[codes[:, level]]


@pytest.mark.parametrize("wrong", [{"beam": 0}, {"beam": 65}, {"refinements": -1}])
def test_searches_out_of_range_are_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        RqKmeansConfig(**wrong)
