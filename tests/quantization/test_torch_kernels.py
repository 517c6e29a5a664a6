"""The torch path on a CPU against numpy, and on a GPU where there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from clairo.core.errors import ConfigError, StageError
from clairo.core.stage import Runtime
from clairo.quantization import OpqConfig, PqConfig, RqKmeansConfig
from clairo.quantization.clustering import KMeans
from clairo.quantization.diagnostics import reconstruction_error
from clairo.quantization.kernels import NumpyKernels, kernels_for
from clairo.quantization.rotated_parts import fit_rotated
from clairo.quantization.torch_kernels import TorchKernels
from tests.contracts.quantizer import EVERYBODY, make_table

ROWS = np.random.default_rng(0).normal(size=(500, 12)).astype(np.float32)
TABLES = np.random.default_rng(1).normal(size=(3, 16, 12)).astype(np.float32)
NUMPY, TORCH = NumpyKernels(), TorchKernels.on("cpu")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")


def both(work: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
    return tuple(work(kernels, kernels.hold(ROWS)) for kernels in (NUMPY, TORCH))


def test_both_find_the_same_centroids() -> None:
    ours, theirs = both(lambda kernels, held: kernels.nearest(held, TABLES[0]))
    slow = np.square(ROWS[:, None] - TABLES[0][None]).sum(axis=2)
    for codes, distances in (ours, theirs):
        np.testing.assert_array_equal(codes, slow.argmin(axis=1))
        np.testing.assert_allclose(distances, slow.min(axis=1), rtol=1e-4)


def test_both_sum_the_rows_of_each_code() -> None:
    codes = np.random.default_rng(2).integers(0, 5, size=len(ROWS))
    wanted = np.stack([ROWS[codes == code].sum(axis=0) for code in range(6)])
    for sums in both(lambda kernels, held: kernels.sums(held, codes, 6)):
        np.testing.assert_allclose(sums, wanted, atol=1e-4)


@pytest.mark.parametrize("beam", [1, 3])
def test_both_follow_the_same_paths(beam: int) -> None:
    ours, theirs = both(lambda kernels, held: kernels.search(held, TABLES, beam))
    np.testing.assert_array_equal(ours, theirs)


def test_a_beam_over_everything_finds_the_best_of_all_sums() -> None:
    every = TABLES[0][:, None, None] + TABLES[1][None, :, None] + TABLES[2][None, None, :]
    distances = np.square(ROWS[:20, None] - every.reshape(1, -1, 12)).sum(axis=2)
    best = np.stack(np.unravel_index(distances.argmin(axis=1), (16, 16, 16)), axis=1)
    for kernels in (NUMPY, TORCH):
        held = kernels.hold(ROWS[:20])
        np.testing.assert_array_equal(kernels.search(held, TABLES, 256), best)
        greedy = kernels.search(held, TABLES, 1)
        assert (greedy != best).any(), "or the beam would have had nothing to find"


def test_products_and_parts_are_those_of_the_rows() -> None:
    matrix = np.random.default_rng(3).normal(size=(12, 12)).astype(np.float32)
    codes = np.random.default_rng(2).integers(0, 16, size=len(ROWS))
    for product in both(lambda kernels, held: np.asarray(kernels.times(held, matrix))):
        np.testing.assert_allclose(product, ROWS @ matrix, atol=1e-4)
    for crossed in both(lambda kernels, held: kernels.cross(held, ROWS[:, :2])):
        np.testing.assert_allclose(crossed, ROWS.T @ ROWS[:, :2], atol=1e-3)
    for cut in both(lambda kernels, held: np.asarray(kernels.columns(held, 2, 5))):
        np.testing.assert_array_equal(cut, ROWS[:, 2:5])
    for left in both(lambda kernels, held: np.asarray(kernels.minus(held, TABLES[0], codes))):
        np.testing.assert_allclose(left, ROWS - TABLES[0][codes], atol=1e-6)


def test_both_cluster_alike() -> None:
    ours, theirs = both(lambda kernels, held: KMeans(8, 20, 2).fit(held, kernels, seed=4))
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_rotated_parts_lose_no_more_than_the_index_of_faiss() -> None:
    generator = np.random.default_rng(0)
    rows = (generator.normal(size=(400, 10)) * np.linspace(3, 0.1, 10)).astype(np.float32)
    config = OpqConfig(num_codebooks=4, codebook_size=16, backend="faiss")
    index = config.fit(make_table(rows), np.ones(400, dtype=bool), 0, Runtime())
    start = np.linalg.qr(generator.normal(size=(12, 12)))[0].astype(np.float32)
    fitted = fit_rotated(rows, start, KMeans(16, 10), 4, 0, TORCH)
    lost, wanted = (
        reconstruction_error(rows, one.decode(one.encode(rows))) for one in (fitted, index)
    )
    assert lost < 1.1 * wanted
    curve = [point["reconstruction_error"] for point in fitted.facts["curve"]]
    assert len(curve) == 10
    assert lost < curve[-1] < curve[0]
    np.testing.assert_allclose(fitted.rotation @ fitted.rotation.T, np.eye(12), atol=1e-5)


class CrampedKernels(TorchKernels):
    """A device with memory for blocks of 3 rows, or none at all."""

    room = 3

    def _each_block(self, work: Any, held: Any, numbers: int) -> Any:
        def cramped(block: Any) -> Any:
            if len(block) > self.room:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
            return work(block)

        return super()._each_block(cramped, held, numbers)


def test_a_full_device_gets_smaller_blocks() -> None:
    small = CrampedKernels.on("cpu")
    held = small.hold(ROWS)
    np.testing.assert_array_equal(
        small.nearest(held, TABLES[0])[0], TORCH.nearest(held, TABLES[0])[0]
    )
    np.testing.assert_array_equal(small.search(held, TABLES, 3), TORCH.search(held, TABLES, 3))


def test_a_device_without_room_for_one_row_is_an_error_with_the_cure() -> None:
    class FullKernels(CrampedKernels):
        room = 0

    with pytest.raises(StageError, match=r"found none left; use a smaller codebook_size or beam"):
        FullKernels.on("cpu").nearest(TORCH.hold(ROWS), TABLES[0])


def test_a_device_that_is_not_there_is_refused_by_name() -> None:
    absent = "cuda" if not torch.cuda.is_available() else "cuda:99"
    with pytest.raises(ConfigError, match=f"one that torch can use, got {absent} .*use cpu"):
        kernels_for(Runtime(device=absent))
    with pytest.raises(ConfigError, match="got toaster"):
        kernels_for(Runtime(device="toaster"))


@pytest.mark.parametrize("kind", [PqConfig, RqKmeansConfig, OpqConfig])
def test_an_absent_device_never_means_the_cpu_in_silence(kind: Any) -> None:
    with pytest.raises(ConfigError, match=r"runtime\.device"):
        kind(codebook_size=8).fit(make_table(), EVERYBODY, 0, Runtime(device="toaster"))


@pytest.mark.parametrize("kind", [PqConfig, RqKmeansConfig, OpqConfig])
def test_the_fact_device_says_what_computed(kind: Any) -> None:
    fitted = kind(codebook_size=8).fit(make_table(), EVERYBODY, 0, Runtime())
    assert fitted.facts["device"] == "cpu (numpy)"
    assert TORCH.name == "cpu (torch)"


@pytest.mark.parametrize("kind", [PqConfig, RqKmeansConfig, OpqConfig])
def test_a_cpu_with_its_number_gives_the_codes_of_the_cpu(kind: Any) -> None:
    table, everybody = make_table(ROWS), np.ones(len(ROWS), dtype=bool)
    plain, numbered = (
        kind(codebook_size=16).fit(table, everybody, 0, Runtime(device=device))
        for device in ("cpu", "cpu:0")
    )
    np.testing.assert_array_equal(plain.encode(ROWS), numbered.encode(ROWS))
    assert plain.facts["device"] == numbered.facts["device"] == "cpu (numpy)"


def test_torch_rotates_and_codes_as_numpy_does() -> None:
    rows = np.random.default_rng(5).normal(size=(600, 8)) @ np.diag(np.linspace(3, 0.3, 8))
    start = np.linalg.qr(np.random.default_rng(6).normal(size=(8, 8)))[0].astype(np.float32)
    ours, theirs = (
        fit_rotated(rows.astype(np.float32), start, KMeans(16, 5), 2, 0, kernels).encode(rows)
        for kernels in (NUMPY, TORCH)
    )
    assert np.mean(ours == theirs) > 0.95


@needs_gpu
@pytest.mark.gpu
@pytest.mark.parametrize("kind", [PqConfig, RqKmeansConfig, OpqConfig])
def test_a_gpu_loses_as_much_as_a_cpu(kind: Any) -> None:
    rows = np.random.default_rng(5).normal(size=(2000, 32)).astype(np.float32)
    table, everybody = make_table(rows), np.ones(2000, dtype=bool)
    config = kind(codebook_size=32)
    lost = []
    for device in ("cpu", "cuda"):
        fitted = config.fit(table, everybody, 0, replace(Runtime(), device=device))
        lost.append(reconstruction_error(rows, fitted.decode(fitted.encode(rows))))
        assert fitted.facts["device"].startswith(device)
    assert lost[1] == pytest.approx(lost[0], rel=0.03)


@needs_gpu
@pytest.mark.gpu
def test_a_gpu_gives_the_same_codes_every_time() -> None:
    config, gpu = RqKmeansConfig(codebook_size=8), Runtime(device="cuda")
    first, second = (
        config.fit(make_table(), EVERYBODY, 0, gpu).encode(make_table().vectors) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
