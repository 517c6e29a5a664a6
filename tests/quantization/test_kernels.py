"""Clusterings: what threads, blocks, empty clusters and refits do."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.quantization import kernels
from clairo.quantization.clustering import KMeans, refit_codebooks, residual_codebooks
from clairo.quantization.kernels import NumpyKernels

ROWS = np.random.default_rng(0).normal(size=(900, 20)).astype(np.float32)
KERNELS = NumpyKernels()


def lost(codebooks: np.ndarray, codes: np.ndarray) -> float:
    decoded = sum(table[codes[:, level]] for level, table in enumerate(codebooks))
    return float(np.square(ROWS - decoded).sum())


def test_threads_change_nothing_to_the_bit() -> None:
    tables = np.random.default_rng(1).normal(size=(3, 32, 20)).astype(np.float32)
    one, four = NumpyKernels(1), NumpyKernels(4)
    for name, arguments in (("nearest", (tables[0],)), ("search", (tables, 4))):
        first, second = (
            np.asarray(getattr(kernels, name)(ROWS, *arguments)).tobytes()
            for kernels in (one, four)
        )
        assert first == second, name
    matrix = ROWS[:20]
    assert one.times(ROWS, matrix).tobytes() == four.times(ROWS, matrix).tobytes()


def test_two_clear_clusters_are_found_by_hand() -> None:
    rows = np.array([[0.0], [1.0], [9.0], [11.0]], dtype=np.float32)
    centroids = KMeans(size=2, iterations=10, restarts=3).fit(rows, KERNELS, seed=0)
    assert sorted(centroids[:, 0].tolist()) == [0.5, 10.0]


def test_an_empty_cluster_starts_anew_at_the_farthest_row() -> None:
    rows = np.array([[0.0], [1.0], [2.0], [50.0]], dtype=np.float32)
    start = np.array([[0.0], [-90.0]], dtype=np.float32)
    once = KMeans(size=2, iterations=1).improve(rows, KERNELS, start)[0]
    # All rows are nearest to 0: their mean is 53 / 4, the other starts at 50.
    assert once[:, 0].tolist() == [13.25, 50.0]
    done = KMeans(size=2, iterations=10).improve(rows, KERNELS, start)[0]
    assert done[:, 0].tolist() == [1.0, 50.0]


def test_more_restarts_never_lose_more() -> None:
    def error(restarts: int) -> float:
        centroids = KMeans(16, 30, restarts).fit(ROWS, KERNELS, seed=3)
        return float(KERNELS.nearest(ROWS, centroids)[1].sum())

    assert error(6) <= error(1)


def test_a_refit_is_the_least_squares_solution_in_the_end() -> None:
    codes = np.random.default_rng(2).integers(0, 4, size=(len(ROWS), 2)).astype(np.int32)
    start = np.zeros((2, 4, 20), dtype=np.float32)
    found = refit_codebooks(ROWS, KERNELS, start, codes, sweeps=50)
    design = np.hstack([np.eye(4)[codes[:, 0]], np.eye(4)[codes[:, 1]]])
    solution = np.linalg.lstsq(design, ROWS.astype(np.float64), rcond=None)[0]
    least = float(np.square(ROWS - design @ solution).sum())
    assert lost(found, codes) == pytest.approx(least, rel=1e-5)
    assert lost(start, codes) > 1.005 * least


def test_a_code_that_nobody_has_keeps_its_centroid() -> None:
    codes = np.zeros((len(ROWS), 1), dtype=np.int32)
    start = np.array([[ROWS[0], ROWS[1]]])
    found = refit_codebooks(ROWS, KERNELS, start, codes)
    np.testing.assert_allclose(found[0, 0], ROWS.mean(axis=0), atol=1e-5)
    np.testing.assert_array_equal(found[0, 1], ROWS[1])


def test_refits_and_wider_beams_lose_less() -> None:
    books = residual_codebooks(ROWS, KERNELS, KMeans(16, 10), num_codebooks=3, seed=0)
    greedy, wide = (KERNELS.search(ROWS, books, beam) for beam in (1, 5))
    assert lost(books, wide) < lost(books, greedy)
    refitted = refit_codebooks(ROWS, KERNELS, books, wide)
    assert lost(refitted, wide) < lost(books, wide)


@pytest.mark.parametrize("beam", [2, 5, 40])
def test_products_of_centroids_find_the_paths_of_residuals(beam: int) -> None:
    tables = np.random.default_rng(1).normal(size=(3, 16, 20)).astype(np.float32)
    quick, slow = (
        search(tables, beam)(ROWS) for search in (kernels._by_products, kernels._by_residuals)
    )
    # Rounding may decide between paths that are as good; it decides nothing else.
    assert (quick == slow).all(axis=1).mean() > 0.99
    assert lost(tables, quick) == pytest.approx(lost(tables, slow), rel=1e-5)


@pytest.mark.parametrize("beam", [1, 5])
def test_vectors_far_from_zero_are_searched_as_well(beam: int) -> None:
    tables = np.random.default_rng(1).normal(size=(3, 16, 20)).astype(np.float32)
    far = tables.copy()
    far[0] += 500
    near_codes = KERNELS.search(ROWS, tables, beam)
    far_codes = KERNELS.search(ROWS + np.float32(500), far, beam)
    assert (near_codes == far_codes).all(axis=1).mean() > 0.99


def test_many_centroids_are_searched_without_their_products(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tables = np.random.default_rng(1).normal(size=(2, 16, 20)).astype(np.float32)
    few = KERNELS.search(ROWS, tables, 3)
    monkeypatch.setattr(kernels, "MOST_CENTROIDS", 31)
    monkeypatch.setattr(kernels, "_by_products", None)
    assert (KERNELS.search(ROWS, tables, 3) == few).all(axis=1).mean() > 0.99
