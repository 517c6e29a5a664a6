"""Zero columns for vectors that must be cut into equal parts."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float32


def pad_columns(
    rows: Float[np.ndarray, "rows dims"], num_parts: int
) -> Float32[np.ndarray, "rows padded"]:
    """Appends as few zero columns as make the width divide by the number of parts.

    Example:
        >>> pad_columns(np.ones((1, 4)), 3).tolist()
        [[1.0, 1.0, 1.0, 1.0, 0.0, 0.0]]
    """
    padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % num_parts)))
    return np.ascontiguousarray(padded, dtype=np.float32)
