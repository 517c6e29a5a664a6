"""Iterative k-core filtering over users and items."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int


def k_core(
    users: Int[np.ndarray, " events"],
    items: Int[np.ndarray, " events"],
    user_core: int,
    item_core: int,
) -> Bool[np.ndarray, " events"]:
    """Which interactions remain when rare users and items are dropped until none is left.

    The result is the largest set in which every user has ``user_core`` and every item
    ``item_core`` interactions; it does not depend on the order of dropping. Repeated
    interactions of one user with one item count each time.

    Example:
        >>> import numpy as np
        >>> users, items = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 1])
        >>> k_core(users, items, user_core=2, item_core=2).tolist()
        [True, True, True, True, False]
    """
    keep = np.ones(len(users), dtype=bool)
    while keep.any():
        of_user = np.bincount(users[keep], minlength=int(users.max()) + 1)
        of_item = np.bincount(items[keep], minlength=int(items.max()) + 1)
        stays = keep & (of_user[users] >= user_core) & (of_item[items] >= item_core)
        if np.array_equal(stays, keep):
            break
        keep = stays
    return keep
