"""The setting in which pretrained encoders run: threads, no gradients, one number format."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Literal

Precision = Literal["auto", "float32", "bfloat16"]
"""Number format of a model's layers; weights and vectors stay float32.

``auto`` is bfloat16 on a GPU that computes with it and float32 elsewhere: vectors of the two then
differ by about 1e-2 of their length, the rounding of bfloat16. An identity states what was asked
and the fact ``precision`` of a table what ran; a table is never a mixture. Name one of the other
two where a store is shared by machines with and without a GPU and more is needed.
"""


def find_precision(asked: Precision, device: str) -> Literal["float32", "bfloat16"]:
    """The number format that a device gets.

    Example:
        >>> find_precision("auto", "cpu"), find_precision("bfloat16", "cpu")
        ('float32', 'bfloat16')
    """
    if asked != "auto":
        return asked
    if not device.startswith("cuda"):
        return "float32"
    import torch

    # Older ones emulate it, which is slower than float32.
    return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"


@contextmanager
def torch_inference(device: str, num_threads: int, precision: Precision) -> Iterator[None]:
    """Runs torch with so many threads and without gradients, and restores both."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(num_threads)
    try:
        with torch.inference_mode(), _number_format(device, precision):
            yield
    finally:
        torch.set_num_threads(before)


def to_rows(vectors: Any, *, normalize: bool) -> Any:
    """A float32 array of what a model gave, of unit rows where asked.

    Lengths are made in float32: in bfloat16 they would be off by a percent.

    Args:
        vectors: A torch tensor (items, dims) of any number format and device.
        normalize: Scale every row to length 1.
    """
    import torch

    exact = vectors.float()
    if normalize:
        exact = torch.nn.functional.normalize(exact, dim=-1)
    return exact.cpu().numpy()


def _number_format(device: str, precision: Precision) -> Any:
    import torch

    if find_precision(precision, device) == "float32":
        return nullcontext()
    return torch.autocast(torch.device(device).type, dtype=torch.bfloat16)
