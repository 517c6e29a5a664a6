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
# Those after the blank line are every other category, so that each has a short name.
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

    "appliances": _same("Appliances", "2018", "2023"),
    "apps": _same("Apps_for_Android", "2014"),
    "automotive": _same("Automotive", "2018", "2014", "2023"),
    "beauty_care": _same("Beauty_and_Personal_Care", "2023"),
    "books": _same("Books", "2018", "2014", "2023"),
    "boxes": _same("Subscription_Boxes", "2023"),
    "electronics": _same("Electronics", "2018", "2014", "2023"),
    "grocery": _same("Grocery_and_Gourmet_Food", "2018", "2014", "2023"),
    "handmade": _same("Handmade_Products", "2023"),
    "health": _same("Health_and_Personal_Care", "2014", "2023"),
    "home": _same("Home_and_Kitchen", "2018", "2014", "2023"),
    "household": _same("Health_and_Household", "2023"),
    "industrial": _same("Industrial_and_Scientific", "2018", "2023"),
    "kindle": _same("Kindle_Store", "2018", "2014", "2023"),
    "magazines": _same("Magazine_Subscriptions", "2018", "2023"),
    "music": _same("Digital_Music", "2018", "2014", "2023"),
    "patio": _same("Patio_Lawn_and_Garden", "2018", "2014", "2023"),
    "software": _same("Software", "2018", "2023"),
    "unknown": _same("Unknown", "2023"),
    "video": _same("Amazon_Instant_Video", "2014"),
}  # fmt: skip
"""Keys are lower case; people may write them in any case."""
