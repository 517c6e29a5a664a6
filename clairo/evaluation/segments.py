"""Accuracy apart for popular and rare targets, and for users with short and long histories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from jaxtyping import Bool, Int, Int64

from clairo.core.artifacts import Dataset, Rankings
from clairo.core.checks import require_length
from clairo.core.errors import ArtifactError, DataError
from clairo.core.files import read_arrays, write_arrays
from clairo.evaluation.ranking import ranking_metrics

TAIL_COUNT: Final = 5
"""An item with so many training interactions or fewer belongs to the tail."""

HEAD_SHARE: Final = 0.5
"""The head makes up this share of the training interactions."""

SEGMENTS_FILE: Final = "segments.safetensors"
"""Holds a :class:`SegmentIndex`."""

_KNOWN: Final = "known_lengths/"

_HISTORY_RANGES: Final = ((1, 4), (5, 9), (10, 19), (20, None))


def tail_items(train_counts: Int[np.ndarray, " items"]) -> Bool[np.ndarray, " items"]:
    """Items with at most five training interactions, those never seen among them."""
    return train_counts <= TAIL_COUNT


def head_items(train_counts: Int[np.ndarray, " items"]) -> Bool[np.ndarray, " items"]:
    """The fewest most frequent items that make up half of the training interactions.

    Equal counts go by item index. Tail items are never head, also where a catalogue is so
    small that its most frequent items are rare.

    Example:
        >>> head_items(np.array([6, 40, 10, 30])).tolist()
        [False, True, False, True]
    """
    descending = np.argsort(-train_counts, kind="stable")
    before = np.cumsum(train_counts[descending]) - train_counts[descending]
    head = np.zeros(len(train_counts), dtype=bool)
    head[descending] = before < HEAD_SHARE * train_counts.sum()
    return head & ~tail_items(train_counts)


def item_segments(
    train_counts: Int[np.ndarray, " items"],
) -> dict[str, Bool[np.ndarray, " items"]]:
    """Which items are ``head``, ``torso`` and ``tail`` (disjoint, complete), and ``unseen``.

    ``unseen`` items have no training interaction and are part of the tail.

    Example:
        >>> segments = item_segments(np.array([8, 40, 0, 60]))
        >>> {name: np.flatnonzero(items).tolist() for name, items in segments.items()}
        {'head': [3], 'torso': [0, 1], 'tail': [2], 'unseen': [2]}
    """
    head, tail = head_items(train_counts), tail_items(train_counts)
    return {"head": head, "torso": ~(head | tail), "tail": tail, "unseen": train_counts == 0}


def history_segments(
    known_lengths: Int[np.ndarray, " rows"],
) -> dict[str, Bool[np.ndarray, " rows"]]:
    """Which users have how long a known history, from nearly cold to long.

    Example:
        >>> segments = history_segments(np.array([3, 25, 4]))
        >>> {name: np.flatnonzero(users).tolist() for name, users in segments.items()}
        {'history_1_4': [0, 2], 'history_5_9': [], 'history_10_19': [], 'history_20_up': [1]}
    """
    segments = {}
    for first, last in _HISTORY_RANGES:
        name = f"history_{first}_{'up' if last is None else last}"
        upper = True if last is None else known_lengths <= last
        segments[name] = (known_lengths >= first) & upper
    return segments


def segment_metrics(
    rankings: Rankings,
    train_counts: Int[np.ndarray, " items"],
    known_lengths: Int[np.ndarray, " rows"],
) -> dict[str, float]:
    """Recall, NDCG and MRR at 10 in each segment, and how many users each holds.

    Keys look like ``tail/ndcg_at_10`` and ``history_1_4/num_users``. A segment without users
    has ``num_users`` 0 and no mean.

    Args:
        rankings: Ranks of the asked users' targets.
        train_counts: Occurrences of every catalogue item in the training parts.
        known_lengths: True number of items known of each asked user, before any cut.
    """
    require_length("known_lengths", len(known_lengths), len(rankings.users))
    by_target = {
        name: items[rankings.targets] for name, items in item_segments(train_counts).items()
    }
    metrics: dict[str, float] = {}
    for name, rows in (by_target | history_segments(known_lengths)).items():
        metrics[f"{name}/num_users"] = int(rows.sum())
        if rows.any():
            means = ranking_metrics(rankings.ranks[rows], cutoffs=(10,))
            metrics |= {f"{name}/{key}": value for key, value in means.items()}
    return metrics


@dataclass(frozen=True)
class SegmentIndex:
    """What tells, of any rankings on one data set, which users belong to which segment.

    Ranks of users are kept per run; this is kept once per data set, so that segments can be
    compared user by user long after the data are gone.

    Attributes:
        train_counts: Occurrences of every catalogue item in the training parts.
        known_lengths: By split, the number of items known of each user of the data, by user
            index; -1 where the user has no target there.
    """

    train_counts: Int64[np.ndarray, " items"]
    known_lengths: Mapping[str, Int64[np.ndarray, " users"]]

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """The index of a data set."""
        splits = dataset.splits
        return cls(
            dataset.train_counts(),
            {
                "valid": splits.positions("valid").astype(np.int64),
                "test": splits.positions("test").astype(np.int64),
            },
        )

    def segments(
        self,
        split: str,
        users: Int[np.ndarray, " rows"],
        targets: Int[np.ndarray, " rows"],
    ) -> dict[str, Bool[np.ndarray, " rows"]]:
        """Which of some asked users belong to which segment, in the order of a page.

        Args:
            split: Where they were asked.
            users: User index of each row.
            targets: Item index that was to be found.

        Raises:
            DataError: The rows name users or items that this data set does not have.
        """
        known = self.known_lengths[split]
        beyond = len(users) and (users.max() >= len(known) or targets.max() >= self.num_items)
        if beyond:
            raise DataError(
                f"Segments are looked up among {len(known)} users and {self.num_items} items, got "
                f"user {users.max()} and item {targets.max()}; the index belongs to other data."
            )
        by_target = {
            name: items[targets] for name, items in item_segments(self.train_counts).items()
        }
        return by_target | history_segments(known[users])

    def agrees(self, other: SegmentIndex) -> bool:
        """Whether both put the same users of the same data into the same segments."""
        return np.array_equal(self.train_counts, other.train_counts) and all(
            np.array_equal(known, other.known_lengths[split])
            for split, known in self.known_lengths.items()
        )

    @property
    def num_items(self) -> int:
        """Items of the catalogue."""
        return len(self.train_counts)

    def save(self, folder: Path) -> None:
        """Writes both."""
        known = {f"{_KNOWN}{split}": lengths for split, lengths in self.known_lengths.items()}
        write_arrays(folder / SEGMENTS_FILE, {"train_counts": self.train_counts, **known})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what :meth:`save` wrote.

        Raises:
            ArtifactError: Something else lies there.
        """
        arrays = read_arrays(folder / SEGMENTS_FILE)
        known = {n.removeprefix(_KNOWN): a for n, a in arrays.items() if n.startswith(_KNOWN)}
        if "train_counts" not in arrays or set(known) != {"valid", "test"}:
            raise ArtifactError(
                f"{SEGMENTS_FILE} holds train_counts and known lengths of valid and test, got "
                f"{', '.join(sorted(arrays))}; restore the artifact."
            )
        return cls(arrays["train_counts"], known)
