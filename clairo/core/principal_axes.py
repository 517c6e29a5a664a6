"""Principal component analysis on plain arrays: used by reductions and by fusions.

It stands in ``core`` because both families need it and families do not import each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Float

from clairo.core.errors import DataError
from clairo.core.threads import limit_threads


@dataclass(frozen=True)
class PrincipalAxes:
    """An affine map onto the leading principal axes of the rows it was fitted on.

    Attributes:
        mean: Mean of the fitted rows.
        axes: Orthogonal unit rows, or rows divided by their standard deviation if whitened;
            strongest first. The entry of largest size in each is positive, so that signs do
            not depend on the linear algebra library.
        variance_kept: Share of the total variance that lies in the kept axes, 0 to 1.
    """

    mean: Float[np.ndarray, " dims"]
    axes: Float[np.ndarray, "kept dims"]
    variance_kept: float

    @classmethod
    def fit(
        cls,
        rows: Float[np.ndarray, "rows dims"],
        *,
        variance: float | None,
        dims: int | None,
        whiten: bool = False,
    ) -> Self:
        """Finds the axes of the given rows exactly (no random sketch), in double precision.

        Args:
            rows: Finite vectors.
            variance: Keep the fewest axes whose shares of the variance sum to this, or
            dims: keep this many. Never more than the rows have independent directions.
            whiten: Scale every kept axis to unit variance.

        Raises:
            DataError: Fewer than two rows, or all rows are equal.

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
        exact = rows.astype(np.float64)
        mean = exact.mean(axis=0)
        with limit_threads(1):
            spread, axes = _spectrum(exact - mean, _rounding(exact))
        if not len(spread):
            raise DataError(
                f"Principal axes need vectors that differ, got {len(rows)} equal ones; check "
                "the encoder's input, or choose reduction identity."
            )
        shares = np.cumsum(spread) / spread.sum()
        kept = _num_kept(shares, variance, dims)
        axes = _fix_signs(axes[:kept])
        if whiten:
            axes = axes / np.sqrt(spread[:kept] / (len(rows) - 1))[:, None]
        return cls(mean, axes, min(1.0, float(shares[kept - 1])))

    def project(self, rows: Float[np.ndarray, "rows dims"]) -> Float[np.ndarray, "rows kept"]:
        """Coordinates of rows on the kept axes, in single precision."""
        with limit_threads(1):
            return ((rows - self.mean) @ self.axes.T).astype(np.float32)


def _rounding(rows: Float[np.ndarray, "rows dims"]) -> float:
    """Squared length that equal rows may seem to have once their mean is taken off."""
    relative = np.finfo(np.float64).eps * max(rows.shape)
    return float(np.square(rows).sum() * relative**2)


def _spectrum(
    centered: Float[np.ndarray, "rows dims"], rounding: float
) -> tuple[Float[np.ndarray, " rank"], Float[np.ndarray, "rank dims"]]:
    """Squared singular values above rounding noise, descending, and their right vectors."""
    relative = np.finfo(np.float64).eps * max(centered.shape)
    if len(centered) >= centered.shape[1]:
        squares, vectors = np.linalg.eigh(centered.T @ centered)
        squares, axes = squares[::-1], vectors.T[::-1]
    else:
        _, singular, axes = np.linalg.svd(centered, full_matrices=False)
        squares = np.square(singular)
        relative = relative**2
    rank = int((squares > max(relative * squares.max(initial=0.0), rounding)).sum())
    return squares[:rank], axes[:rank]


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
