"""Batches that are ready before the model asks for them.

While an epoch trains, the next one is drawn, checked and planned in another thread, and the
next few batches are packed in a second one. Both spend their time in compiled code that
releases the interpreter. What is drawn depends on seed and epoch alone, so threads change when
a batch is made and never what is in it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Self, TypeVar

import numpy as np
import torch
from jaxtyping import Int64

from clairo.core.ragged import Ragged
from clairo.modeling.batching import Batch, make_batch, plan_batches
from clairo.modeling.data import TrainingData

PACKED_AHEAD = 8
"""Batches that wait packed: a hiccup of a few steps is bridged, and memory stays small."""

ORDER_STREAM, DROPOUT_STREAM = 0, 1
"""Numbers of the two random streams of an epoch, each seeded by (seed, epoch, number)."""

_DRAWING_AND_PACKING = 2

ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class EpochPlan:
    """One epoch, drawn.

    Attributes:
        inputs: History tokens of every example.
        batches: The examples of each step, in the order of the steps.
    """

    inputs: Ragged
    batches: list[Int64[np.ndarray, " rows"]]


@dataclass(frozen=True)
class BatchSource:
    """What batches are made from; the same epoch gives the same batches in any thread.

    Attributes:
        data: The examples.
        batch_size: Examples per step.
        seed: Of the order.
        device: Where the model computes.
    """

    data: TrainingData
    batch_size: int
    seed: int
    device: str

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch, the last of which may be smaller."""
        return -(-self.data.num_examples // self.batch_size)

    def plan(self, epoch: int) -> EpochPlan:
        """Draws and checks the inputs of an epoch (from 1) and puts them in order.

        Raises:
            DataError: The inputs cannot be read.
        """
        inputs = self.data.inputs(epoch)
        target_lengths = self.data.strings.lengths[self.data.targets]
        order = np.random.default_rng([self.seed, epoch, ORDER_STREAM])
        return EpochPlan(
            inputs, plan_batches(inputs.lengths, target_lengths, self.batch_size, order)
        )

    def pack(self, plan: EpochPlan, rows: Int64[np.ndarray, " rows"]) -> Batch:
        """One step's batch in the memory of the host, page-locked if it goes to a GPU."""
        data = self.data
        batch = make_batch(plan.inputs, data.strings, data.vocab_size, rows, data.targets[rows])
        if not self.device.startswith("cuda"):
            return batch
        with torch.cuda.device(self.device):  # a new thread would lock it for the first GPU
            return batch.pinned()


class EpochLoader:
    """Gives the batches of some epochs, made ahead in two threads that end with the block.

    Memory: the epoch that trains and the next one, each with 4 bytes a token and 16 an example,
    and :data:`PACKED_AHEAD` batches. Nothing is drawn beyond the last epoch asked for. Leaving
    the block waits for a draw that runs (it cannot be cut short) and drops what was made in
    vain; an error in what nobody asked for is dropped with it.

    Attributes:
        waited: Seconds that the taker of the current epoch's batches waited, the wait for the
            draw included. A GPU may still be at work meanwhile, so there it is an upper bound.
        steps_per_epoch: Batches of an epoch.

    Example:
        >>> from clairo.core.ragged import Ragged
        >>> rows = Ragged.from_sequences([[1], [2], [3]])
        >>> data = TrainingData(4, rows, np.arange(3, dtype=np.int32), lambda epoch: rows)
        >>> with EpochLoader(BatchSource(data, 2, seed=0, device="cpu"), range(1, 2)) as loader:
        ...     sorted(len(batch.inputs) for batch in loader.batches(1))
        [1, 2]
    """

    def __init__(self, source: BatchSource, epochs: range) -> None:
        self.waited = 0.0
        self.steps_per_epoch = source.steps_per_epoch
        self._source, self._epochs = source, epochs
        self._drawn: dict[int, Future[EpochPlan]] = {}
        self._pool = ThreadPoolExecutor(_DRAWING_AND_PACKING, thread_name_prefix="epoch-loader")

    def __enter__(self) -> Self:
        self._draw(self._epochs.start)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch on the device; epochs are taken in order.

        Raises:
            DataError: The epoch's inputs cannot be read.
        """
        self.waited = 0.0
        plan = self._wait(self._drawn.pop(epoch))
        to_pack = iter(plan.batches)
        packed = deque(self._pack(plan, to_pack, PACKED_AHEAD))
        self._draw(epoch + 1)  # after the first batches, which are wanted sooner
        while packed:
            batch = self._wait(packed.popleft())
            packed.extend(self._pack(plan, to_pack, 1))
            yield batch.to(self._source.device)

    def _draw(self, epoch: int) -> None:
        if epoch in self._epochs:
            self._drawn[epoch] = self._pool.submit(self._source.plan, epoch)

    def _pack(
        self, plan: EpochPlan, to_pack: Iterator[Int64[np.ndarray, " rows"]], count: int
    ) -> list[Future[Batch]]:
        pack = self._source.pack
        return [self._pool.submit(pack, plan, rows) for rows in islice(to_pack, count)]

    def _wait(self, made: Future[ResultT]) -> ResultT:
        started = time.perf_counter()
        try:
            return made.result()
        finally:
            self.waited += time.perf_counter() - started
