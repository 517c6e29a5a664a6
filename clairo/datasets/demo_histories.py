"""Histories of the demo world's users, drawn by its rules."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Int, Int64

from clairo.core.dataset import InteractionLog
from clairo.core.seeding import stage_seed
from clairo.datasets.demo_world import DemoWorld

_DAY: Final = 86_400
_OPENING: Final = 1_577_836_800
"""2020-01-01 in Unix seconds."""
_MAX_DAYS_BETWEEN: Final = 21


def draw_log(world: DemoWorld) -> InteractionLog:
    """Every user's history; all users move at once, one interaction a step."""
    config = world.config
    generator = np.random.default_rng(stage_seed(config.seed, "demo/histories"))
    lengths = _draw_lengths(world, generator)
    steps = int(lengths.max())
    items = np.empty((config.num_users, steps), dtype=np.int32)
    tastes = generator.integers(config.num_looks, size=config.num_users)
    themes = generator.integers(config.num_themes, size=config.num_users)
    pick = _CellSampler(world)
    for step in range(steps):
        if step:
            themes = _follow_or_wander(
                generator, world.next_theme[themes], config.text_share, config.num_themes
            )
        looks = _follow_or_wander(generator, tastes, config.visual_share, config.num_looks)
        cells = themes * config.num_looks + looks
        items[:, step] = pick(cells, generator.random(config.num_users))
    drawn = np.arange(steps) < lengths[:, None]
    return InteractionLog(
        user_ids=tuple(f"user-{number:05d}" for number in range(config.num_users)),
        items=items[drawn],
        timestamps=_draw_timestamps(generator, items.shape)[drawn],
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
    )


def _draw_lengths(world: DemoWorld, generator: np.random.Generator) -> Int64[np.ndarray, " users"]:
    """The smallest length plus a geometric number, so that most are short and some long."""
    config = world.config
    extra_mean = config.mean_length - config.min_length
    # numpy's geometric distribution starts at 1 and has mean 1 / p.
    extra = generator.geometric(1.0 / (extra_mean + 1.0), size=config.num_users) - 1
    return (config.min_length + extra).astype(np.int64)


def _follow_or_wander(
    generator: np.random.Generator, followed: Int[np.ndarray, " users"], share: float, size: int
) -> Int[np.ndarray, " users"]:
    wanders = generator.random(len(followed)) >= share
    return np.where(wanders, generator.integers(size, size=len(followed)), followed)


def _draw_timestamps(
    generator: np.random.Generator, shape: tuple[int, int]
) -> Int64[np.ndarray, "users steps"]:
    """Whole days, each later than the one before."""
    days = generator.integers(1, _MAX_DAYS_BETWEEN + 1, size=shape)
    return (_OPENING + _DAY * np.cumsum(days, axis=1)).astype(np.int64)


class _CellSampler:
    """Draws an item of a cell by popularity, for many cells at once."""

    def __init__(self, world: DemoWorld) -> None:
        cells = world.cells
        self._items = np.argsort(cells, kind="stable")
        sizes = np.bincount(cells)
        self._starts = np.cumsum(sizes) - sizes
        self._lasts = np.cumsum(sizes) - 1
        running = np.cumsum(world.popularity[self._items])
        before = np.concatenate([[0.0], running])[self._starts]
        # Cell c owns the numbers from c to c + 1, cut by the popularities of its items.
        self._bounds = cells[self._items] + running - np.repeat(before, sizes)

    def __call__(
        self, cells: Int[np.ndarray, " rows"], uniform: np.ndarray
    ) -> Int[np.ndarray, " rows"]:
        places = np.searchsorted(self._bounds, cells + uniform, side="right")
        # A sum of popularities may miss 1 by rounding; the draw still stays in its cell.
        picked: np.ndarray = self._items[np.clip(places, self._starts[cells], self._lasts[cells])]
        return picked
