"""The arithmetic of clusterings by torch, on whatever device it has.

Sums are made in a fixed order (no atomic additions), in float32 without reduced-precision
factors, so that a device gives the same codes every time and those of a CPU up to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import numpy as np
import torch
from jaxtyping import Float, Float32, Int, Int32
from torch import Tensor

from clairo.core.errors import ConfigError, StageError
from clairo.quantization.kernels import row_blocks

_BLOCK_ROWS = 1 << 16
_BLOCK_NUMBERS = 1 << 27
"""Numbers that a block may hold at a time: 512 MB."""

ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class TorchKernels:
    """Blocks of rows on a torch device; smaller blocks where its memory does not suffice.

    Attributes:
        device: Where.
        block_rows: Rows of a block, at most.
    """

    device: torch.device
    block_rows: int = _BLOCK_ROWS

    @classmethod
    def on(cls, device: str) -> Self:
        """Kernels of a device that is there.

        Raises:
            ConfigError: It is not, or is none that torch knows.
        """
        try:
            torch.empty(1, device=device)
        # torch says AssertionError where it was built without CUDA.
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            reason = str(error).splitlines()[0]
            raise ConfigError(
                f"runtime.device must be one that torch can use, got {device} ({reason}); "
                "use cpu, or a machine that has it."
            ) from error
        return cls(torch.device(device))

    @property
    def name(self) -> str:
        """As of every kernels."""
        return f"{self.device.type} (torch)"

    def hold(self, rows: Float[np.ndarray, "rows dims"]) -> Tensor:
        """As of every kernels."""
        return self._moved(np.ascontiguousarray(rows, dtype=np.float32))

    def take(self, held: Any, rows: Int[np.ndarray, " some"]) -> Float32[np.ndarray, "some dims"]:
        """As of every kernels."""
        taken: np.ndarray = held[self._moved(rows)].cpu().numpy()
        return taken

    def nearest(
        self, held: Any, centroids: Float32[np.ndarray, "size dims"]
    ) -> tuple[Int32[np.ndarray, " rows"], Float32[np.ndarray, " rows"]]:
        """As of every kernels."""
        table = self._moved(centroids)
        lengths = table.square().sum(1)

        def find(block: Tensor) -> tuple[np.ndarray, np.ndarray]:
            found = torch.addmm(lengths, block, table.T, alpha=-2.0)
            least, codes = found.min(1)
            distances = (least + block.square().sum(1)).clamp_(min=0)
            return codes.int().cpu().numpy(), distances.cpu().numpy()

        parts = self._each_block(find, held, len(centroids) + held.shape[1])
        codes, distances = zip(*parts, strict=True)
        return np.concatenate(codes), np.concatenate(distances)

    def sums(
        self, held: Any, codes: Int[np.ndarray, " rows"], size: int
    ) -> Float32[np.ndarray, "size dims"]:
        """As of every kernels."""
        order = np.argsort(codes, kind="stable")
        counts = self._moved(np.bincount(codes, minlength=size))
        # Parts of the columns, for a sorted copy of all rows would double what is held.
        width = max(1, _BLOCK_NUMBERS // max(1, len(order)))
        places = self._moved(order)
        parts = [
            torch.segment_reduce(
                held[:, at : at + width].index_select(0, places).contiguous(),
                "sum",
                lengths=counts,
                initial=0.0,
            )
            for at in range(0, held.shape[1], width)
        ]
        return torch.cat(parts, 1).cpu().numpy()

    def minus(
        self, held: Any, centroids: Float32[np.ndarray, "size dims"], codes: Int[np.ndarray, " n"]
    ) -> Tensor:
        """As of every kernels."""
        with _clear_memory_error("the residuals"):
            left: Tensor = held - self._moved(centroids)[self._moved(codes.astype(np.int64))]
        return left

    def search(
        self, held: Any, codebooks: Float32[np.ndarray, "levels size dims"], beam: int
    ) -> Int32[np.ndarray, "rows levels"]:
        """As of every kernels."""
        tables = self._moved(codebooks)
        lengths = tables.square().sum(2)

        def find(block: Tensor) -> np.ndarray:
            return _search_block(block, tables, lengths, beam).int().cpu().numpy()

        numbers = beam * (codebooks.shape[1] + codebooks.shape[2])
        return np.concatenate(list(self._each_block(find, held, numbers)))

    def columns(self, held: Any, start: int, stop: int) -> Tensor:
        """As of every kernels."""
        cut: Tensor = held[:, start:stop].contiguous()
        return cut

    def times(self, held: Any, matrix: Float32[np.ndarray, "dims other"]) -> Tensor:
        """As of every kernels."""
        with _clear_memory_error("a rotation"):
            product: Tensor = held @ self._moved(matrix)
        return product

    def cross(
        self, held: Any, others: Float32[np.ndarray, "rows other"]
    ) -> Float32[np.ndarray, "dims other"]:
        """As of every kernels."""
        with _clear_memory_error("a rotation"):
            total: np.ndarray = (held.T @ self._moved(others)).cpu().numpy()
        return total

    def _moved(self, array: np.ndarray) -> Tensor:
        with _clear_memory_error(f"an array of {array.nbytes / 1e6:.0f} MB"):
            return torch.from_numpy(array).to(self.device)

    def _each_block(
        self, work: Callable[[Tensor], ResultT], held: Tensor, numbers: int
    ) -> Iterator[ResultT]:
        """Results of all blocks, one empty block for no rows.

        Raises:
            StageError: The device has not the memory for a single row.
        """
        if not len(held):
            yield work(held)
        rows, start = self.block_rows, 0
        while start < len(held):
            part = next(row_blocks(len(held) - start, numbers, rows, _BLOCK_NUMBERS))
            try:
                yield work(held[start : start + part.stop])
            except torch.OutOfMemoryError as error:
                if part.stop == 1:
                    raise _no_memory("a block of one row") from error
                rows = part.stop // 2
                if self.device.type == "cuda":
                    torch.cuda.empty_cache()
                continue
            start += part.stop


def _no_memory(what: str) -> StageError:
    return StageError(
        f"Quantization needs memory of the device for {what} and found none left; use a "
        "smaller codebook_size or beam, free the device, or set runtime.device to cpu."
    )


@contextmanager
def _clear_memory_error(what: str) -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise _no_memory(what) from error


def _search_block(rows: Tensor, codebooks: Tensor, lengths: Tensor, beam: int) -> Tensor:
    """Codes of one block; see :meth:`clairo.quantization.kernels.Kernels.search`."""
    size, dims = codebooks.shape[1:]
    row = torch.arange(len(rows), device=rows.device)[:, None]
    residuals = rows[:, None]
    paths = row.new_zeros((len(rows), 1, 0))
    for level, centroids in enumerate(codebooks):
        products = residuals.reshape(-1, dims) @ centroids.T
        found = (lengths[level] - 2.0 * products).view(len(rows), -1, size)
        flat = (found + residuals.square().sum(2, keepdim=True)).flatten(1)
        last = level == len(codebooks) - 1
        kept = 1 if last else min(beam, flat.shape[1])
        best = (
            flat.topk(kept, dim=1, largest=False).indices if kept > 1 else flat.argmin(1)[:, None]
        )
        parents, codes = best // size, best % size
        paths = torch.cat([paths[row, parents], codes[:, :, None]], 2)
        residuals = residuals[row, parents] - centroids[codes]
    return paths[:, 0]
