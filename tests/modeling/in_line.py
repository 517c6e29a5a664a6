"""What the epoch loader must equal: every batch made by the taker, when it is asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from clairo.modeling.batching import Batch
from clairo.modeling.loading import BatchSource


class InLine:
    """Stands in for :class:`clairo.modeling.loading.EpochLoader`, without a thread."""

    def __init__(self, source: BatchSource, epochs: range) -> None:
        self.waited, self.source = 0.0, source
        self.steps_per_epoch = source.steps_per_epoch

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def batches(self, epoch: int) -> Iterator[Batch]:
        started = time.perf_counter()
        plan = self.source.plan(epoch)
        self.waited = time.perf_counter() - started
        for rows in plan.batches:
            started = time.perf_counter()
            batch = self.source.pack(plan, rows).to(self.source.device)
            self.waited += time.perf_counter() - started
            yield batch
