"""Interactions at one time: their order is part of the data, and is the file's.

The timestamps of 2014 and 2018 are whole days, so ties are the rule.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Int32, Int64

from clairo.core.dataset import InteractionLog
from clairo.core.ragged import row_pieces


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
    count = 0
    for users in row_pieces(log.offsets):
        offsets = log.offsets[users.start : users.stop + 1]
        same = np.diff(log.timestamps[offsets[0] : offsets[-1]]) == 0
        owners = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        # A tie between the last interaction of one user and the first of the next is none.
        count += len(np.unique(owners[1:][same & (np.diff(owners) == 0)]))
    return count


def tied_targets(log: InteractionLog, positions: Int32[np.ndarray, " users"]) -> int:
    """Users whose target has the timestamp of another interaction of their history.

    Which of them is asked is then told by the order of the file alone.
    """
    asked = np.flatnonzero(positions >= 0)
    places = log.offsets[:-1][asked] + positions[asked]
    earlier = np.maximum(places - 1, log.offsets[:-1][asked])
    later = np.minimum(places + 1, log.offsets[1:][asked] - 1)
    times = log.timestamps
    tied = ((earlier < places) & (times[earlier] == times[places])) | (
        (later > places) & (times[later] == times[places])
    )
    return int(tied.sum())


def shuffle_ties(
    log: InteractionLog, seed: int, sources: Int32[np.ndarray, " interactions"] | None = None
) -> Int64[np.ndarray, " interactions"]:
    """An order of all interactions in which those of one user at one time are drawn anew.

    Args:
        log: Histories in time order.
        seed: Names the draw.
        sources: Part of the publisher's split of each interaction: what a publisher asks for
            stays what is asked.
    """
    draws = np.random.default_rng(seed).random(len(log))
    parts = np.zeros(len(log), np.int32) if sources is None else sources
    return np.lexsort(
        (
            draws,
            parts,
            log.timestamps,
            np.repeat(np.arange(len(log.user_ids)), np.diff(log.offsets)),
        )
    ).astype(np.int64)
