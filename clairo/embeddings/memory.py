"""How much memory a batch takes: measured on a GPU, estimated from the layers on a CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from clairo.embeddings.batches import MemoryGauge

# Beside its output a layer holds its input, the residual, queries, keys, values and a mask.
_ALIVE_OUTPUTS = 8
_CPU_SHARE = 0.25
_GPU_SHARE = 0.7
# Beyond these a batch is no faster: cores are busy, and caches overflow.
_CPU_MOST = 32
_GPU_MOST = 1024


def gauge_for(model: Any, device: str) -> MemoryGauge:
    """The gauge of a device for a torch module that lies on it."""
    return GpuGauge(device) if device.startswith("cuda") else CpuGauge(model)


class GpuGauge:
    """The allocator's own peak, and what is free on the device.

    Args:
        device: A torch device string.
    """

    most = _GPU_MOST

    def __init__(self, device: str) -> None:
        self._device = device

    def bytes_during(self, call: Callable[[], object]) -> int:
        """Peak of what is allocated during a call, beyond what was before."""
        import torch

        torch.cuda.reset_peak_memory_stats(self._device)
        before = torch.cuda.memory_allocated(self._device)
        call()
        return int(torch.cuda.max_memory_allocated(self._device) - before)

    def budget(self) -> int:
        """Most of what is free, or cached by this process."""
        import torch

        free, _ = torch.cuda.mem_get_info(self._device)
        cached = torch.cuda.memory_reserved(self._device) - torch.cuda.memory_allocated(
            self._device
        )
        return int((free + cached) * _GPU_SHARE)


class CpuGauge:
    """The largest output of any layer, times those that are alive together.

    The peak of a process says nothing on a CPU: its allocator keeps and reuses what it has.

    Args:
        model: A torch module.
    """

    most = _CPU_MOST

    def __init__(self, model: Any) -> None:
        self._model = model

    def bytes_during(self, call: Callable[[], object]) -> int:
        """Estimated peak of a call that runs the model."""
        largest = 0

        def note(module: Any, inputs: Any, output: Any) -> None:
            nonlocal largest
            largest = max([largest, *(tensor.nbytes for tensor in _tensors(output))])

        hooks = [module.register_forward_hook(note) for module in self._model.modules()]
        try:
            call()
        finally:
            for hook in hooks:
                hook.remove()
        return largest * _ALIVE_OUTPUTS

    def budget(self) -> int:
        """A quarter of the memory that is available now: others run beside."""
        import psutil

        return int(psutil.virtual_memory().available * _CPU_SHARE)


def _tensors(output: Any) -> Iterator[Any]:
    """Tensors of what a layer gives, which may be nested."""
    if hasattr(output, "nbytes"):
        yield output
    elif isinstance(output, dict):
        for value in output.values():
            yield from _tensors(value)
    elif isinstance(output, tuple | list):
        for value in output:
            yield from _tensors(value)
