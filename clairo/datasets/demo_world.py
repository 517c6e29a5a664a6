"""The rules of the demo world: who is where, what comes next, and how likely that is.

Every item sits in a cell (theme, look). The *themes* lie on a closed route through all of
them; a user's next theme is, with probability ``text_share``, the one that follows the theme
of the last item, else uniform. Every user has a *taste*, one look; the next look is, with
probability ``visual_share``, the taste, else uniform. Within a cell items are drawn by their
popularity. Theme and look are drawn independently, so

    p(item | history) = p(theme | last theme) p(look | earlier looks) p(item | cell).

Why one closed route: with themes on it never followed by themselves, copying an item from
the history is of no use, so each modality alone stays far from the ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from clairo.core.seeding import stage_seed
from clairo.datasets.demo import DemoConfig

_SMALLEST = 1e-300
"""Stands for probability 0 in logarithms; powers of it vanish beside any real one."""


@dataclass(frozen=True)
class DemoWorld:
    """The truth behind a demo data set.

    Attributes:
        config: The settings it was drawn from.
        themes: Theme of each item.
        looks: Look of each item.
        popularity: Probability of each item within its cell; sums to 1 in every cell.
        next_theme: The theme that follows each theme on the route.
    """

    config: DemoConfig
    themes: Int[np.ndarray, " items"]
    looks: Int[np.ndarray, " items"]
    popularity: Float[np.ndarray, " items"]
    next_theme: Int[np.ndarray, " themes"]

    @property
    def cells(self) -> Int[np.ndarray, " items"]:
        """Cell of each item: theme and look as one number."""
        return self.themes * self.config.num_looks + self.looks

    def theme_probabilities(
        self, last_themes: Int[np.ndarray, " rows"]
    ) -> Float[np.ndarray, "rows themes"]:
        """Probability of each next theme, given the theme of the last item."""
        share, size = self.config.text_share, self.config.num_themes
        probabilities = np.full((len(last_themes), size), (1.0 - share) / size)
        probabilities[np.arange(len(last_themes)), self.next_theme[last_themes]] += share
        return probabilities

    def look_probabilities(
        self, look_counts: Int[np.ndarray, "rows looks"]
    ) -> Float[np.ndarray, "rows looks"]:
        """Probability of each next look, given how often each was seen so far.

        The taste is hidden. With ``a = v + (1 - v) / L`` for the taste and ``b = (1 - v) / L``
        for any other look, its posterior is ``p(taste = l) ~ (a / b)^counts[l]``, and the next
        look is the taste with probability ``v``, else uniform.
        """
        share, size = self.config.visual_share, self.config.num_looks
        other = (1.0 - share) / size
        evidence = look_counts * (np.log(share + other) - np.log(max(other, _SMALLEST)))
        posterior = np.exp(evidence - evidence.max(axis=1, keepdims=True))
        posterior /= posterior.sum(axis=1, keepdims=True)
        probabilities: np.ndarray = share * posterior + other
        return probabilities


def build_world(config: DemoConfig) -> DemoWorld:
    """Draws cells, popularities and the route; item indices tell nothing about cells."""
    generator = np.random.default_rng(stage_seed(config.seed, "demo/world"))
    num_cells = config.num_themes * config.num_looks
    cells = generator.permutation(np.arange(config.num_items) % num_cells)
    weights = np.exp(config.popularity_spread * generator.standard_normal(config.num_items))
    totals = np.bincount(cells, weights=weights, minlength=num_cells)
    route = generator.permutation(config.num_themes)
    next_theme = np.empty_like(route)
    next_theme[route] = np.roll(route, -1)
    return DemoWorld(
        config=config,
        themes=cells // config.num_looks,
        looks=cells % config.num_looks,
        popularity=weights / totals[cells],
        next_theme=next_theme,
    )
