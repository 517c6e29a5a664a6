"""Which Amazon categories exist, what their files are called, and where they are published.

Example:
    >>> source = RELEASES["2014"]
    >>> source.publisher_url("meta_Beauty.json.gz", "Beauty")
    'http://snap.stanford.edu/data/amazon/productGraph/categoryFiles/meta_Beauty.json.gz'
    >>> RELEASES["2023"].reviews["official"].file_names("Books")[0]
    'Books.train.csv.gz'

References:
    He & McAuley 2016 (release 2014); Ni, Li & McAuley 2019 (release 2018); Hou et al. 2024
    (release 2023).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal

MIRROR_VARIABLE: Final = "CLAIRO_AMAZON_MIRROR"
"""Environment variable with addresses of servers laid out as ``<release>/<Category>/<file>``."""

ITEM_TABLE_2023: Final = "filterd_meta_items.csv"
"""Name, as published, of the item table that lies beside some of the official splits."""

CoreLevel = Literal["5core", "all", "ratings", "official"]
"""Which reviews: with at least five of each user and item, all of them, all of them without
texts, or the publisher's own training, validation and test files."""

ReleaseYear = Literal["2014", "2018", "2023"]


@dataclass(frozen=True)
class ReviewsFiles:
    """The files that hold one kind of reviews, and what their records look like.

    Attributes:
        names: Paths below the category's folder, with ``{category}`` to fill in; training,
            validation and test where there are three. In 2023 two kinds have one official file
            name, so each lies in a folder of its own.
        folder: Where they lie below the release's address.
        format: One JSON object a line, or comma-separated values.
        compression: How the file is packed.
        columns: Names of a CSV file's columns in their order; empty for JSON.
        has_header: Whether the first line of a CSV file names its columns.
        user: Column or key of the user.
        item: Column or key of the item.
        rating: Column or key of the rating, 1 to 5.
        time: Column or key of the time since 1970.
        time_unit: Unit of the time.
    """

    names: tuple[str, ...]
    folder: str
    format: Literal["json", "csv"]
    compression: Literal["gzip", "none"]
    columns: tuple[str, ...]
    has_header: bool
    user: str
    item: str
    rating: str
    time: str
    time_unit: Literal["s", "ms"]

    def file_names(self, category: str) -> tuple[str, ...]:
        """The files of a category, as paths below its folder."""
        return tuple(name.format(category=category) for name in self.names)


@dataclass(frozen=True)
class MetadataFile:
    """The file that describes the items.

    Attributes:
        name: File name with ``{category}`` to fill in; gzip, one record a line.
        folder: Where it lies below the release's address.
        item: Key of the item.
    """

    name: str
    folder: str
    item: Literal["asin", "parent_asin"]

    def file_name(self, category: str) -> str:
        """The file name of a category."""
        return self.name.format(category=category)


@dataclass(frozen=True)
class ReleaseSource:
    """One release: official file names, address, categories.

    Attributes:
        release: Year of the release.
        base_url: Where it is published.
        reviews: Reviews files by kind; a kind that is not in it was not published.
        metadata: Metadata file.
        categories: Official names of the categories.
    """

    release: ReleaseYear
    base_url: str
    reviews: Mapping[CoreLevel, ReviewsFiles]
    metadata: MetadataFile
    categories: tuple[str, ...]

    def publisher_url(self, file_name: str, category: str) -> str:
        """Where the publisher offers a file.

        Args:
            file_name: The file, as a path below the category's folder.
            category: Official name.

        Raises:
            KeyError: The release has no such file.
        """
        if self.metadata.file_name(category) == file_name:
            return f"{self.base_url}/{self.metadata.folder}/{file_name}"
        for files in self.reviews.values():
            if file_name in files.file_names(category):
                return f"{self.base_url}/{files.folder}/{PurePosixPath(file_name).name}"
        raise KeyError(file_name)


def _json(name: str, folder: str) -> ReviewsFiles:
    """Full reviews of 2014 or 2018."""
    return ReviewsFiles(
        names=(name,), folder=folder, format="json", compression="gzip", columns=(),
        has_header=False, user="reviewerID", item="asin", rating="overall",
        time="unixReviewTime", time_unit="s",
    )  # fmt: skip


def _bare_csv(name: str, folder: str, columns: tuple[str, ...]) -> ReviewsFiles:
    """Ratings of 2014 or 2018: no header, so the names of the columns are ours."""
    return ReviewsFiles(
        names=(name,), folder=folder, format="csv", compression="none", columns=columns,
        has_header=False, user="user", item="item", rating="rating", time="time", time_unit="s",
    )  # fmt: skip


_KEYS_2023: Final = ("user_id", "parent_asin", "rating", "timestamp")


def _of_2023(
    names: tuple[str, ...],
    folder: str,
    file_format: Literal["json", "csv"] = "csv",
    more_columns: tuple[str, ...] = (),
) -> ReviewsFiles:
    is_csv = file_format == "csv"
    user, item, rating, time = _KEYS_2023
    return ReviewsFiles(
        names=names, folder=folder, format=file_format, compression="gzip",
        columns=(*_KEYS_2023, *more_columns) if is_csv else (), has_header=is_csv,
        user=user, item=item, rating=rating, time=time, time_unit="ms",
    )  # fmt: skip


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

RELEASES: Final[Mapping[str, ReleaseSource]] = {
    "2014": ReleaseSource(
        release="2014",
        base_url="http://snap.stanford.edu/data/amazon/productGraph",
        reviews={
            "5core": _json("reviews_{category}_5.json.gz", "categoryFiles"),
            "all": _json("reviews_{category}.json.gz", "categoryFiles"),
            "ratings": _bare_csv(
                "ratings_{category}.csv", "categoryFiles", ("user", "item", "rating", "time")
            ),
        },
        metadata=MetadataFile("meta_{category}.json.gz", "categoryFiles", "asin"),
        categories=(
            *_SINCE_2014, "Amazon_Instant_Video", "Apps_for_Android", "Baby", "Beauty",
            "Health_and_Personal_Care",
        ),
    ),
    "2018": ReleaseSource(
        release="2018",
        base_url="https://mcauleylab.ucsd.edu/public_datasets/data/amazon_v2",
        reviews={
            "5core": _json("{category}_5.json.gz", "categoryFilesSmall"),
            "all": _json("{category}.json.gz", "categoryFiles"),
            "ratings": _bare_csv(
                "{category}.csv", "categoryFilesSmall", ("item", "user", "rating", "time")
            ),
        },
        metadata=MetadataFile("meta_{category}.json.gz", "metaFiles2", "asin"),
        categories=(
            *_SINCE_2014, *_SINCE_2018, "AMAZON_FASHION", "Luxury_Beauty", "Prime_Pantry",
        ),
    ),
    "2023": ReleaseSource(
        release="2023",
        base_url="https://mcauleylab.ucsd.edu/public_datasets/data/amazon_2023",
        reviews={
            "5core": _of_2023(("5core/{category}.csv.gz",), "benchmark/5core/rating_only"),
            "all": _of_2023(("{category}.jsonl.gz",), "raw/review_categories", "json"),
            "ratings": _of_2023(("0core/{category}.csv.gz",), "benchmark/0core/rating_only"),
            "official": _of_2023(
                tuple(f"{{category}}.{split}.csv.gz" for split in ("train", "valid", "test")),
                "benchmark/5core/last_out_w_his",
                more_columns=("history",),
            ),
        },
        metadata=MetadataFile("meta_{category}.jsonl.gz", "raw/meta_categories", "parent_asin"),
        categories=(
            *_SINCE_2014, *_SINCE_2018, "Amazon_Fashion", "Baby_Products",
            "Beauty_and_Personal_Care", "Handmade_Products", "Health_and_Household",
            "Health_and_Personal_Care", "Subscription_Boxes", "Unknown",
        ),
    ),
}  # fmt: skip
"""What was published, by year."""


def published_releases(category: str) -> tuple[str, ...]:
    """Releases that officially hold a category.

    Example:
        >>> published_releases("Beauty"), published_releases("Gift_Cards")
        (('2014',), ('2018', '2023'))
    """
    return tuple(year for year, source in RELEASES.items() if category in source.categories)
