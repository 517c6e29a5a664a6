"""The beam search over residual codebooks, by products of centroids instead of residuals.

``|x - a - b|^2`` is, but for ``|x|^2``, the sum of what each centroid costs alone,
``|a|^2 - 2 x a``, and ``2 a b`` of each pair. So one product of the rows with all centroids is
enough, and one of the centroids with one another; the rest is adding up, row by row.
"""

from __future__ import annotations

import numba
import numpy as np
from jaxtyping import Float32, Int32


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def follow_paths(
    alone: Float32[np.ndarray, "rows centroids"],
    pairs: Float32[np.ndarray, "centroids centroids"],
    levels: int,
    beam: int,
) -> Int32[np.ndarray, "rows levels"]:
    """Codes of the best path of each row; of equal ones that with the better beginning.

    Args:
        alone: Cost of each centroid for each row, codebook after codebook.
        pairs: Cost of each two centroids.
        levels: Number of codebooks.
        beam: Paths that go on from each level.
    """
    size = alone.shape[1] // levels
    codes = np.empty((len(alone), levels), dtype=np.int32)
    # Row 0 .. beam - 1 of each: codes of a path, and its costs. Of this level and of the next.
    paths, found = np.zeros((2, beam, levels), dtype=np.int32)
    costs, found_costs = np.zeros((2, beam), dtype=np.float32)
    for row in range(len(alone)):
        width, costs[0] = 1, np.float32(0.0)
        for level in range(levels):
            kept, wanted = 0, 1 if level == levels - 1 else beam
            first = level * size
            for path in range(width):
                line = alone[row, first : first + size] + costs[path]
                for before in range(level):
                    line += pairs[before * size + paths[path, before], first : first + size]
                for code in range(size):
                    if kept < wanted or line[code] < found_costs[kept - 1]:
                        kept = min(kept + 1, wanted)
                        place = _make_room(found, found_costs, kept, line[code])
                        found[place, :level] = paths[path, :level]
                        found[place, level] = code
            width = kept
            costs[:width], paths[:width] = found_costs[:width], found[:width]
        codes[row] = paths[0]
    return codes


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _make_room(found: np.ndarray, costs: np.ndarray, kept: int, cost: float) -> int:
    """Moves what is worse down by one; gives the place and writes the cost there.

    The kept are few and change seldom, so that sorting them is nothing beside finding them.
    """
    place = kept - 1
    while place > 0 and cost < costs[place - 1]:
        costs[place] = costs[place - 1]
        found[place] = found[place - 1]
        place -= 1
    costs[place] = cost
    return place
