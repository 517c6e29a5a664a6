"""Interactions at one time: their order is part of the data, and is the file's.

The timestamps of 2014 and 2018 are whole days, so ties are the rule.
"""

from __future__ import annotations

import numpy as np

from clairo.core.dataset import InteractionLog


def count_tied_users(log: InteractionLog) -> int:
    """How many users have two interactions at one timestamp, so that only file order tells.

    Example:
        >>> log = InteractionLog(
        ...     user_ids=("ann", "bob"),
        ...     items=np.array([0, 1, 0], dtype=np.int32),
        ...     timestamps=np.array([7, 7, 7]),
        ...     offsets=np.array([0, 2, 3]),
        ... )
        >>> count_tied_users(log)
        1
    """
    tied = np.zeros(len(log) + 1, dtype=np.int64)
    tied[1:-1] = np.diff(log.timestamps) == 0 if len(log) > 1 else 0
    # A tie between the last interaction of one user and the first of the next is none.
    tied[log.offsets] = 0
    running = np.cumsum(tied)
    return int((running[np.maximum(log.offsets[1:] - 1, 0)] > running[log.offsets[:-1]]).sum())
