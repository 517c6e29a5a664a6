"""Arithmetic on rows of vectors that several families need."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def unit_rows(vectors: Float[np.ndarray, "rows dims"]) -> Float[np.ndarray, "rows dims"]:
    """Rows scaled to Euclidean length 1; zero rows stay zero.

    Example:
        >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
        [[0.6, 0.8], [0.0, 0.0]]
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)
