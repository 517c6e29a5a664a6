"""The loader changes when batches are made, never what is in them, and leaves nothing behind."""

from __future__ import annotations

import signal
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import fields, replace
from itertools import islice

import numpy as np
import pytest
import torch

from clairo.core.errors import DataError
from clairo.core.ragged import Ragged
from clairo.core.stage import Runtime
from clairo.modeling import TrainingData, trainer
from clairo.modeling.batching import Batch
from clairo.modeling.loading import PACKED_AHEAD, BatchSource, EpochLoader, EpochPlan
from clairo.modeling.trained import TrainedModel
from clairo.modeling.training_state import TrainingState
from tests.contracts.model import ModelContract
from tests.modeling.in_line import InLine
from tests.modeling.small import random_rows, tiny_config

NUM_EXAMPLES, BATCH_SIZE, DEADLINE = 230, 10, 30.0
NUM_BATCHES = 23


class Draws:
    """Inputs that differ between epochs; remembers which were drawn, and where."""

    def __init__(self) -> None:
        self.epochs: list[int] = []
        self.threads: set[str] = set()
        self.broken: int | None = None
        self.drawn = threading.Condition()

    def __call__(self, epoch: int) -> Ragged:
        self.threads.add(threading.current_thread().name)
        rows = random_rows(epoch, NUM_EXAMPLES - (epoch == self.broken))
        with self.drawn:
            self.epochs.append(epoch)
            self.drawn.notify_all()
        return rows

    def wait_for(self, *epochs: int) -> None:
        """Until just these have been drawn."""
        with self.drawn:
            assert self.drawn.wait_for(lambda: len(self.epochs) >= len(epochs), DEADLINE)
            assert self.epochs == list(epochs)


@pytest.fixture
def draws() -> Draws:
    return Draws()


@pytest.fixture
def source(draws: Draws) -> BatchSource:
    targets = np.random.default_rng(0).integers(0, 20, NUM_EXAMPLES).astype(np.int32)
    data = TrainingData(12, random_rows(99, 20, (1, 4)), targets, draws)
    return BatchSource(data, BATCH_SIZE, seed=5, device="cpu")


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def train(
    source: BatchSource,
    until: int,
    state: TrainingState | None = None,
    runtime: Runtime | None = None,
    **changes: object,
) -> TrainingState:
    config = tiny_config(batch_size=BATCH_SIZE, dropout=0.1, **changes)
    return config.fit(
        source.data,
        seed=source.seed,
        runtime=runtime or Runtime(),
        state=state,
        until_epoch=until,
        validate=lambda model: {"ndcg_at_10": 0.5},
    )


def same(left: Batch, right: Batch) -> bool:
    pairs = [(getattr(left, field.name), getattr(right, field.name)) for field in fields(Batch)]
    return all(
        one is other if one is None or other is None else torch.equal(one, other)
        for one, other in pairs
    )


def test_batches_are_those_made_in_line_in_their_order(source: BatchSource) -> None:
    epochs = range(2, 5)
    with EpochLoader(source, epochs) as loader:
        for epoch in epochs:
            ours, theirs = list(loader.batches(epoch)), list(InLine(source, epochs).batches(epoch))
            assert len(ours) == len(theirs) == NUM_BATCHES == loader.steps_per_epoch
            assert all(map(same, ours, theirs))


def test_training_is_equal_to_the_bit_to_making_batches_in_line(
    source: BatchSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = train(source, 4)
    monkeypatch.setattr(trainer, "EpochLoader", InLine)
    ModelContract.assert_same(ahead, train(source, 4))


def test_training_in_pieces_draws_no_epoch_twice_and_none_in_vain(
    source: BatchSource, draws: Draws
) -> None:
    pieces = train(source, 4, train(source, 3, train(source, 1)))
    assert draws.epochs == [1, 2, 3, 4]
    ModelContract.assert_same(pieces, train(source, 4))


def test_nothing_is_drawn_in_the_thread_that_trains(source: BatchSource, draws: Draws) -> None:
    train(source, 2)
    assert all(name.startswith("epoch-loader") for name in draws.threads)


def test_the_next_epoch_is_drawn_while_one_trains_and_no_more_than_one(
    source: BatchSource, draws: Draws
) -> None:
    with EpochLoader(source, range(1, 4)) as loader:
        draws.wait_for(1)
        first = loader.batches(1)
        next(first)
        draws.wait_for(1, 2)
        assert len(list(first)) == NUM_BATCHES - 1
        assert draws.epochs == [1, 2]
        second = list(loader.batches(2))
        draws.wait_for(1, 2, 3)
        assert len(second) == len(list(loader.batches(3)))
    assert draws.epochs == [1, 2, 3]


def test_packing_is_so_far_ahead_and_no_further(
    source: BatchSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed, pack = threading.Semaphore(0), BatchSource.pack
    begun: list[None] = []

    def counted(self: BatchSource, plan: EpochPlan, rows: np.ndarray) -> Batch:
        begun.append(None)
        batch = pack(self, plan, rows)
        packed.release()
        return batch

    monkeypatch.setattr(BatchSource, "pack", counted)
    with EpochLoader(source, range(1, 2)) as loader:
        batches = loader.batches(1)
        assert len(list(islice(batches, 3))) == 3
        for _ in range(3 + PACKED_AHEAD):
            assert packed.acquire(timeout=DEADLINE)
        # The queue is full, so nothing more is even on its way.
        assert len(begun) == 3 + PACKED_AHEAD


def test_a_report_of_false_loses_nothing(source: BatchSource) -> None:
    stopped = train(source, 4, runtime=Runtime(report=lambda epoch, metrics: epoch < 2))
    assert (stopped.epochs_done, stopped.finished) == (2, False)
    ModelContract.assert_same(train(source, 4, stopped), train(source, 4))


def test_running_out_of_patience_drops_what_was_drawn(source: BatchSource) -> None:
    assert train(source, 4, patience=1).epochs_done == 2


def test_an_error_in_the_inputs_of_a_later_epoch_comes_when_it_is_their_turn(
    source: BatchSource, draws: Draws
) -> None:
    draws.broken = 3
    told: list[int] = []

    def report(epoch: int, metrics: Mapping[str, float]) -> bool:
        told.append(epoch)
        return True

    with pytest.raises(DataError, match="got 229 inputs for 230 targets in epoch 3") as caught:
        train(source, 4, runtime=Runtime(report=report))
    assert told == [1, 2]
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert {"_train_epoch", "batches", "plan", "inputs"} <= set(frames)


def test_an_error_in_an_epoch_that_is_never_trained_stops_nothing(
    source: BatchSource, draws: Draws
) -> None:
    draws.broken = 2
    stop = Runtime(report=lambda epoch, metrics: False)
    assert train(source, 4, runtime=stop).epochs_done == 1


def test_an_error_in_a_batch_comes_where_the_batch_belongs(
    source: BatchSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = BatchSource.pack

    def failing(self: BatchSource, plan: EpochPlan, rows: np.ndarray) -> Batch:
        if rows is plan.batches[5]:
            raise MemoryError("no room for the sixth")
        return pack(self, plan, rows)

    monkeypatch.setattr(BatchSource, "pack", failing)
    taken: list[Batch] = []
    with EpochLoader(source, range(1, 2)) as loader:
        batches = loader.batches(1)
        with pytest.raises(MemoryError, match="sixth"):
            taken.extend(iter(lambda: next(batches), None))
    assert len(taken) == 5


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupt_or_error_of_the_taker_ends_the_threads(
    source: BatchSource, draws: Draws, error: type[BaseException]
) -> None:
    def taken() -> None:
        with EpochLoader(source, range(1, 100)) as loader:
            for number, _ in enumerate(loader.batches(1)):
                if number == 2:
                    raise error

    with pytest.raises(error):
        taken()
    assert draws.epochs in ([1], [1, 2])  # the second draw was begun by then, or is dropped


def test_an_interrupt_while_waiting_for_a_draw_ends_the_threads(
    source: BatchSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = threading.Event()

    def draw(epoch: int) -> Ragged:
        assert waits.wait(DEADLINE)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        return random_rows(epoch, NUM_EXAMPLES)

    broken = replace(source, data=replace(source.data, draw_inputs=draw))

    def take() -> None:
        with EpochLoader(broken, range(1, 4)) as loader:
            waits.set()
            list(loader.batches(1))

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            take()
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_in_a_validation_ends_the_threads(source: BatchSource) -> None:
    def validate(model: TrainedModel) -> Mapping[str, float]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tiny_config(batch_size=BATCH_SIZE).fit(
            source.data, 0, Runtime(), state=None, until_epoch=4, validate=validate
        )


def test_waiting_is_measured_and_told_but_never_kept(source: BatchSource, draws: Draws) -> None:
    slow = 0.2

    def draw(epoch: int) -> Ragged:
        time.sleep(slow)
        return draws(epoch)

    late = replace(source, data=replace(source.data, draw_inputs=draw))
    with EpochLoader(late, range(1, 3)) as loader:
        started = time.perf_counter()
        next(loader.batches(1))
        assert 0 < loader.waited <= time.perf_counter() - started
        draws.wait_for(1, 2)
    told: list[Mapping[str, float]] = []

    def report(epoch: int, metrics: Mapping[str, float]) -> bool:
        told.append(metrics)
        return True

    state = train(late, 2, runtime=Runtime(report=report))
    assert all(0 < metrics["train_wait_share"] < 1 for metrics in told)
    assert not any("train_wait_share" in entry for entry in state.curve)
    assert not any("wait" in name for name in state.facts)


def test_batches_for_a_gpu_are_page_locked_on_its_device_context(
    source: BatchSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices: list[str] = []
    locked: list[int] = []

    def lock(tensor: torch.Tensor) -> torch.Tensor:
        copy = tensor.clone()
        locked.append(id(copy))
        return copy

    monkeypatch.setattr(torch.cuda, "device", lambda name: devices.append(name) or nullcontext())
    monkeypatch.setattr(torch.Tensor, "pin_memory", lock)
    on_gpu = replace(source, device="cuda:1")
    plan = source.plan(1)
    pinned, plain = on_gpu.pack(plan, plan.batches[0]), source.pack(plan, plan.batches[0])
    tensors = [getattr(pinned, field.name) for field in fields(Batch)]
    assert devices == ["cuda:1"]
    assert locked == [id(tensor) for tensor in tensors if tensor is not None]
    assert same(pinned, plain)


def test_a_batch_moves_whole(source: BatchSource) -> None:
    plan = source.plan(1)
    moved = source.pack(plan, plan.batches[0]).to("meta")
    tensors = [getattr(moved, field.name) for field in fields(Batch)]
    assert {tensor.device.type for tensor in tensors if tensor is not None} == {"meta"}
