"""The arithmetic on many rows that clusterings are made of, by numpy and for any device.

Everything here is worked out in blocks of rows of a fixed size. Blocks may be spread over
threads, but each is computed by one thread in one order, so that neither the number of threads
nor that of cores ever changes a code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float, Float32, Int, Int32

from clairo.core.stage import Runtime
from clairo.core.threads import limit_threads

MOST_CENTROIDS = 8192
"""Of all codebooks together, whose products with one another then take 256 MB."""

BlockSearch = Callable[[np.ndarray], np.ndarray]
"""Rows of a block to their codes."""

_BLOCK_ROWS = 256
_BLOCK_DISTANCES = 1 << 23
"""Distances that a block may hold at a time: 32 MB."""


class Kernels(Protocol):
    """Where and how rows are clustered. ``held`` rows are what :meth:`hold` gave."""

    @property
    def name(self) -> str:
        """What computes, for the fact ``device``."""
        ...

    def hold(self, rows: Float[np.ndarray, "rows dims"]) -> Any:
        """The rows where they are computed with, in single precision."""
        ...

    def take(self, held: Any, rows: Int[np.ndarray, " some"]) -> Float32[np.ndarray, "some dims"]:
        """Some of the held rows."""
        ...

    def nearest(
        self, held: Any, centroids: Float32[np.ndarray, "size dims"]
    ) -> tuple[Int32[np.ndarray, " rows"], Float32[np.ndarray, " rows"]]:
        """Index of each row's nearest centroid, the smaller on a tie, and the squared distance."""
        ...

    def sums(
        self, held: Any, codes: Int[np.ndarray, " rows"], size: int
    ) -> Float32[np.ndarray, "size dims"]:
        """Sum of the rows of each code."""
        ...

    def minus(
        self, held: Any, centroids: Float32[np.ndarray, "size dims"], codes: Int[np.ndarray, " n"]
    ) -> Any:
        """Held rows, each less the centroid of its code."""
        ...

    def search(
        self, held: Any, codebooks: Float32[np.ndarray, "levels size dims"], beam: int
    ) -> Int32[np.ndarray, "rows levels"]:
        """Codes whose centroids sum to nearly the row, level by level with ``beam`` paths."""
        ...

    def columns(self, held: Any, start: int, stop: int) -> Any:
        """Held rows, cut to some of their columns."""
        ...

    def times(self, held: Any, matrix: Float32[np.ndarray, "dims other"]) -> Any:
        """Held rows, each multiplied with a matrix."""
        ...

    def cross(
        self, held: Any, others: Float32[np.ndarray, "rows other"]
    ) -> Float32[np.ndarray, "dims other"]:
        """Sum over rows of the outer products with other rows."""
        ...


def kernels_for(runtime: Runtime) -> Kernels:
    """Those of the device: numpy on a CPU, with or without its number, torch anywhere else.

    Raises:
        ConfigError: There is no such device.
    """
    if re.fullmatch(r"cpu(:\d+)?", runtime.device):
        return NumpyKernels(runtime.num_threads)
    from clairo.quantization.torch_kernels import TorchKernels

    return TorchKernels.on(runtime.device)


@dataclass(frozen=True)
class NumpyKernels:
    """Blocks by BLAS, each in one thread.

    Attributes:
        num_threads: Blocks that are computed at a time.
    """

    num_threads: int = 1

    @property
    def name(self) -> str:
        """As of every kernels."""
        return "cpu (numpy)"

    def hold(self, rows: Float[np.ndarray, "rows dims"]) -> Float32[np.ndarray, "rows dims"]:
        """As of every kernels."""
        return np.ascontiguousarray(rows, dtype=np.float32)

    def take(self, held: Any, rows: Int[np.ndarray, " some"]) -> Float32[np.ndarray, "some dims"]:
        """As of every kernels."""
        taken: np.ndarray = held[rows]
        return taken

    def nearest(
        self, held: Any, centroids: Float32[np.ndarray, "size dims"]
    ) -> tuple[Int32[np.ndarray, " rows"], Float32[np.ndarray, " rows"]]:
        """As of every kernels."""
        codes = np.empty(len(held), dtype=np.int32)
        distances = np.empty(len(held), dtype=np.float32)
        columns = np.ascontiguousarray(-2.0 * centroids.T)
        lengths = np.square(centroids).sum(axis=1)

        def find(part: slice) -> None:
            block = held[part]
            found = block @ columns
            found += lengths
            chosen = found.argmin(axis=1)
            least = found[np.arange(len(block)), chosen] + np.einsum("nd,nd->n", block, block)
            codes[part], distances[part] = chosen, np.maximum(least, 0.0)

        self._each_block(find, len(held), len(centroids))
        return codes, distances

    def sums(
        self, held: Any, codes: Int[np.ndarray, " rows"], size: int
    ) -> Float32[np.ndarray, "size dims"]:
        """As of every kernels."""
        from scipy.sparse import csr_array

        # A row of the transposed table lists the rows of one code, in order: no cut sums.
        one_each = (np.ones(len(codes), np.float32), codes, np.arange(len(codes) + 1))
        members = csr_array(one_each, shape=(len(codes), size)).T.tocsr()
        total: np.ndarray = members @ held
        return total

    def minus(
        self, held: Any, centroids: Float32[np.ndarray, "size dims"], codes: Int[np.ndarray, " n"]
    ) -> Float32[np.ndarray, "rows dims"]:
        """As of every kernels."""
        left: np.ndarray = held - centroids[codes]
        return left

    def search(
        self, held: Any, codebooks: Float32[np.ndarray, "levels size dims"], beam: int
    ) -> Int32[np.ndarray, "rows levels"]:
        """As of every kernels."""
        codes = np.empty((len(held), len(codebooks)), dtype=np.int32)
        few = codebooks.shape[0] * codebooks.shape[1] <= MOST_CENTROIDS
        search = _by_products if few and beam > 1 else _by_residuals
        # Far from zero lengths would be large, and what tells centroids apart rounded away.
        center = codebooks[0].mean(axis=0)
        find = search(np.concatenate([codebooks[:1] - center, codebooks[1:]]), beam)

        def work(part: slice) -> None:
            codes[part] = find(held[part] - center)

        distances = codebooks.shape[1] * (len(codebooks) if few else beam)
        self._each_block(work, len(held), distances)
        return codes

    def columns(self, held: Any, start: int, stop: int) -> Float32[np.ndarray, "rows some"]:
        """As of every kernels."""
        return np.ascontiguousarray(held[:, start:stop])

    def times(
        self, held: Any, matrix: Float32[np.ndarray, "dims other"]
    ) -> Float32[np.ndarray, "rows other"]:
        """As of every kernels."""
        product = np.empty((len(held), matrix.shape[1]), dtype=np.float32)

        def multiply(part: slice) -> None:
            product[part] = held[part] @ matrix

        self._each_block(multiply, len(held), matrix.shape[1])
        return product

    def cross(
        self, held: Any, others: Float32[np.ndarray, "rows other"]
    ) -> Float32[np.ndarray, "dims other"]:
        """As of every kernels."""
        with limit_threads(1):
            total: np.ndarray = held.T @ others
        return total

    def _each_block(self, work: Callable[[slice], None], count: int, distances: int) -> None:
        """Calls ``work`` with every block, so many distances a row."""
        with limit_threads(1), ThreadPoolExecutor(self.num_threads) as pool:
            for _ in pool.map(work, row_blocks(count, distances, _BLOCK_ROWS, _BLOCK_DISTANCES)):
                pass


def row_blocks(count: int, distances: int, most_rows: int, most_distances: int) -> Iterator[slice]:
    """Slices of at most so many rows, fewer where each row has many distances.

    Example:
        >>> [part.stop for part in row_blocks(10, 5, most_rows=4, most_distances=100)]
        [4, 8, 10]
        >>> [part.stop for part in row_blocks(10, 50, most_rows=4, most_distances=150)]
        [3, 6, 9, 10]
    """
    rows = max(1, min(most_rows, most_distances // max(1, distances)))
    for start in range(0, count, rows):
        yield slice(start, min(start + rows, count))


def _by_products(codebooks: Float32[np.ndarray, "levels size dims"], beam: int) -> BlockSearch:
    """Paths by products of centroids: one matrix product a block."""
    from clairo.quantization.path_search import follow_paths

    levels, size, dims = codebooks.shape
    centroids = codebooks.reshape(levels * size, dims)
    with limit_threads(1):
        pairs = 2.0 * (centroids @ centroids.T)
    columns, lengths = np.ascontiguousarray(-2.0 * centroids.T), np.square(centroids).sum(axis=1)

    def find(rows: Float32[np.ndarray, "rows dims"]) -> Int32[np.ndarray, "rows levels"]:
        alone = rows @ columns
        alone += lengths
        codes: np.ndarray = follow_paths(alone, pairs, levels, beam)
        return codes

    return find


def _by_residuals(codebooks: Float32[np.ndarray, "levels size dims"], beam: int) -> BlockSearch:
    """Paths by residuals: nothing grows with the square of the centroids."""
    lengths = np.square(codebooks).sum(axis=2)
    return lambda rows: _search_block(rows, codebooks, lengths, beam)


def _search_block(
    rows: Float32[np.ndarray, "rows dims"],
    codebooks: Float32[np.ndarray, "levels size dims"],
    lengths: Float32[np.ndarray, "levels size"],
    beam: int,
) -> Int32[np.ndarray, "rows levels"]:
    """Codes of one block; see :meth:`Kernels.search`."""
    size, dims = codebooks.shape[1:]
    row = np.arange(len(rows))[:, None]
    residuals = rows[:, None]
    paths = np.zeros((len(rows), 1, 0), dtype=np.int32)
    for level, centroids in enumerate(codebooks):
        distances = residuals.reshape(-1, dims) @ (-2.0 * centroids.T)
        distances += lengths[level]
        flat = distances.reshape(len(rows), -1)
        if residuals.shape[1] > 1:  # with one path its own length changes no order
            own = np.einsum("nbd,nbd->nb", residuals, residuals)
            flat += np.repeat(own, size, axis=1)
        last = level == len(codebooks) - 1
        kept = 1 if last else min(beam, flat.shape[1])
        if kept == 1:
            best = flat.argmin(axis=1)[:, None]
        else:
            best = np.argpartition(flat, kept - 1, axis=1)[:, :kept]
        parents, codes = np.divmod(best, size)
        paths = np.concatenate([paths[row, parents], codes[:, :, None].astype(np.int32)], axis=2)
        if not last:
            residuals = residuals[row, parents] - centroids[codes]
    return paths[:, 0]
