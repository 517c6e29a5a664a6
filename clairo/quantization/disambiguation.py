"""How items with equal codes are told apart: the setting, and the extra digit."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from jaxtyping import Int, Int32
from pydantic import Field

from clairo.core.config import Config
from clairo.core.errors import DataError


class UniqueConfig(Config):
    """Settings of whatever gives codes.

    Attributes:
        disambiguation: ``hash`` appends a column of random buckets (ActionPiece); ``counter`` a
            column that counts 0, 1, 2 ... within the same codes, always there as in TIGER, and
            0 for most items; ``reassign`` moves all but the best of them to the nearest codes
            that nobody has, without a column (MQL4GRec); ``none`` leaves them: several items
            then share one semantic id, and a model that generates it recommends them all, one
            after another.
        num_hash_buckets: Values of the hash column, so the number of items that may share all
            other codes; idle unless it is ``hash``. Every bucket in use is a token of the
            vocabulary, so more is not safer for free; too few are an error, never two items
            with one id. ``None`` takes the smallest power of two that is enough, and no column
            at all where the codes are unique.
    """

    disambiguation: Literal["hash", "counter", "reassign", "none"] = "hash"
    num_hash_buckets: Annotated[int, Field(ge=1, le=65536)] | None = 128

    def idle_options(self) -> tuple[str, ...]:
        """Settings that change nothing, given the others."""
        return () if self.disambiguation == "hash" else ("num_hash_buckets",)


def counter_column(codes: Int[np.ndarray, "items columns"]) -> Int32[np.ndarray, " items"]:
    """How many items before it in the catalogue have the same codes.

    Example:
        >>> counter_column(np.array([[1, 2], [0, 0], [1, 2], [1, 2]])).tolist()
        [0, 0, 1, 2]

    References:
        Rajput et al. (2023), TIGER, section 3.1, "handling collisions".
    """
    _, owner = np.unique(codes, axis=0, return_inverse=True)
    order = np.argsort(owner, kind="stable")
    grouped = owner[order]
    column = np.empty(len(codes), dtype=np.int32)
    column[order] = np.arange(len(codes)) - np.searchsorted(grouped, grouped)
    return column


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
