"""Short names of data sets: the one file to edit for a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Alias:
    """What a short name stands for.

    Attributes:
        default: Release that is meant where none is given.
        official: Official category name by release.
    """

    default: str
    official: Mapping[str, str]


def _same(name: str, default: str, *others: str) -> Alias:
    """An alias of a category that has one name in all its releases."""
    return Alias(default, dict.fromkeys((default, *others), name))


# The first four are those of the literature, where 2014 is meant unless a paper says otherwise.
ALIASES: Final[Mapping[str, Alias]] = {
    "beauty": Alias("2014", {"2014": "Beauty", "2018": "All_Beauty", "2023": "All_Beauty"}),
    "sports": _same("Sports_and_Outdoors", "2014", "2018", "2023"),
    "toys": _same("Toys_and_Games", "2014", "2018", "2023"),
    "cds": _same("CDs_and_Vinyl", "2014", "2018", "2023"),
    "instruments": _same("Musical_Instruments", "2018", "2014", "2023"),
    "arts": _same("Arts_Crafts_and_Sewing", "2018", "2023"),
    "games": _same("Video_Games", "2018", "2014", "2023"),
    "pets": _same("Pet_Supplies", "2018", "2014", "2023"),
    "phones": _same("Cell_Phones_and_Accessories", "2018", "2014", "2023"),
    "tools": _same("Tools_and_Home_Improvement", "2018", "2014", "2023"),
    "office": _same("Office_Products", "2018", "2014", "2023"),
    "movies": _same("Movies_and_TV", "2018", "2014", "2023"),
    "clothing": _same("Clothing_Shoes_and_Jewelry", "2014", "2018", "2023"),
    "baby": Alias("2014", {"2014": "Baby", "2023": "Baby_Products"}),
    "gift_cards": _same("Gift_Cards", "2018", "2023"),
    "fashion": Alias("2018", {"2018": "AMAZON_FASHION", "2023": "Amazon_Fashion"}),
    "luxury": _same("Luxury_Beauty", "2018"),
    "pantry": _same("Prime_Pantry", "2018"),
}
"""Keys are lower case; people may write them in any case."""
