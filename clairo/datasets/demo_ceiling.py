"""The best possible NDCG@10 of a demo world, in sight of both modalities or of one.

A ranking by the true conditional probability of the next item cannot be beaten but by luck.
The numbers here are what that ranking scores on exactly the users a model is asked about, so
luck in the targets is shared. Where several items are equally likely, the gain is averaged
over all orders among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

import numpy as np
from jaxtyping import Float, Int, Int64

from clairo.core.dataset import Dataset, InteractionLog, Splits
from clairo.datasets.demo_world import DemoWorld

Sight = Literal["both", "text_only", "image_only"]

_CUTOFF: Final = 10
_USERS_AT_ONCE: Final = 1024
_SPLITS: Final[tuple[Literal["valid", "test"], ...]] = ("valid", "test")


def ceiling_facts(world: DemoWorld, dataset: Dataset) -> dict[str, float]:
    """NDCG@10 of the best rankings and of the popularity ranking, for both splits.

    Keys: ``ceiling_<split>_ndcg_at_10``, the same with ``_text_only`` (whoever sees no looks)
    and ``_image_only`` (whoever sees no themes), and ``popularity_<split>_ndcg_at_10``. The
    two blind ones still know how popular each item is within its cell. They bound what a
    modality tells; a model that learns single items by heart may come out above them.
    """
    facts = {}
    counts = dataset.train_counts()
    # Distinct scores: equal counts go by item index, as a popularity ranking lists them.
    popularity = (counts * len(counts) - np.arange(len(counts))).astype(np.float64)
    for split in _SPLITS:
        key = f"{split}_ndcg_at_10"
        facts[f"ceiling_{key}"] = best_ndcg(world, dataset.log, dataset.splits, split, "both")
        for sight in ("text_only", "image_only"):
            value = best_ndcg(world, dataset.log, dataset.splits, split, sight)
            facts[f"ceiling_{key}_{sight}"] = value
        targets = _targets(dataset.log, dataset.splits, split)[1]
        scores = np.broadcast_to(popularity, (len(targets), len(popularity)))
        facts[f"popularity_{key}"] = float(expected_gains(scores, targets).mean())
    return facts


def best_ndcg(
    world: DemoWorld,
    log: InteractionLog,
    splits: Splits,
    split: Literal["valid", "test"],
    sight: Sight = "both",
) -> float:
    """NDCG@10 of ranking by the true conditional, over all users of a split."""
    users, targets = _targets(log, splits, split)
    gains = [
        expected_gains(next_item_probabilities(world, log, users[rows], positions, sight), wanted)
        for rows, positions, wanted in _batches(splits.positions(split)[users], targets)
    ]
    return float(np.concatenate(gains).mean())


def next_item_probabilities(
    world: DemoWorld,
    log: InteractionLog,
    users: Int[np.ndarray, " rows"],
    positions: Int[np.ndarray, " rows"],
    sight: Sight = "both",
) -> Float[np.ndarray, "rows items"]:
    """True probability of each item at a position of each user's history, given what is before.

    Args:
        world: The truth.
        log: Histories.
        users: User index of each row.
        positions: Position that is asked about, at least 1.
        sight: ``text_only`` holds all looks for equally likely, ``image_only`` all themes.
    """
    config = world.config
    themes = np.full((len(users), config.num_themes), 1.0 / config.num_themes)
    looks = np.full((len(users), config.num_looks), 1.0 / config.num_looks)
    if sight != "image_only":
        last_items = log.items[log.offsets[users] + positions - 1]
        themes = world.theme_probabilities(world.themes[last_items])
    if sight != "text_only":
        looks = world.look_probabilities(_look_counts(world, log, users, positions))
    probabilities: np.ndarray = themes[:, world.themes] * looks[:, world.looks]
    return probabilities * world.popularity


def expected_gains(
    scores: Float[np.ndarray, "rows items"], targets: Int[np.ndarray, " rows"]
) -> Float[np.ndarray, " rows"]:
    """``1 / log2(rank + 1)`` of each target up to rank 10, averaged over orders among ties.

    Example:
        The second of two rows has its target among two equal best ones: (1 + 1/log2(3)) / 2.

        >>> scores = np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]])
        >>> expected_gains(scores, np.array([1, 0])).round(3).tolist()
        [1.0, 0.815]
    """
    wanted = np.take_along_axis(scores, targets[:, None].astype(np.int64), axis=1)
    better = (scores > wanted).sum(axis=1)
    equal = (scores == wanted).sum(axis=1)
    gain_of_rank = np.zeros(scores.shape[1])
    cutoff = min(_CUTOFF, scores.shape[1])
    gain_of_rank[:cutoff] = 1.0 / np.log2(np.arange(cutoff) + 2.0)
    summed = np.concatenate([[0.0], np.cumsum(gain_of_rank)])
    gains: np.ndarray = (summed[better + equal] - summed[better]) / equal
    return gains


def _targets(
    log: InteractionLog, splits: Splits, split: Literal["valid", "test"]
) -> tuple[Int64[np.ndarray, " rows"], Int[np.ndarray, " rows"]]:
    """Users with a target, and their targets."""
    positions = splits.positions(split)
    users = np.flatnonzero(positions > 0)
    return users, log.items[log.offsets[users] + positions[users]]


def _batches(
    positions: Int[np.ndarray, " rows"], targets: Int[np.ndarray, " rows"]
) -> Iterator[tuple[slice, Int[np.ndarray, " batch"], Int[np.ndarray, " batch"]]]:
    """Rows in pieces, so that a table of users by items stays small."""
    for start in range(0, len(targets), _USERS_AT_ONCE):
        rows = slice(start, start + _USERS_AT_ONCE)
        yield rows, positions[rows], targets[rows]


def _look_counts(
    world: DemoWorld,
    log: InteractionLog,
    users: Int[np.ndarray, " rows"],
    positions: Int[np.ndarray, " rows"],
) -> Int64[np.ndarray, "rows looks"]:
    """How often each look stands before the given position."""
    rows = np.repeat(np.arange(len(users)), positions)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(positions) - positions, positions)
    looks = world.looks[log.items[log.offsets[users][rows] + within]]
    size = world.config.num_looks
    flat = np.bincount(rows * size + looks, minlength=len(users) * size)
    return flat.reshape(len(users), size)
