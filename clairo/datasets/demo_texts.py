"""Product texts of the demo world: they tell the theme and nothing of the look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np

from clairo.core.seeding import stage_seed
from clairo.datasets.demo_words import QUALIFIERS, REMARKS, THEMES, Theme
from clairo.datasets.demo_world import DemoWorld
from clairo.datasets.item_text import ItemRecord

_FEATURES: Final = 4
_USES: Final = 2

T = TypeVar("T")


def write_texts(world: DemoWorld) -> list[ItemRecord]:
    """The texts of all items, each written from its theme alone."""
    generator = np.random.default_rng(stage_seed(world.config.seed, "demo/texts"))
    return [write_text(THEMES[theme], generator) for theme in world.themes]


def write_text(theme: Theme, generator: np.random.Generator) -> ItemRecord:
    """One product's texts: its theme's words in a random choice, with words for anything."""
    (brand,) = _choose(theme.brands, 1, generator)
    (product,) = _choose(theme.products, 1, generator)
    (qualifier,) = _choose(QUALIFIERS, 1, generator)
    features = _choose(theme.features, _FEATURES, generator)
    first, second = _choose(theme.uses, _USES, generator)
    (remark,) = _choose(REMARKS, 1, generator)
    low, high = theme.price_range
    dollars = int(generator.integers(low, high + 1))
    return ItemRecord(
        title=f"{brand} {product}, {qualifier}",
        price=f"${dollars}.99",
        brand=brand,
        features=features,
        categories=(theme.department, theme.category),
        category=theme.category,
        description=f"Made for {first} and {second}. {remark}",
    )


def _choose(choices: Sequence[T], count: int, generator: np.random.Generator) -> tuple[T, ...]:
    return tuple(choices[index] for index in generator.permutation(len(choices))[:count])
