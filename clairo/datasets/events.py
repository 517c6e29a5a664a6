"""Interactions in file order, and how they become histories.

Order is by (timestamp, line in file). The timestamps of 2014 and 2018 are whole days, so
ties are the rule, and the order of tied interactions is part of the data: nothing here goes
through a set or a hash.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Bool, Int32, Int64

from clairo.core.dataset import InteractionLog
from clairo.datasets.kcore import k_core


@dataclass(frozen=True)
class Events:
    """One row per interaction, in file order.

    Attributes:
        user_ids: External ids, by first appearance in the file.
        item_ids: External ids, by first appearance in the file.
        users: User index of each interaction.
        items: Item index of each interaction.
        timestamps: Unix seconds of each interaction.
    """

    user_ids: tuple[str, ...]
    item_ids: tuple[str, ...]
    users: Int32[np.ndarray, " events"]
    items: Int32[np.ndarray, " events"]
    timestamps: Int64[np.ndarray, " events"]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, int]]) -> Self:
        """Collects (user id, item id, timestamp) rows."""
        user_index: dict[str, int] = {}
        item_index: dict[str, int] = {}
        users, items, timestamps = [], [], []
        for user, item, timestamp in rows:
            users.append(user_index.setdefault(user, len(user_index)))
            items.append(item_index.setdefault(item, len(item_index)))
            timestamps.append(timestamp)
        return cls(
            tuple(user_index),
            tuple(item_index),
            np.array(users, dtype=np.int32),
            np.array(items, dtype=np.int32),
            np.array(timestamps, dtype=np.int64),
        )

    def __len__(self) -> int:
        return len(self.users)

    def time_order(self) -> Int64[np.ndarray, " events"]:
        """Rows user after user, within a user by time, ties in file order."""
        # lexsort is stable: its last key is the first criterion, and rows are in file order.
        return np.lexsort((self.timestamps, self.users)).astype(np.int64)

    def without_repeats(self) -> Self:
        """Keeps of every (user, item) the interaction that is first in time."""
        order = self.time_order()
        pairs = self.users[order].astype(np.int64) * len(self.item_ids) + self.items[order]
        _, first = np.unique(pairs, return_index=True)
        keep = np.zeros(len(self), dtype=bool)
        keep[order[first]] = True
        return self.keep(keep)

    def core(self, user_core: int, item_core: int) -> Self:
        """The k-core; see :func:`clairo.datasets.kcore.k_core`."""
        if user_core <= 1 and item_core <= 1:
            return self
        return self.keep(k_core(self.users, self.items, user_core, item_core))

    def keep(self, mask: Bool[np.ndarray, " events"]) -> Self:
        """Some rows, with users and items that no longer occur left out."""
        users, new_users = np.unique(self.users[mask], return_inverse=True)
        items, new_items = np.unique(self.items[mask], return_inverse=True)
        return type(self)(
            tuple(self.user_ids[user] for user in users),
            tuple(self.item_ids[item] for item in items),
            new_users.astype(np.int32),
            new_items.astype(np.int32),
            self.timestamps[mask],
        )

    def to_log(self) -> InteractionLog:
        """Every user's history, oldest first."""
        order = self.time_order()
        lengths = np.bincount(self.users, minlength=len(self.user_ids))
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return InteractionLog(self.user_ids, self.items[order], self.timestamps[order], offsets)


def count_tied_users(log: InteractionLog) -> int:
    """How many users have two interactions at one timestamp, so that only file order tells.

    Example:
        >>> events = Events.of([("ann", "a", 7), ("bob", "a", 7), ("ann", "b", 7)])
        >>> count_tied_users(events.to_log())
        1
    """
    same_time = np.diff(log.timestamps) == 0
    owners = np.repeat(np.arange(len(log.user_ids)), np.diff(log.offsets))
    same_user = np.diff(owners) == 0
    return len(np.unique(owners[1:][same_time & same_user]))
