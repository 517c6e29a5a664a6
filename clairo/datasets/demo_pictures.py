"""Product pictures of the demo world: they tell the look and nothing of the theme.

A look is a color, a form and a pattern. Place, size, brightness and background are drawn anew
for every item, so that two pictures of one look are alike but not equal.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance

from clairo.core.seeding import stage_seed
from clairo.datasets.demo_world import DemoWorld

PICTURE_SIZE: Final = 96
"""Width and height in pixels."""

_OVERSAMPLING: Final = 2
"""Drawn larger and then reduced, for Pillow draws hard edges."""

_COLORS: Final = (
    (214, 40, 40), (30, 90, 200), (44, 150, 60), (242, 196, 24), (105, 40, 140), (20, 140, 140),
    (240, 120, 20), (230, 100, 170), (120, 72, 30), (38, 38, 44), (150, 205, 40), (150, 190, 245),
)  # fmt: skip
_FORMS: Final = (
    "circle", "square", "triangle", "star", "ring", "cross", "diamond", "hourglass", "crescent",
    "arrow", "frame", "bars",
)  # fmt: skip
_PATTERNS: Final = ("plain", "stripes", "dots", "checks")

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Look:
    """What all pictures of one look share.

    Attributes:
        color: Red, green and blue, 0 to 255.
        form: Outline.
        pattern: Drawn on the form in a lighter tone.
    """

    color: tuple[int, int, int]
    form: str
    pattern: str


def look(number: int) -> Look:
    """The look of a number below 24; any two differ in at least two of the three traits.

    Example:
        >>> look(0)
        Look(color=(214, 40, 40), form='circle', pattern='plain')
        >>> look(12)
        Look(color=(214, 40, 40), form='cross', pattern='dots')
    """
    lap, place = divmod(number, len(_COLORS))
    # Twelve forms and four patterns: the second lap moves both, and no pair of them returns.
    form, pattern = (place + 5 * lap) % len(_FORMS), (place + 2 * lap) % len(_PATTERNS)
    return Look(_COLORS[place], _FORMS[form], _PATTERNS[pattern])


def draw_pictures(world: DemoWorld) -> list[bytes]:
    """An encoded picture of every item, each drawn from its look alone."""
    generator = np.random.default_rng(stage_seed(world.config.seed, "demo/pictures"))
    return [draw_picture(look(int(number)), generator) for number in world.looks]


def draw_picture(appearance: Look, generator: np.random.Generator) -> bytes:
    """One PNG of a look, with its own place, size, brightness and background."""
    side = PICTURE_SIZE * _OVERSAMPLING
    gray = int(generator.integers(222, 250))
    picture = Image.new("RGB", (side, side), (gray, gray, gray))
    extent = side * float(generator.uniform(0.62, 0.71))
    slack = (side - extent) / 2
    left, top = (slack + slack * float(generator.uniform(-0.3, 0.3)) for _ in range(2))
    outline = Image.new("L", (side, side), 0)
    _draw_form(ImageDraw.Draw(outline), appearance.form, left, top, extent)
    surface = _draw_surface(appearance, side, round(left), round(top))
    picture.paste(surface, (0, 0), outline)
    brightness = float(generator.uniform(0.94, 1.06))
    picture = ImageEnhance.Brightness(picture).enhance(brightness)
    picture = picture.resize((PICTURE_SIZE, PICTURE_SIZE), Image.Resampling.BOX)
    encoded = io.BytesIO()
    picture.save(encoded, format="PNG")
    return encoded.getvalue()


def _draw_surface(appearance: Look, side: int, left: int, top: int) -> Image.Image:
    """Color and pattern, laid out from the form's corner so that they move with it."""
    red, green, blue = appearance.color
    lighter = (red + (255 - red) // 2, green + (255 - green) // 2, blue + (255 - blue) // 2)
    surface = Image.new("RGB", (side, side), appearance.color)
    pen, step = ImageDraw.Draw(surface), side // 8
    for row in range(-1, side // step + 1):
        for column in range(-1, side // step + 1):
            x, y = left % step + column * step, top % step + row * step
            if appearance.pattern == "stripes":
                pen.rectangle((x, y, x + step - 1, y + step // 3), fill=lighter)
            elif appearance.pattern == "dots":
                pen.ellipse((x, y, x + step // 2, y + step // 2), fill=lighter)
            elif appearance.pattern == "checks" and (row + column) % 2:
                pen.rectangle((x, y, x + step - 1, y + step - 1), fill=lighter)
    return surface


def _draw_form(pen: ImageDraw.ImageDraw, form: str, left: float, top: float, extent: float) -> None:
    """Fills a form; its parts are drawn one over the other, holes with 0."""
    for fill, points in _PARTS[form]:
        corners = [(left + extent * x, top + extent * y) for x, y in points]
        if len(corners) == 2:
            pen.ellipse(corners, fill=fill)
        else:
            pen.polygon(corners, fill=fill)


def _rectangle(left: float, top: float, right: float, bottom: float) -> Points:
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def _star_points(corners: int = 5, waist: float = 0.45) -> Points:
    points = []
    for corner in range(2 * corners):
        reach = 0.5 if corner % 2 == 0 else 0.5 * waist
        angle = math.pi * corner / corners - math.pi / 2
        points.append((0.5 + reach * math.cos(angle), 0.5 + reach * math.sin(angle)))
    return tuple(points)


_PARTS: Final[dict[str, tuple[tuple[int, Points], ...]]] = {
    "circle": ((255, ((0, 0), (1, 1))),),
    "square": ((255, _rectangle(0.06, 0.06, 0.94, 0.94)),),
    "triangle": ((255, ((0.5, 0), (1, 1), (0, 1))),),
    "star": ((255, _star_points()),),
    "ring": ((255, ((0, 0), (1, 1))), (0, ((0.28, 0.28), (0.72, 0.72)))),
    "cross": ((255, _rectangle(0.32, 0, 0.68, 1)), (255, _rectangle(0, 0.32, 1, 0.68))),
    "diamond": ((255, ((0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5))),),
    "hourglass": ((255, ((0, 0), (1, 0), (0.55, 0.5), (1, 1), (0, 1), (0.45, 0.5))),),
    "crescent": ((255, ((0, 0), (1, 1))), (0, ((0.3, -0.05), (1.2, 0.85)))),
    "arrow": ((255, ((0, 0.35), (0.5, 0.35), (0.5, 0.05), (1, 0.5), (0.5, 0.95), (0.5, 0.65),
                     (0, 0.65))),),
    "frame": ((255, _rectangle(0.02, 0.02, 0.98, 0.98)), (0, _rectangle(0.3, 0.3, 0.7, 0.7))),
    "bars": ((255, _rectangle(0.08, 0, 0.36, 1)), (255, _rectangle(0.64, 0, 0.92, 1))),
}  # fmt: skip
"""(fill, points) of each part in a unit square; two points span an ellipse."""
