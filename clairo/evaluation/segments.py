"""Accuracy apart for popular and rare targets, and for users with short and long histories."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Bool, Int

from clairo.core.artifacts import Rankings
from clairo.core.checks import require_length
from clairo.evaluation.ranking import ranking_metrics

TAIL_COUNT: Final = 5
"""An item with so many training interactions or fewer belongs to the tail."""

HEAD_SHARE: Final = 0.5
"""The head makes up this share of the training interactions."""

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
