"""Colours and shapes of pictures: image vectors without any pretrained weights."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from jaxtyping import Float
from PIL import Image
from pydantic import Field, model_validator

from clairo.core.artifacts import EmbeddingTable, ItemCatalog
from clairo.core.stage import Runtime
from clairo.core.vectors import unit_rows
from clairo.embeddings.base import ImageEncoderConfig
from clairo.embeddings.batches import FittingBatches
from clairo.embeddings.opened import OpenedEncoder
from clairo.embeddings.pictures import prepare_picture
from clairo.embeddings.pieces import encode_pictures

_CELLS_PER_BLOCK = 2
_BATCH_PICTURES = 64


class ColorHogConfig(ImageEncoderConfig):
    """A colour histogram beside a histogram of oriented gradients.

    Both halves have unit length before they are weighted, so neither wins by its width.

    Attributes:
        hue_bins: Bins around the colour circle; a pixel between two bins counts for both.
        saturation_bins: Bins from grey to pure colour.
        value_bins: Bins from dark to bright.
        image_size: Pictures are scaled to a square of this many pixels.
        cell_size: Side of a gradient cell in pixels; at least two cells fit.
        orientations: Bins of gradient direction, over half a turn.
        color_share: Weight of the colour half in a vector's squared length.

    References:
        Dalal and Triggs (2005), "Histograms of oriented gradients for human detection",
        section 6, with blocks of 2 x 2 cells.
    """

    piecewise: ClassVar[bool] = True

    kind: Literal["color_hog"] = "color_hog"
    hue_bins: Annotated[int, Field(ge=2, le=64)] = 12
    saturation_bins: Annotated[int, Field(ge=1, le=16)] = 3
    value_bins: Annotated[int, Field(ge=1, le=16)] = 3
    image_size: Annotated[int, Field(ge=16, le=512)] = 64
    cell_size: Annotated[int, Field(ge=4, le=256)] = 16
    orientations: Annotated[int, Field(ge=2, le=36)] = 9
    color_share: Annotated[float, Field(ge=0.0, le=1.0)] = 0.5

    @model_validator(mode="after")
    def _two_cells_fit(self) -> Self:
        if self.cell_size * _CELLS_PER_BLOCK > self.image_size:
            raise ValueError(
                f"a gradient block needs {_CELLS_PER_BLOCK} cells, got cell_size="
                f"{self.cell_size} for image_size={self.image_size}; use cell_size "
                f"{self.image_size // _CELLS_PER_BLOCK} or less"
            )
        return self

    def encode(self, catalog: ItemCatalog, seed: int, runtime: Runtime) -> EmbeddingTable:
        """Vectors of items whose picture decodes.

        Facts: ``num_undecodable``, ``num_without_image`` and ``color_dims`` (the first so
        many columns are colours).

        Raises:
            DataError: No item has a picture that decodes.
        """
        return encode_pictures(self.open, catalog, runtime)

    def open(self, device: str, num_threads: int) -> OpenedEncoder:
        """The encoder, ready for encoded pictures; it computes on the CPU."""
        color_dims = self.hue_bins * self.saturation_bins * self.value_bins
        return OpenedEncoder(
            FittingBatches(self._describe, _BATCH_PICTURES, None),
            prepare=prepare_picture(self._scale),
            num_threads=num_threads,
            facts={"color_dims": color_dims},
        )

    def _scale(self, picture: Image.Image) -> Image.Image:
        side = (self.image_size, self.image_size)
        return picture.resize(side, Image.Resampling.BOX, reducing_gap=2.0)

    def _describe(self, pictures: list[Image.Image]) -> Float[np.ndarray, "pictures dims"]:
        """Both halves of each scaled picture, each half of unit length before it is weighted."""
        colors, gradients = zip(*map(self._halves, pictures), strict=True)
        return np.hstack(
            [
                unit_rows(np.stack(colors)) * np.sqrt(self.color_share),
                unit_rows(np.stack(gradients)) * np.sqrt(1.0 - self.color_share),
            ]
        )

    def _halves(
        self, small: Image.Image
    ) -> tuple[Float[np.ndarray, " colors"], Float[np.ndarray, " gradients"]]:
        """Colour histogram (square roots of shares) and oriented gradients of one picture."""
        from skimage.feature import hog

        hsv = np.asarray(small.convert("HSV"), dtype=np.float64) / 255.0
        bins = (self.hue_bins, self.saturation_bins, self.value_bins)
        # Square roots: a large plain background must not drown the product.
        colors = np.sqrt(hsv_histogram(hsv.reshape(-1, 3), bins))
        gradients = hog(
            np.asarray(small.convert("L"), dtype=np.float64) / 255.0,
            orientations=self.orientations,
            pixels_per_cell=(self.cell_size, self.cell_size),
            cells_per_block=(_CELLS_PER_BLOCK, _CELLS_PER_BLOCK),
        )
        return colors, gradients


def hsv_histogram(
    pixels: Float[np.ndarray, "pixels 3"], bins: tuple[int, int, int]
) -> Float[np.ndarray, " bins"]:
    """Joint histogram of hue, saturation and value, as shares that sum to 1.

    Hue is a circle, and a pixel between two hue bins is shared between them, so that a small
    change of colour is a small change of the histogram.

    Args:
        pixels: Hue, saturation and value, each from 0 to 1.
        bins: Number of bins of each.

    Example:
        >>> red_and_between = np.array([[0.0, 1.0, 1.0], [0.25, 1.0, 1.0]])
        >>> hsv_histogram(red_and_between, (2, 1, 1)).tolist()
        [0.75, 0.25]
    """
    num_hues, num_saturations, num_values = bins
    place = pixels[:, 0] * num_hues
    lower = np.floor(place).astype(np.int64)
    upper_share = place - lower
    saturation = np.minimum((pixels[:, 1] * num_saturations).astype(np.int64), num_saturations - 1)
    value = np.minimum((pixels[:, 2] * num_values).astype(np.int64), num_values - 1)
    rest = saturation * num_values + value
    width = num_saturations * num_values
    counts = np.zeros(num_hues * width)
    for hue, share in (
        (lower % num_hues, 1.0 - upper_share),
        ((lower + 1) % num_hues, upper_share),
    ):
        counts += np.bincount(hue * width + rest, weights=share, minlength=len(counts))
    return counts / len(pixels)
