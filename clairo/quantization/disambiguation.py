"""The extra digit that makes every item's codes unique."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int, Int32

from clairo.core.errors import DataError


def hash_column(
    codes: Int[np.ndarray, "items columns"], num_buckets: int | None, seed: int
) -> Int32[np.ndarray, " items"]:
    """A bucket per item that no other item with the same codes has.

    For each distinct tuple of codes a random permutation of the buckets is drawn, and its
    items take the first ones in catalogue order. Unlike a counter, which would be 0 for most
    items, this uses all buckets evenly.

    Args:
        codes: Codes before disambiguation.
        num_buckets: Number of values of the column; ``None`` for :func:`needed_buckets`.
        seed: Seed of the permutations.

    Raises:
        DataError: More items share a tuple than there are buckets.

    Example:
        >>> sorted(hash_column(np.array([[1, 2], [1, 2]]), 2, seed=0).tolist())
        [0, 1]

    References:
        Hou et al. (2025), ActionPiece, section 4.1.
    """
    tuples, owner, counts = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    if num_buckets is None:
        num_buckets = needed_buckets(codes)
    if len(counts) and counts.max() > num_buckets:
        worst = tuples[counts.argmax()].tolist()
        raise DataError(
            f"Hash disambiguation needs a bucket for each item of a code tuple, got "
            f"{int(counts.max())} items with codes {worst} for num_hash_buckets={num_buckets}; "
            "raise num_hash_buckets or codebook_size, or check why these items look alike."
        )
    generator = np.random.default_rng(seed)
    permutations = [generator.permutation(num_buckets)[:count] for count in counts]
    column = np.empty(len(codes), dtype=np.int32)
    # Stable: within a tuple, items stay in catalogue order.
    column[np.argsort(owner, kind="stable")] = np.concatenate([[], *permutations])
    return column


def needed_buckets(codes: Int[np.ndarray, "items columns"]) -> int:
    """The smallest power of two that gives every item of the largest bucket its own digit.

    Example:
        >>> needed_buckets(np.array([[1], [1], [1], [2]]))
        4
    """
    largest = int(np.unique(codes, axis=0, return_counts=True)[1].max()) if len(codes) else 1
    return 1 << (largest - 1).bit_length()
