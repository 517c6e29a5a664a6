"""Which prefixes a model trains on and which users it is asked about, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from jaxtyping import Int32, Int64

from clairo.core.artifacts import Dataset
from clairo.core.ragged import Ragged, cut


@dataclass(frozen=True)
class TrainingPrefixes:
    """Every (history, next item) pair of the training parts.

    Attributes:
        items: Training part of each user's history, one row a user.
        users: User of each example.
        ends: The example's target stands at this position; what is before it is the history.
    """

    items: Ragged
    users: Int32[np.ndarray, " examples"]
    ends: Int32[np.ndarray, " examples"]

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """All prefixes of length one and more, user after user."""
        items = dataset.train_sequences()
        counts = np.maximum(items.lengths - 1, 0)
        users = np.repeat(np.arange(len(items), dtype=np.int32), counts)
        starts = np.repeat(np.cumsum(counts) - counts, counts)
        ends = (np.arange(len(users)) - starts + 1).astype(np.int32)
        return cls(items, users, ends)

    def __len__(self) -> int:
        return len(self.users)

    def sample(self, count: int | None, seed: int) -> Int64[np.ndarray, " chosen"]:
        """Indices of at most ``count`` examples, drawn without replacement, in order."""
        if count is None or count >= len(self):
            return np.arange(len(self), dtype=np.int64)
        drawn = np.random.default_rng(seed).choice(len(self), size=count, replace=False)
        return np.sort(drawn).astype(np.int64)

    def histories(self, examples: Int64[np.ndarray, " chosen"], max_history: int) -> Ragged:
        """Item indices of the last ``max_history`` items before each target."""
        stops = self.items.offsets[self.users[examples]] + self.ends[examples]
        starts = stops - np.minimum(self.ends[examples], max_history)
        return cut(self.items.values, starts, stops)

    def targets(self, examples: Int64[np.ndarray, " chosen"]) -> Int32[np.ndarray, " chosen"]:
        """Item index of each target."""
        places = self.items.offsets[self.users[examples]] + self.ends[examples]
        targets: np.ndarray = self.items.values[places]
        return targets


@dataclass(frozen=True)
class Questions:
    """Users with a target in one split.

    Attributes:
        users: User index of each row.
        histories: Known items before the target, cut to the last ``max_history``.
        targets: Item index to be found.
    """

    users: Int32[np.ndarray, " rows"]
    histories: Ragged
    targets: Int32[np.ndarray, " rows"]

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        split: Literal["valid", "test"],
        max_history: int,
        *,
        max_users: int | None = None,
        seed: int = 0,
    ) -> Self:
        """Questions of one split.

        Args:
            dataset: Histories and splits.
            split: Which targets.
            max_history: Items kept of each history.
            max_users: Ask so many users, drawn once by ``seed``; ``None`` asks all.
            seed: Names the draw, so that every configuration is asked the same users.
        """
        positions = dataset.splits.positions(split)
        users = np.flatnonzero(positions > 0)
        if max_users is not None and max_users < len(users):
            drawn = np.random.default_rng(seed).choice(users, size=max_users, replace=False)
            users = np.sort(drawn)
        stops = dataset.log.offsets[users] + positions[users]
        starts = stops - np.minimum(positions[users], max_history)
        targets = dataset.log.items[stops]
        return cls(users.astype(np.int32), cut(dataset.log.items, starts, stops), targets)
