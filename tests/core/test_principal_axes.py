"""Principal axes of point clouds whose axes are known by construction."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from clairo.core.errors import DataError
from clairo.core.principal_axes import PrincipalAxes, _choose

# Four points: variance 2 * 4^2 along the first direction, 2 * 2^2 along the second, 0 beyond.
CROSS = np.array([[4.0, 0, 0], [-4, 0, 0], [0, 2, 0], [0, -2, 0]])
FIRST_SHARE = 32 / (32 + 8)


def test_axes_come_strongest_first_with_their_share_of_the_variance() -> None:
    axes = PrincipalAxes.fit(CROSS, variance=None, dims=1)
    np.testing.assert_allclose(axes.axes, [[1, 0, 0]], atol=1e-12)
    assert axes.variance_kept == pytest.approx(FIRST_SHARE)


@pytest.mark.parametrize(
    ("variance", "kept"), [(0.5, 1), (FIRST_SHARE, 1), (FIRST_SHARE + 0.01, 2), (1.0, 2)]
)
def test_the_fewest_axes_that_reach_the_share_are_kept(variance: float, kept: int) -> None:
    assert len(PrincipalAxes.fit(CROSS, variance=variance, dims=None).axes) == kept


def test_more_dims_than_directions_gives_the_directions() -> None:
    axes = PrincipalAxes.fit(CROSS, variance=None, dims=3)
    assert len(axes.axes) == 2
    assert axes.variance_kept == pytest.approx(1)


@pytest.mark.parametrize("shape", [(40, 7), (7, 40)])
def test_all_axes_together_lose_nothing(shape: tuple[int, int]) -> None:
    rows = np.random.default_rng(0).normal(size=shape)
    axes = PrincipalAxes.fit(rows, variance=1.0, dims=None)
    back = axes.project(rows) @ axes.axes + axes.mean
    np.testing.assert_allclose(back, rows, atol=1e-5)
    assert len(axes.axes) == min(shape[0] - 1, shape[1])


def test_wide_and_tall_tables_are_solved_alike() -> None:
    rows = np.random.default_rng(1).normal(size=(10, 9))
    padded = np.hstack([rows, np.zeros((10, 5))])
    tall = PrincipalAxes.fit(rows, variance=None, dims=3)
    wide = PrincipalAxes.fit(padded, variance=None, dims=3)
    np.testing.assert_allclose(tall.project(rows), wide.project(padded), atol=1e-5)


def test_signs_do_not_depend_on_the_sign_of_the_data() -> None:
    rows = np.random.default_rng(2).normal(size=(30, 4))
    np.testing.assert_allclose(
        PrincipalAxes.fit(rows, variance=1.0, dims=None).axes,
        PrincipalAxes.fit(-rows, variance=1.0, dims=None).axes,
        atol=1e-10,
    )


def test_whitened_coordinates_have_unit_variance() -> None:
    rows = np.random.default_rng(3).normal(size=(50, 3)) * [1, 10, 100]
    white = PrincipalAxes.fit(rows, variance=1.0, dims=None, whiten=True).project(rows)
    np.testing.assert_allclose(np.cov(white.T), np.eye(3), atol=1e-4)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
@pytest.mark.parametrize("shape", [(50, 3), (3, 50)])
def test_equal_rows_have_no_axes(value: float, shape: tuple[int, int]) -> None:
    with pytest.raises(DataError, match=f"{shape[0]} equal ones"):
        PrincipalAxes.fit(np.full(shape, value, dtype=np.float32), variance=0.9, dims=None)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_rows_are_refused(count: int) -> None:
    with pytest.raises(DataError, match=f"got {count}"):
        PrincipalAxes.fit(np.ones((count, 3)), variance=0.9, dims=None)


def test_a_table_of_many_blocks_has_the_axes_of_the_whole() -> None:
    rows = np.random.default_rng(4).normal(size=(20_000, 5)) * [5, 4, 3, 2, 1] + 100
    axes = PrincipalAxes.fit(rows, variance=1.0, dims=None)
    spread, vectors = np.linalg.eigh(np.cov(rows.T))
    np.testing.assert_allclose(np.abs(axes.axes), np.abs(vectors.T[::-1]), atol=1e-9)
    np.testing.assert_allclose(axes.project(rows).var(axis=0, ddof=1), spread[::-1], rtol=1e-4)


def low_rank(shape: tuple[int, int], rank: int) -> np.ndarray:
    """Strengths fall by a third from one direction to the next."""
    generator = np.random.default_rng(5)
    left, right = (np.linalg.qr(generator.normal(size=(n, rank)))[0] for n in shape)
    return left * (100 * (2 / 3) ** np.arange(rank)) @ right.T


@pytest.mark.parametrize("shape", [(300, 80), (80, 300)])
@pytest.mark.parametrize("rule", [{"variance": 0.95, "dims": None}, {"variance": None, "dims": 4}])
def test_the_sketch_finds_the_axes_of_the_exact_solver(shape: tuple[int, int], rule: dict) -> None:
    rows = low_rank(shape, 20)
    exact = PrincipalAxes.fit(rows, **rule, solver="exact")
    sketch = PrincipalAxes.fit(rows, **rule, solver="randomized")
    assert (exact.solver, sketch.solver) == ("exact", "randomized")
    np.testing.assert_allclose(sketch.axes, exact.axes, atol=1e-6)
    assert sketch.variance_kept == pytest.approx(exact.variance_kept, abs=1e-9)


def test_the_sketch_grows_until_it_holds_the_variance() -> None:
    rows = np.random.default_rng(6).normal(size=(700, 600))
    sketch = PrincipalAxes.fit(rows, variance=0.9, dims=None, solver="randomized")
    assert len(sketch.axes) > 256
    assert sketch.variance_kept >= 0.9


def test_the_sketch_does_not_keep_directions_that_are_not_there() -> None:
    rows = low_rank((300, 80), 3)
    assert len(PrincipalAxes.fit(rows, variance=None, dims=50, solver="randomized").axes) == 3


def test_the_sketch_refuses_equal_rows_too() -> None:
    with pytest.raises(DataError, match="50 equal ones"):
        PrincipalAxes.fit(np.full((50, 60), 7.0), variance=0.9, dims=None, solver="randomized")


@pytest.mark.parametrize(
    ("shape", "solver"),
    [((2048, 4000), "exact"), ((4000, 2048), "exact"), ((2049, 2049), "randomized")],
)
def test_only_tables_large_both_ways_are_sketched(shape: tuple[int, int], solver: str) -> None:
    assert _choose("auto", shape) == solver


def test_memory_holds_the_result_and_some_blocks_but_no_copy_of_the_table() -> None:
    rows = np.random.default_rng(7).normal(size=(200_000, 64)).astype(np.float32)
    tracemalloc.start()
    try:
        axes = PrincipalAxes.fit(rows, variance=None, dims=8)
        fitting = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        projected = axes.project(rows)
        projecting = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # A block is 8,192 rows of 64 doubles: 4 MB to the table's 51.
    assert fitting < rows.nbytes / 2
    assert projecting < projected.nbytes + rows.nbytes / 2
    np.testing.assert_allclose(
        projected[-5:], (rows[-5:] - axes.mean) @ axes.axes.T, rtol=1e-5, atol=1e-6
    )
