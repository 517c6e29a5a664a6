"""Batches that fit into memory: their size is found, and halved where it was too large."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float

from clairo.core.errors import DataError

_log = logging.getLogger(__name__)

Describe = Callable[[list[Any]], Float[np.ndarray, "batch dims"]]
"""One vector for each of several prepared inputs."""

_PROBE_ITEMS = 8
_ALLOCATOR_COMPLAINTS = ("out of memory", "DefaultCPUAllocator", "CUBLAS_STATUS_ALLOC_FAILED")


class MemoryGauge(Protocol):
    """Says how much memory a batch takes and how much there is."""

    most: int
    """More items at a time would not be faster."""

    def bytes_during(self, call: Callable[[], object]) -> int:
        """Bytes that a call needs at its peak, beside what is held before it."""
        ...

    def budget(self) -> int:
        """Bytes that a batch may take."""
        ...


class FittingBatches:
    """Describes inputs in batches that fit into memory.

    The size that is found is a power of two, so that a little more or less free memory does not
    change it: results differ between sizes by rounding.

    Args:
        describe: One vector for each input of a batch.
        asked: Items at a time; ``None`` finds out.
        gauge: Measures memory; needed where nothing is asked.
    """

    def __init__(self, describe: Describe, asked: int | None, gauge: MemoryGauge | None) -> None:
        self._describe = describe
        self._gauge = gauge
        self.size = asked
        """Items at a time by now, ``None`` before the first batch."""

    def __call__(self, inputs: Sequence[Any]) -> Float[np.ndarray, "inputs dims"]:
        """One vector for each input; the largest comes first, where inputs differ in size.

        Raises:
            DataError: Not even one item at a time fits.
        """
        if self.size is None:
            self._find_size(list(inputs[:_PROBE_ITEMS]))
        rows: list[np.ndarray] = []
        start = 0
        while start < len(inputs):
            size = self.size
            assert size is not None
            described = self._attempt(list(inputs[start : start + size]))
            if described is None:
                self.size = _halve(size)
            else:
                rows.append(described)
                start += size
        return np.concatenate(rows)

    def _find_size(self, probe: list[Any]) -> None:
        """Measures a small batch, whose result is dropped: each piece is then made alike."""
        assert self._gauge is not None
        needed = None
        while needed is None:
            try:
                needed = self._gauge.bytes_during(partial(self._describe, probe))
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                if len(probe) == 1:
                    raise _too_large() from error
                probe = probe[: len(probe) // 2]
        each = max(1, needed // len(probe))
        fitting = max(1, min(self._gauge.most, self._gauge.budget() // each))
        self.size = 1 << (int(fitting).bit_length() - 1)
        _log.info("%d items at a time: %.1f MB each", self.size, each / 2**20)

    def _attempt(self, batch: list[Any]) -> Float[np.ndarray, "batch dims"] | None:
        """The batch's vectors, ``None`` where it is too large for the memory."""
        try:
            return self._describe(batch)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            if len(batch) == 1:
                raise _too_large() from error
            # Beyond this block the error, which holds the batch's tensors, is gone.
            _log.warning("%d items at a time do not fit into memory: %s", len(batch), error)
        _free_cache()
        return None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory was short, of the device or of the machine.

    Example:
        >>> is_out_of_memory(MemoryError()), is_out_of_memory(RuntimeError("shapes differ"))
        (True, False)
    """
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(
        words in str(error) for words in _ALLOCATOR_COMPLAINTS
    )


def _halve(size: int) -> int:
    smaller = max(1, size // 2)
    _log.warning("Going on with %d items at a time.", smaller)
    return smaller


def _too_large() -> DataError:
    return DataError(
        "An encoder needs memory for one item at a time, got out of memory with batch_size 1; "
        "end what else uses the device, choose a smaller model or fewer max_tokens, or use "
        "device cpu."
    )


def _free_cache() -> None:
    """Gives cached blocks of a GPU back, which are of the size that did not fit."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
