"""Numbers of a data set's interactions: lengths, popularity, ties, order; whole arrays at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int, Int64

from clairo.core.dataset import Dataset, InteractionLog, Splits
from clairo.evaluation.segments import item_segments

_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_MOST_BARS = 40
_CURVE_POINTS = 200


@dataclass(frozen=True)
class Histogram:
    """Counts in ranges of equal width, and what lies beyond them.

    Attributes:
        edges: Where each range begins, and after them where the last one ends (exclusive).
        counts: Values in each range.
        beyond: Values at or above the last edge, at most about one in a hundred.
    """

    edges: tuple[int, ...]
    counts: tuple[int, ...]
    beyond: int

    @property
    def width(self) -> int:
        """Whole numbers that a range holds."""
        return self.edges[1] - self.edges[0]


@dataclass(frozen=True)
class Spread:
    """How whole numbers are spread.

    Attributes:
        count: How many there are.
        mean: Their mean.
        quantiles: (share, smallest value that at least this share does not exceed), ascending.
        histogram: The same, drawn.
    """

    count: int
    mean: float
    quantiles: tuple[tuple[float, int], ...]
    histogram: Histogram

    @property
    def median(self) -> int:
        """At least half of the values do not exceed it."""
        return dict(self.quantiles)[0.5]

    @property
    def smallest(self) -> int:
        """Smallest value."""
        return self.quantiles[0][1]

    @property
    def largest(self) -> int:
        """Largest value."""
        return self.quantiles[-1][1]


@dataclass(frozen=True)
class PopularityInfo:
    """How unevenly interactions fall on items, most popular first.

    Attributes:
        num_items: All items.
        item_shares: Points of the curve: share of all items, from 0 to 1.
        interaction_shares: Share of the interactions that so many items hold.
        top_items: Items in the first tenth, rounded up.
        top_share: Share of the interactions that they hold.
        items_for_half: Fewest items that hold half of the interactions.
        items_without: Items that nobody interacted with.
    """

    num_items: int
    item_shares: tuple[float, ...]
    interaction_shares: tuple[float, ...]
    top_items: int
    top_share: float
    items_for_half: int
    items_without: int


@dataclass(frozen=True)
class Segment:
    """Items of like popularity in training.

    Attributes:
        name: ``head``, ``torso``, ``tail`` or ``unseen``; the last is part of the tail.
        items: How many.
        train: Training interactions with them.
        valid: Validation targets among them.
        test: Test targets among them.
    """

    name: str
    items: int
    train: int
    valid: int
    test: int


@dataclass(frozen=True)
class TieInfo:
    """What only the order of the file decides.

    Attributes:
        interactions: That share their timestamp with another one of the same user.
        users: With at least two such.
        valid_targets: Users whose validation target is such an interaction.
        test_targets: Users whose test target is.
    """

    interactions: int
    users: int
    valid_targets: int
    test_targets: int


def compute_spread(values: Int[np.ndarray, " values"]) -> Spread | None:
    """Mean, quantiles and histogram; ``None`` where there is no value.

    Example:
        >>> spread = compute_spread(np.array([3, 3, 4, 10]))
        >>> spread.median, spread.mean, spread.histogram.edges[:3]
        (3, 5.0, (3, 4, 5))
    """
    if not len(values):
        return None
    found = np.quantile(values, _QUANTILES, method="inverted_cdf")
    return Spread(
        count=len(values),
        mean=float(values.mean()),
        quantiles=tuple((q, int(value)) for q, value in zip(_QUANTILES, found, strict=True)),
        histogram=_histogram(values),
    )


def _histogram(values: Int[np.ndarray, " values"]) -> Histogram:
    # One value a thousand times the others would leave them a single bar.
    high = int(np.quantile(values, 0.99, method="inverted_cdf"))
    width = round_up((high - int(values.min()) + 1) / _MOST_BARS)
    low = int(values.min()) // width * width
    num_bars = (high - low) // width + 1
    inside = values[values < low + num_bars * width]
    counts = np.bincount((inside - low) // width, minlength=num_bars)
    edges = low + width * np.arange(num_bars + 1)
    return Histogram(tuple(edges.tolist()), tuple(counts.tolist()), len(values) - len(inside))


def round_up(at_least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 ... that is not below.

    Example:
        >>> round_up(0.2), round_up(3), round_up(51)
        (1, 5, 100)
    """
    power = 1
    while True:
        for step in (1, 2, 5):
            if step * power >= at_least:
                return step * power
        power *= 10


def compute_popularity(counts: Int64[np.ndarray, " items"]) -> PopularityInfo | None:
    """The curve of cumulative popularity; ``None`` without interactions.

    Args:
        counts: Interactions of each item.
    """
    total = int(counts.sum())
    if not total:
        return None
    held = np.cumsum(np.sort(counts)[::-1])
    ranks = np.unique(np.linspace(1, len(counts), _CURVE_POINTS).round().astype(np.int64))
    top = -(-len(counts) // 10)
    return PopularityInfo(
        num_items=len(counts),
        item_shares=(0.0, *(ranks / len(counts)).tolist()),
        interaction_shares=(0.0, *(held[ranks - 1] / total).tolist()),
        top_items=top,
        top_share=float(held[top - 1] / total),
        items_for_half=int(np.searchsorted(held, total / 2)) + 1,
        items_without=int((counts == 0).sum()),
    )


def train_rows(log: InteractionLog, splits: Splits) -> Bool[np.ndarray, " interactions"]:
    """Which interactions are for training."""
    lengths = np.diff(log.offsets)
    ends = np.repeat(log.offsets[:-1] + splits.train_lengths, lengths)
    return np.arange(len(log)) < ends


def target_rows(
    log: InteractionLog, splits: Splits, split: Literal["valid", "test"]
) -> Int64[np.ndarray, " asked"]:
    """Place in the log of the target of every user that is asked."""
    positions = splits.positions(split)
    users = np.flatnonzero(positions >= 0)
    return log.offsets[users] + positions[users]


def compute_segments(
    dataset: Dataset, train_counts: Int64[np.ndarray, " items"]
) -> tuple[Segment, ...]:
    """Head, torso, tail and unseen items, with what training and the targets hold of them."""
    log, splits, size = dataset.log, dataset.splits, len(dataset.catalog)
    valid, test = (
        np.bincount(log.items[target_rows(log, splits, split)], minlength=size)
        for split in ("valid", "test")
    )
    return tuple(
        Segment(name, int(items.sum()), *(int(c[items].sum()) for c in (train_counts, valid, test)))
        for name, items in item_segments(train_counts).items()
    )


def compute_ties(log: InteractionLog, splits: Splits) -> TieInfo:
    """Interactions that share their timestamp with a neighbour in the same history."""
    same = within_histories(log, np.diff(log.timestamps) == 0)
    tied = np.zeros(len(log), dtype=bool)
    tied[1:] |= same
    tied[:-1] |= same
    before = np.concatenate([[0], np.cumsum(tied)])
    valid, test = (int(tied[target_rows(log, splits, s)].sum()) for s in ("valid", "test"))
    return TieInfo(
        interactions=int(tied.sum()),
        users=int((np.diff(before[log.offsets]) > 0).sum()),
        valid_targets=valid,
        test_targets=test,
    )


def within_histories(
    log: InteractionLog, neighbours: Bool[np.ndarray, " interactions-1"]
) -> Bool[np.ndarray, " interactions-1"]:
    """What holds of two neighbours in the log, kept where both are of one user."""
    starts = log.offsets[1:-1]
    kept = neighbours.copy()
    # A user without interactions starts where the next one does, or behind the end.
    kept[starts[(starts > 0) & (starts < len(log))] - 1] = False
    return kept


def count_repeats(log: InteractionLog, num_items: int) -> int:
    """Interactions beyond each user's first with an item."""
    owners = np.repeat(np.arange(len(log.user_ids)), np.diff(log.offsets))
    pairs = np.sort(owners * np.int64(max(num_items, 1)) + log.items)
    return int((np.diff(pairs) == 0).sum())
