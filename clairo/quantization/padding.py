"""Zero columns for vectors that must be cut into equal parts."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float32, Int64


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


def padded_places(dims: int, num_parts: int) -> Int64[np.ndarray, " dims"]:
    """Where each dim stands once parts are padded to one width; no part has two dims more.

    Example:
        >>> padded_places(4, 3).tolist()
        [0, 1, 2, 4]
    """
    width = -(-dims // num_parts)
    parts = np.array_split(np.arange(dims), num_parts)
    return np.concatenate([p * width + np.arange(len(own)) for p, own in enumerate(parts)])


def spread_columns(
    rows: Float[np.ndarray, "rows dims"], num_parts: int
) -> Float32[np.ndarray, "rows padded"]:
    """Zero columns at the ends of the last parts, so that none of them is all zeros.

    Unless there are fewer dims than parts: then the last parts hold nothing.

    Example:
        >>> spread_columns(np.ones((1, 4)), 3).tolist()
        [[1.0, 1.0, 1.0, 0.0, 1.0, 0.0]]
    """
    dims = rows.shape[1]
    spread = np.zeros((len(rows), -(-dims // num_parts) * num_parts), dtype=np.float32)
    spread[:, padded_places(dims, num_parts)] = rows
    return spread
