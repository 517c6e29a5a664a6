"""Which Amazon categories exist, what their files are called, and where they are published.

Example:
    >>> source = RELEASES["2014"]
    >>> source.url("meta_Beauty.json.gz", "Beauty", mirror=None)
    'http://snap.stanford.edu/data/amazon/productGraph/categoryFiles/meta_Beauty.json.gz'

References:
    He & McAuley 2016 (release 2014); Ni, Li & McAuley 2019 (release 2018); Hou et al. 2024
    (release 2023, listed so that its names are known, not readable yet).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final, Literal

MIRROR_VARIABLE: Final = "CLAIRO_AMAZON_MIRROR"
"""Environment variable with the address of a server laid out as ``<release>/<Category>/<file>``."""

CoreLevel = Literal["5core", "all"]
"""Which reviews file: that with at least five interactions per user and item, or all."""


@dataclass(frozen=True)
class ReleaseSource:
    """One release: official file names, address, categories.

    Attributes:
        release: Year of the release.
        base_url: Where it is published.
        reviews: Reviews file by core level, with ``{category}`` to fill in.
        metadata: Metadata file, with ``{category}`` to fill in.
        folders: Folder below ``base_url`` of a file, by the file name's pattern.
        categories: Official names of the categories.
    """

    release: Literal["2014", "2018"]
    base_url: str
    reviews: dict[CoreLevel, str]
    metadata: str
    folders: dict[str, str]
    categories: tuple[str, ...]

    def url(self, file_name: str, category: str, mirror: str | None) -> str:
        """Where a file is to be fetched from: the mirror if one is given, else the publisher."""
        if mirror:
            return f"{mirror.rstrip('/')}/{self.release}/{category}/{file_name}"
        for pattern, folder in self.folders.items():
            if pattern.format(category=category) == file_name:
                return f"{self.base_url}/{folder}/{file_name}"
        raise KeyError(file_name)


def configured_mirror() -> str | None:
    """The mirror named by the environment, ``None`` where there is none."""
    return os.environ.get(MIRROR_VARIABLE) or None


_SINCE_2014 = (
    "Automotive", "Books", "CDs_and_Vinyl", "Cell_Phones_and_Accessories",
    "Clothing_Shoes_and_Jewelry", "Digital_Music", "Electronics", "Grocery_and_Gourmet_Food",
    "Home_and_Kitchen", "Kindle_Store", "Movies_and_TV", "Musical_Instruments",
    "Office_Products", "Patio_Lawn_and_Garden", "Pet_Supplies", "Sports_and_Outdoors",
    "Tools_and_Home_Improvement", "Toys_and_Games", "Video_Games",
)  # fmt: skip
_SINCE_2018 = (
    "All_Beauty", "Appliances", "Arts_Crafts_and_Sewing", "Gift_Cards",
    "Industrial_and_Scientific", "Magazine_Subscriptions", "Software",
)  # fmt: skip

RELEASES: Final[dict[str, ReleaseSource]] = {
    "2014": ReleaseSource(
        release="2014",
        base_url="http://snap.stanford.edu/data/amazon/productGraph",
        reviews={"5core": "reviews_{category}_5.json.gz", "all": "reviews_{category}.json.gz"},
        metadata="meta_{category}.json.gz",
        folders={
            "reviews_{category}_5.json.gz": "categoryFiles",
            "reviews_{category}.json.gz": "categoryFiles",
            "meta_{category}.json.gz": "categoryFiles",
        },
        categories=(
            *_SINCE_2014, "Amazon_Instant_Video", "Apps_for_Android", "Baby", "Beauty",
            "Health_and_Personal_Care",
        ),
    ),
    "2018": ReleaseSource(
        release="2018",
        base_url="https://mcauleylab.ucsd.edu/public_datasets/data/amazon_v2",
        reviews={"5core": "{category}_5.json.gz", "all": "{category}.json.gz"},
        metadata="meta_{category}.json.gz",
        folders={
            "{category}_5.json.gz": "categoryFilesSmall",
            "{category}.json.gz": "categoryFiles",
            "meta_{category}.json.gz": "metaFiles2",
        },
        categories=(
            *_SINCE_2014, *_SINCE_2018, "AMAZON_FASHION", "Luxury_Beauty", "Prime_Pantry",
        ),
    ),
}  # fmt: skip
"""Releases that can be read."""

CATEGORIES_2023: Final = (
    *_SINCE_2014, *_SINCE_2018, "Amazon_Fashion", "Baby_Products", "Beauty_and_Personal_Care",
    "Handmade_Products", "Health_and_Household", "Health_and_Personal_Care",
    "Subscription_Boxes",
)  # fmt: skip
"""Names of the release of 2023."""


def published_releases(category: str) -> tuple[str, ...]:
    """Releases that officially hold a category, 2023 included.

    Example:
        >>> published_releases("Beauty"), published_releases("Gift_Cards")
        (('2014',), ('2018', '2023'))
    """
    found = [year for year, source in RELEASES.items() if category in source.categories]
    return (*found, "2023") if category in CATEGORIES_2023 else tuple(found)
