"""The demo world: a data set whose best possible score is known.

What a user does next depends partly on what only the text tells (the theme) and partly on
what only the picture tells (the look); both shares are settings. See
:mod:`clairo.datasets.demo_world` for the rules and :mod:`clairo.datasets.demo_ceiling` for
the best possible score.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from clairo.core.dataset import Dataset
from clairo.datasets.base import DatasetConfig

MAX_THEMES: Final = 16
MAX_LOOKS: Final = 24


class DemoConfig(DatasetConfig):
    """A generated world of products and users.

    The default shares and sizes leave a small model, trained for seconds, well above what
    either modality can tell alone and below the ceiling.

    Attributes:
        seed: Names the world; part of the settings, so every run of a sweep shares it.
        num_items: Products, spread evenly over all pairs of a theme and a look.
        num_users: Users.
        num_themes: Themes, told by the text alone.
        num_looks: Looks, told by the picture alone.
        text_share: How often the next theme follows the route, else any theme comes next.
        visual_share: How often the next look is the user's taste, else any look comes next.
        mean_length: Mean number of interactions of a user.
        min_length: Smallest number of interactions of a user.
        popularity_spread: How unlike the popularities of products with the same theme and
            look are: the standard deviation of their logarithm, 0 makes them equal.
        missing_images: Share of items without a picture.
        missing_texts: Share of items without any text.
    """

    kind: Literal["demo"] = "demo"
    seed: int = Field(default=0, ge=0, lt=2**31)
    num_items: int = Field(default=288, ge=4, le=100_000)
    num_users: int = Field(default=1200, ge=1, le=1_000_000)
    num_themes: int = Field(default=12, ge=2, le=MAX_THEMES)
    num_looks: int = Field(default=12, ge=2, le=MAX_LOOKS)
    text_share: float = Field(default=0.9, ge=0.0, le=1.0)
    visual_share: float = Field(default=0.9, ge=0.0, le=1.0)
    mean_length: float = Field(default=10.0, ge=3.0, le=500.0)
    min_length: int = Field(default=5, ge=3, le=500)
    popularity_spread: float = Field(default=1.5, ge=0.0, le=3.0)
    missing_images: float = Field(default=0.0, ge=0.0, le=1.0)
    missing_texts: float = Field(default=0.0, ge=0.0, le=1.0)

    @model_validator(mode="after")
    def _cells_have_items(self) -> Self:
        cells = self.num_themes * self.num_looks
        if self.num_items < cells:
            raise ValueError(
                "every pair of a theme and a look needs an item, got "
                f"num_items={self.num_items} for {self.num_themes} x {self.num_looks} = {cells} "
                f"pairs; raise num_items to {cells} or more"
            )
        return self

    @model_validator(mode="after")
    def _mean_is_reachable(self) -> Self:
        if self.mean_length < self.min_length:
            raise ValueError(
                "mean_length must be at least min_length, got "
                f"mean_length={self.mean_length:g} with min_length={self.min_length}; raise it"
            )
        return self

    def sources(self) -> dict[str, Path]:
        """Nothing: these settings are all that the world is made of."""
        return {}

    def read(self) -> Dataset:
        """Generates the world's catalogue and histories, and computes its ceilings."""
        from clairo.datasets.demo_generation import generate_dataset

        return generate_dataset(self).with_digests(self.identity())

    @property
    def label(self) -> str:
        """Name for people."""
        return f"demo world {self.seed}"

    @property
    def release_label(self) -> str:
        """A generated world has no release."""
        return ""
