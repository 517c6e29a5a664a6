"""Product pictures of the demo world: they tell the look and nothing of the theme.

A look is a color, a form and a pattern. Place, size, brightness and background are drawn anew
for every item, so that two pictures of one look are alike but not equal.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
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
    (214, 40, 40), (30, 90, 200), (44, 150, 60), (242, 196, 24), (120, 50, 160), (20, 170, 170),
    (240, 120, 20), (230, 100, 170), (110, 66, 30), (38, 38, 44), (150, 205, 40), (150, 190, 245),
)  # fmt: skip
_FORMS: Final = ("circle", "square", "triangle", "star", "ring", "cross")
_PATTERNS: Final = ("plain", "stripes", "dots", "checks")

Box = tuple[float, float, float, float]


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
        Look(color=(214, 40, 40), form='star', pattern='stripes')
    """
    lap, place = divmod(number, len(_COLORS))
    half, form = place // len(_FORMS), (place + 3 * lap) % len(_FORMS)
    # The second lap gives each form the two patterns that the first lap left free.
    pattern = (form + 2 - half) if lap else (place + half)
    return Look(_COLORS[place], _FORMS[form], _PATTERNS[pattern % len(_PATTERNS)])


def draw_pictures(world: DemoWorld) -> list[bytes]:
    """An encoded picture of every item, each drawn from its look alone."""
    generator = np.random.default_rng(stage_seed(world.config.seed, "demo/pictures"))
    return [draw_picture(look(int(number)), generator) for number in world.looks]


def draw_picture(appearance: Look, generator: np.random.Generator) -> bytes:
    """One PNG of a look, with its own place, size, brightness and background."""
    side = PICTURE_SIZE * _OVERSAMPLING
    gray = int(generator.integers(222, 250))
    picture = Image.new("RGB", (side, side), (gray, gray, gray))
    extent = side * float(generator.uniform(0.60, 0.72))
    slack = (side - extent) / 2
    left, top = (slack + slack * float(generator.uniform(-0.35, 0.35)) for _ in range(2))
    outline = Image.new("L", (side, side), 0)
    _OUTLINES[appearance.form](ImageDraw.Draw(outline), (left, top, left + extent, top + extent))
    surface = _draw_surface(appearance, side, round(left), round(top))
    picture.paste(surface, (0, 0), outline)
    brightness = float(generator.uniform(0.92, 1.06))
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


def _circle(pen: ImageDraw.ImageDraw, box: Box) -> None:
    pen.ellipse(box, fill=255)


def _square(pen: ImageDraw.ImageDraw, box: Box) -> None:
    inset = (box[2] - box[0]) * 0.06
    pen.rectangle((box[0] + inset, box[1] + inset, box[2] - inset, box[3] - inset), fill=255)


def _triangle(pen: ImageDraw.ImageDraw, box: Box) -> None:
    left, top, right, bottom = box
    pen.polygon([((left + right) / 2, top), (right, bottom), (left, bottom)], fill=255)


def _star(pen: ImageDraw.ImageDraw, box: Box) -> None:
    left, top, right, bottom = box
    x, y, radius = (left + right) / 2, (top + bottom) / 2, (right - left) / 2
    corners = []
    for corner in range(10):
        reach = radius if corner % 2 == 0 else radius * 0.45
        angle = math.pi * corner / 5 - math.pi / 2
        corners.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    pen.polygon(corners, fill=255)


def _ring(pen: ImageDraw.ImageDraw, box: Box) -> None:
    pen.ellipse(box, fill=255)
    hole = (box[2] - box[0]) * 0.28
    pen.ellipse((box[0] + hole, box[1] + hole, box[2] - hole, box[3] - hole), fill=0)


def _cross(pen: ImageDraw.ImageDraw, box: Box) -> None:
    left, top, right, bottom = box
    arm = (right - left) * 0.32
    pen.rectangle((left + arm, top, right - arm, bottom), fill=255)
    pen.rectangle((left, top + arm, right, bottom - arm), fill=255)


_OUTLINES: Final[dict[str, Callable[[ImageDraw.ImageDraw, Box], None]]] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "ring": _ring,
    "cross": _cross,
}
