"""Weights per modality pair: how much a pair counts by the modalities of its two tokens."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Annotated

import numpy as np
from jaxtyping import Int64
from pydantic import Field

from clairo.core.config import Config

Weight = Annotated[float, Field(ge=0.01, le=100.0)]

_MAX_DENOMINATOR = 100


class ModalityWeights(Config):
    """What the count of a pair is multiplied with.

    A pair whose leaves are all of one modality counts by that modality, one that has text and
    image among its leaves counts by ``text_image``; columns of no modality change nothing. Read
    as fractions with a denominator up to 100, so that totals stay whole numbers.

    Attributes:
        text: Both sides are of text.
        image: Both sides are of images.
        text_image: Text and image are joined.
    """

    text: Weight = 1.0
    image: Weight = 1.0
    text_image: Weight = 1.0

    def fractions(self) -> tuple[Fraction, Fraction, Fraction]:
        """The three weights as exact fractions."""
        return (_fraction(self.text), _fraction(self.image), _fraction(self.text_image))

    @property
    def scale(self) -> int:
        """What makes all weights whole numbers: their least common denominator.

        Example:
            >>> ModalityWeights(text_image=1.5).scale
            2
        """
        return math.lcm(*(weight.denominator for weight in self.fractions()))

    def factors(self) -> Int64[np.ndarray, "4 4"]:
        """Whole weights by the modality bits of two tokens (1 text, 2 image, 3 both, 0 none).

        Example:
            >>> ModalityWeights(text_image=1.5).factors().tolist()
            [[2, 2, 2, 3], [2, 2, 3, 3], [2, 3, 2, 3], [3, 3, 3, 3]]
        """
        scale = self.scale
        text, image, joint = (int(weight * scale) for weight in self.fractions())
        by_bits = {0: scale, 1: text, 2: image, 3: joint}
        return np.array([[by_bits[a | b] for b in range(4)] for a in range(4)], dtype=np.int64)


def _fraction(weight: float) -> Fraction:
    return Fraction(weight).limit_denominator(_MAX_DENOMINATOR)
