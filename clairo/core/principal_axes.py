"""Principal component analysis on plain arrays: used by reductions and by fusions.

It stands in ``core`` because both families need it and families do not import each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, Self

import numpy as np
from jaxtyping import Float

from clairo.core.errors import DataError
from clairo.core.threads import limit_threads

Solver = Literal["auto", "exact", "randomized"]
"""How axes are found: ``exact`` in double precision, ``randomized`` from a random sketch."""

LARGE: Final = 2048
"""``auto`` takes the sketch where the table is wider and longer than this."""

_BLOCK_ROWS: Final = 8192
_FIRST_SKETCH: Final = 256
_POWER_ITERATIONS: Final = 7


@dataclass(frozen=True)
class PrincipalAxes:
    """An affine map onto the leading principal axes of the rows it was fitted on.

    Attributes:
        mean: Mean of the fitted rows.
        axes: Orthogonal unit rows, or rows divided by their standard deviation if whitened;
            strongest first. The entry of largest size in each is positive, so that signs do
            not depend on the linear algebra library.
        variance_kept: Share of the total variance that lies in the kept axes, 0 to 1.
        solver: Which of the two ways found them.
    """

    mean: Float[np.ndarray, " dims"]
    axes: Float[np.ndarray, "kept dims"]
    variance_kept: float
    solver: Literal["exact", "randomized"] = "exact"

    @classmethod
    def fit(
        cls,
        rows: Float[np.ndarray, "rows dims"],
        *,
        variance: float | None,
        dims: int | None,
        whiten: bool = False,
        solver: Solver = "auto",
    ) -> Self:
        """Finds the axes of the given rows.

        The exact solver sums the covariance block by block, so that its memory grows with the
        square of the width and not with the number of rows; where rows are fewer than dims it
        decomposes the rows themselves. The sketch is enlarged until it holds what is asked for,
        and starts from a fixed draw: no seed changes the result.

        Args:
            rows: Finite vectors.
            variance: Keep the fewest axes whose shares of the variance sum to this, or
            dims: keep this many. Never more than the rows have independent directions.
            whiten: Scale every kept axis to unit variance.
            solver: ``auto`` is exact unless rows and dims both exceed :data:`LARGE`.

        Raises:
            DataError: Fewer than two rows, or all rows are equal.

        References:
            Halko, Martinsson and Tropp (2011), "Finding structure with randomness", algorithm
            4.4, as scikit-learn has it.

        Example:
            >>> rows = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])
            >>> axes = PrincipalAxes.fit(rows, variance=0.99, dims=None)
            >>> axes.project(rows).round(6).tolist()
            [[-5.0], [0.0], [5.0]]
        """
        if len(rows) < 2:
            raise DataError(
                f"Principal axes need at least 2 vectors, got {len(rows)}; fit on all items, "
                "or check how many items have this modality."
            )
        used = _choose(solver, rows.shape)
        mean = rows.mean(axis=0, dtype=np.float64)
        with limit_threads(1):
            if used == "exact":
                spread, axes, total = _exact_spectrum(rows, mean)
            else:
                spread, axes, total = _sketched_spectrum(rows, mean, variance, dims)
        if not len(spread):
            raise DataError(
                f"Principal axes need vectors that differ, got {len(rows)} equal ones; check "
                "the encoder's input, or choose reduction identity."
            )
        shares = np.cumsum(spread) / total
        kept = _num_kept(shares, variance, dims)
        axes = _fix_signs(axes[:kept])
        if whiten:
            axes = axes / np.sqrt(spread[:kept] / (len(rows) - 1))[:, None]
        return cls(mean, axes, min(1.0, float(shares[kept - 1])), used)

    def project(self, rows: Float[np.ndarray, "rows dims"]) -> Float[np.ndarray, "rows kept"]:
        """Coordinates of rows on the kept axes, in single precision."""
        projected = np.empty((len(rows), len(self.axes)), dtype=np.float32)
        with limit_threads(1):
            for start, block in zip(_starts(rows), _blocks(rows, self.mean), strict=True):
                projected[start : start + len(block)] = block @ self.axes.T
        return projected


def _choose(solver: Solver, shape: tuple[int, ...]) -> Literal["exact", "randomized"]:
    if solver != "auto":
        return solver
    return "randomized" if min(shape) > LARGE else "exact"


def _rounding(length: float, shape: tuple[int, ...]) -> float:
    """Squared length that equal rows may seem to have once their mean is taken off."""
    return length * float(np.finfo(np.float64).eps * max(shape)) ** 2


def _starts(rows: Float[np.ndarray, "rows dims"]) -> range:
    """First row of each block."""
    return range(0, len(rows), _BLOCK_ROWS)


def _blocks(
    rows: Float[np.ndarray, "rows dims"], mean: Float[np.ndarray, " dims"]
) -> Iterator[Float[np.ndarray, "block dims"]]:
    """Centered rows in double precision, some at a time."""
    for start in _starts(rows):
        yield rows[start : start + _BLOCK_ROWS].astype(np.float64) - mean


Spectrum = tuple[Float[np.ndarray, " rank"], Float[np.ndarray, "rank dims"], float]
"""Squared singular values above rounding noise, descending, their right vectors, and the sum of
all squared singular values."""


def _exact_spectrum(
    rows: Float[np.ndarray, "rows dims"], mean: Float[np.ndarray, " dims"]
) -> Spectrum:
    relative = np.finfo(np.float64).eps * max(rows.shape)
    if len(rows) >= rows.shape[1]:
        covariance = np.zeros((rows.shape[1], rows.shape[1]))
        for block in _blocks(rows, mean):
            covariance += block.T @ block
        squares, vectors = np.linalg.eigh(covariance)
        squares, axes = squares[::-1], vectors.T[::-1]
    else:
        _, singular, axes = np.linalg.svd(rows.astype(np.float64) - mean, full_matrices=False)
        squares = np.square(singular)
        relative = relative**2
    rounding = _rounding(_squared_length(rows), rows.shape)
    rank = int((squares > max(relative * squares.max(initial=0.0), rounding)).sum())
    return squares[:rank], axes[:rank], float(squares[:rank].sum())


def _sketched_spectrum(
    rows: Float[np.ndarray, "rows dims"],
    mean: Float[np.ndarray, " dims"],
    variance: float | None,
    dims: int | None,
) -> Spectrum:
    """The leading part of the spectrum, as far as the rule needs it."""
    from sklearn.utils.extmath import randomized_svd

    total = sum(float(np.square(block).sum()) for block in _blocks(rows, mean))
    rounding = _rounding(_squared_length(rows), rows.shape)
    if total <= rounding:
        return np.zeros(0), np.zeros((0, rows.shape[1])), 0.0
    centered = rows - mean.astype(rows.dtype)
    size = min(dims or _FIRST_SKETCH, *rows.shape)
    while True:
        _, singular, axes = randomized_svd(centered, size, n_iter=_POWER_ITERATIONS, random_state=0)
        squares = np.square(singular.astype(np.float64))
        reached = variance is None or squares.sum() >= (variance - 1e-12) * total
        if reached or size == min(rows.shape):
            break
        size = min(2 * size, *rows.shape)
    rank = int((squares > max(np.finfo(np.float32).eps ** 2 * squares[0], rounding)).sum())
    return squares[:rank], axes[:rank].astype(np.float64), total


def _squared_length(rows: Float[np.ndarray, "rows dims"]) -> float:
    as_they_are = _blocks(rows, np.zeros(rows.shape[1]))
    return sum(float(np.square(block).sum()) for block in as_they_are)


def _num_kept(shares: Float[np.ndarray, " rank"], variance: float | None, dims: int | None) -> int:
    """How many axes the rule keeps: at least one, at most the rank."""
    if variance is None:
        return min(dims or 1, len(shares))
    # Cumulated shares end at 1 up to rounding; asking for 1.0 must still find an end.
    return min(int(np.searchsorted(shares, variance - 1e-12)) + 1, len(shares))


def _fix_signs(axes: Float[np.ndarray, "kept dims"]) -> Float[np.ndarray, "kept dims"]:
    """Turns each axis so that its entry of largest size is positive."""
    largest = np.abs(axes).argmax(axis=1)
    return axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]
