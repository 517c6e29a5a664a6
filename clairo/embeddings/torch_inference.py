"""The setting in which pretrained encoders run: fixed threads, no gradients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clairo.core.stage import Runtime


@contextmanager
def torch_inference(runtime: Runtime) -> Iterator[None]:
    """Runs torch with the runtime's threads and without gradients, and restores both."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(runtime.num_threads)
    try:
        with torch.inference_mode():
            yield
    finally:
        torch.set_num_threads(before)
