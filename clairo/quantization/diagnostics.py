"""What a code table is worth: how evenly codes are used, and how much they lose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int


def codebook_diagnostics(codes: Int[np.ndarray, " items"], size: int) -> dict[str, Any]:
    """How one codebook is used.

    Args:
        codes: The column, items without the modality left out.
        size: Number of centroids.

    Returns:
        ``usage`` (share of codes in use), ``dead_codes``, ``entropy`` in bits,
        ``perplexity`` (number of equally likely codes with that entropy) and ``counts``
        (items per code).

    Example:
        >>> found = codebook_diagnostics(np.array([0, 0, 1, 1]), size=4)
        >>> [found["usage"], found["dead_codes"], found["perplexity"], found["counts"]]
        [0.5, 2, 2.0, [2, 2, 0, 0]]
    """
    counts = np.bincount(codes, minlength=size)
    shares = counts[counts > 0] / max(1, counts.sum())
    entropy = float(-(shares * np.log2(shares)).sum()) + 0.0
    return {
        "usage": float((counts > 0).mean()),
        "dead_codes": int((counts == 0).sum()),
        "entropy": entropy,
        "perplexity": float(2.0**entropy),
        "counts": counts.tolist(),
    }


def reconstruction_error(
    vectors: Float[np.ndarray, "items dims"], decoded: Float[np.ndarray, "items dims"]
) -> float:
    """Share of the variance that the codes lose: 0 is lossless, 1 is no better than the mean.

    Example:
        >>> vectors = np.array([[0.0], [2.0]])
        >>> reconstruction_error(vectors, np.array([[1.0], [1.0]]))
        1.0
    """
    spread = float(np.square(vectors - vectors.mean(axis=0)).sum())
    lost = float(np.square(vectors - decoded).sum())
    # Equal vectors have no variance to lose; any error on them is then all of it.
    return lost / spread if spread > 0 else float(lost > 0)


def collision_diagnostics(codes: Int[np.ndarray, "items columns"]) -> dict[str, Any]:
    """How many items share their codes with another, before disambiguation.

    Returns:
        ``num_items``, ``num_distinct``, ``collision_rate`` (share of items that are not the
        only or first one of their tuple: 1 - distinct / items) and ``largest_bucket``
        (most items with one tuple).

    Example:
        >>> found = collision_diagnostics(np.array([[1, 2], [1, 2], [0, 0], [1, 3]]))
        >>> [found["collision_rate"], found["largest_bucket"]]
        [0.25, 2]
    """
    _, counts = np.unique(codes, axis=0, return_counts=True)
    return {
        "num_items": len(codes),
        "num_distinct": len(counts),
        "collision_rate": 1.0 - len(counts) / len(codes) if len(codes) else 0.0,
        "largest_bucket": int(counts.max(initial=0)),
    }


def fit_point(
    vectors: Float[np.ndarray, "items dims"],
    decoded: Float[np.ndarray, "items dims"],
    codes: Int[np.ndarray, "items columns"],
    size: int,
) -> dict[str, float]:
    """Where a fit stands on the vectors it is fitted to, as an entry of its curve.

    Args:
        vectors: What is coded.
        decoded: What the codes stand for.
        codes: The codes.
        size: Number of centroids of every codebook.

    Returns:
        ``usage/<level>``, ``perplexity/<level>``, ``reconstruction_error`` and
        ``collision_rate``.
    """
    point: dict[str, float] = {}
    for level in range(codes.shape[1]):
        found = codebook_diagnostics(codes[:, level], size)
        point[f"usage/{level}"] = found["usage"]
        point[f"perplexity/{level}"] = found["perplexity"]
    point["reconstruction_error"] = reconstruction_error(vectors, decoded)
    point["collision_rate"] = collision_diagnostics(codes)["collision_rate"]
    return point


def bits_per_item(column_sizes: Sequence[int]) -> float:
    """Bits that the columns of an item can hold, the disambiguation column included.

    Example:
        >>> bits_per_item([256, 256, 256, 256, 128])
        39.0
    """
    return float(np.log2(np.asarray(column_sizes, dtype=np.float64)).sum())
