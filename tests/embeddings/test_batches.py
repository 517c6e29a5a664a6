"""Batches by the memory there is, with a model that takes a known amount of it."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import pytest
import torch

from clairo.core.errors import DataError
from clairo.embeddings.batches import FittingBatches, is_out_of_memory
from clairo.embeddings.memory import CpuGauge, GpuGauge

MEGABYTE = 2**20


class FakeModel:
    """Doubles numbers, a megabyte each, and fails where more than so many come together."""

    def __init__(self, fitting: int, error: Exception | None = None) -> None:
        self.fitting = fitting
        self.error = error or torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")
        self.sizes: list[int] = []

    def __call__(self, batch: list[float]) -> np.ndarray:
        self.sizes.append(len(batch))
        if len(batch) > self.fitting:
            raise self.error
        return 2.0 * np.array(batch)[:, None]


class FakeGauge:
    """Says that the last call took a megabyte for each item."""

    def __init__(self, model: FakeModel, budget: int, most: int = 1000) -> None:
        self.model, self.most, self._budget = model, most, budget

    def bytes_during(self, call: Callable[[], object]) -> int:
        call()
        return self.model.sizes[-1] * MEGABYTE

    def budget(self) -> int:
        return self._budget


def doubled(batches: FittingBatches, count: int) -> None:
    rows = batches([float(number) for number in range(count)])
    assert rows[:, 0].tolist() == [2.0 * number for number in range(count)]


def test_the_size_asked_for_is_taken() -> None:
    model = FakeModel(fitting=100)
    doubled(FittingBatches(model, 4, None), 10)
    assert model.sizes == [4, 4, 2]


def test_the_size_found_is_the_power_of_two_that_fits_the_budget() -> None:
    model = FakeModel(fitting=100)
    batches = FittingBatches(model, None, FakeGauge(model, budget=13 * MEGABYTE))
    doubled(batches, 20)
    assert batches.size == 8
    assert model.sizes == [8, 8, 8, 4]  # the first is the probe


def test_the_size_found_is_bounded_by_what_is_useful() -> None:
    model = FakeModel(fitting=100)
    batches = FittingBatches(model, None, FakeGauge(model, budget=900 * MEGABYTE, most=16))
    doubled(batches, 20)
    assert batches.size == 16


def test_a_budget_below_one_item_still_tries_one_at_a_time() -> None:
    model = FakeModel(fitting=1)
    batches = FittingBatches(model, None, FakeGauge(model, budget=1))
    doubled(batches, 3)
    assert batches.size == 1


def test_a_probe_that_does_not_fit_is_halved() -> None:
    model = FakeModel(fitting=3)
    batches = FittingBatches(model, None, FakeGauge(model, budget=3 * MEGABYTE))
    doubled(batches, 8)
    assert model.sizes == [8, 4, 2, 2, 2, 2, 2]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_a_batch_that_does_not_fit_is_halved_and_nothing_is_lost(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    model = FakeModel(fitting=5, error=error)
    batches = FittingBatches(model, 16, None)
    with caplog.at_level(logging.WARNING):
        doubled(batches, 20)
    assert model.sizes == [16, 8, 4, 4, 4, 4, 4]
    assert "16 items at a time do not fit" in caplog.text
    doubled(batches, 4)  # the smaller size is kept
    assert model.sizes[-1] == 4


@pytest.mark.parametrize("asked", [8, None])
def test_one_item_that_does_not_fit_is_a_clear_error(asked: int | None) -> None:
    model = FakeModel(fitting=0)
    batches = FittingBatches(model, asked, FakeGauge(model, budget=MEGABYTE))
    with pytest.raises(DataError, match=r"got out of memory with batch_size 1; .*smaller model"):
        batches([1.0] * 8)
    assert model.sizes == [8, 4, 2, 1]


def test_any_other_error_comes_through_at_once() -> None:
    model = FakeModel(fitting=0, error=RuntimeError("shapes differ"))
    with pytest.raises(RuntimeError, match="shapes differ"):
        FittingBatches(model, 8, None)([1.0] * 8)
    assert model.sizes == [8]
    assert not is_out_of_memory(ValueError("out of memory"))


def test_on_a_cpu_the_widest_layer_says_what_a_batch_takes() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 100), torch.nn.Linear(100, 3))
    gauge = CpuGauge(model)
    float_bytes, items, alive = 4, 5, 8
    needed = gauge.bytes_during(lambda: model(torch.zeros(items, 2)))
    assert needed == items * 100 * float_bytes * alive
    assert not any(layer._forward_hooks for layer in model.modules())
    assert gauge.budget() > 0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")
def test_on_a_gpu_the_allocator_says_what_a_batch_takes() -> None:
    gauge = GpuGauge("cuda")
    needed = gauge.bytes_during(lambda: torch.zeros(4 * MEGABYTE, device="cuda"))
    assert needed == 16 * MEGABYTE
    _, total = torch.cuda.mem_get_info()
    assert 0 < gauge.budget() < total
