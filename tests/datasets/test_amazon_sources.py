"""Names, addresses and columns of the three releases."""

from __future__ import annotations

import csv
import gzip
import json
from itertools import combinations
from pathlib import Path

import pytest

from clairo.datasets.alias_table import ALIASES
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.amazon_sources import RELEASES, ReleaseSource, published_releases

UCSD = "https://mcauleylab.ucsd.edu/public_datasets/data"
SNAP = "http://snap.stanford.edu/data/amazon/productGraph/categoryFiles"


@pytest.mark.parametrize(("year", "number"), [("2014", 24), ("2018", 29), ("2023", 33 + 1)])
def test_a_release_has_as_many_categories_as_its_publisher_says(year: str, number: int) -> None:
    # In 2023, "Unknown" holds what has no category.
    assert len(set(RELEASES[year].categories)) == len(RELEASES[year].categories) == number


@pytest.mark.parametrize(
    ("year", "kind", "expected"),
    [
        ("2014", "5core", (f"{SNAP}/reviews_Books_5.json.gz",)),
        ("2014", "all", (f"{SNAP}/reviews_Books.json.gz",)),
        ("2014", "ratings", (f"{SNAP}/ratings_Books.csv",)),
        ("2018", "5core", (f"{UCSD}/amazon_v2/categoryFilesSmall/Books_5.json.gz",)),
        ("2018", "all", (f"{UCSD}/amazon_v2/categoryFiles/Books.json.gz",)),
        ("2018", "ratings", (f"{UCSD}/amazon_v2/categoryFilesSmall/Books.csv",)),
        ("2023", "5core", (f"{UCSD}/amazon_2023/benchmark/5core/rating_only/Books.csv.gz",)),
        ("2023", "all", (f"{UCSD}/amazon_2023/raw/review_categories/Books.jsonl.gz",)),
        ("2023", "ratings", (f"{UCSD}/amazon_2023/benchmark/0core/rating_only/Books.csv.gz",)),
        (
            "2023",
            "official",
            tuple(
                f"{UCSD}/amazon_2023/benchmark/5core/last_out_w_his/Books.{split}.csv.gz"
                for split in ("train", "valid", "test")
            ),
        ),
    ],
)
def test_every_kind_of_reviews_has_its_published_addresses(
    monkeypatch: pytest.MonkeyPatch, year: str, kind: str, expected: tuple[str, ...]
) -> None:
    monkeypatch.delenv("CLAIRO_AMAZON_MIRROR", raising=False)
    config = AmazonConfig.model_validate({"category": "Books", "release": year, "reviews": kind})
    assert tuple(file.url for file in config.reviews_files) == expected
    meta = {
        "2014": f"{SNAP}/meta_Books.json.gz",
        "2018": f"{UCSD}/amazon_v2/metaFiles2/meta_Books.json.gz",
        "2023": f"{UCSD}/amazon_2023/raw/meta_categories/meta_Books.jsonl.gz",
    }
    assert config.metadata_file.url == meta[year]


@pytest.mark.parametrize("source", RELEASES.values(), ids=RELEASES)
def test_no_two_kinds_share_a_file(source: ReleaseSource) -> None:
    names = [set(files.file_names("Books")) for files in source.reviews.values()]
    names.append({source.metadata.file_name("Books")})
    assert not any(one & other for one, other in combinations(names, 2))


@pytest.mark.parametrize("source", RELEASES.values(), ids=RELEASES)
def test_descriptions_do_not_contradict_themselves(source: ReleaseSource) -> None:
    for files in source.reviews.values():
        named = {files.user, files.item, files.rating, files.time}
        assert len(named) == 4
        assert (files.format == "csv") == bool(files.columns)
        assert not files.columns or named <= set(files.columns)
        for name in files.file_names("Books"):
            assert name.endswith(".gz") == (files.compression == "gzip")
            assert (".csv" in name) == (files.format == "csv")


def test_the_two_older_tables_differ_in_the_order_of_user_and_item() -> None:
    assert RELEASES["2014"].reviews["ratings"].columns[:2] == ("user", "item")
    assert RELEASES["2018"].reviews["ratings"].columns[:2] == ("item", "user")


def test_a_file_that_was_not_published_has_no_address() -> None:
    with pytest.raises(KeyError, match="Books_5"):
        RELEASES["2014"].publisher_url("Books_5.json.gz", "Books")


def test_a_kind_that_was_not_published_is_refused() -> None:
    with pytest.raises(ValueError, match=r"release 2018 has reviews of the kinds 5core, all, rat"):
        AmazonConfig(category="Books", release="2018", reviews="official")


@pytest.mark.parametrize("year", RELEASES)
def test_every_category_has_a_short_name(year: str) -> None:
    named = {alias.official.get(year) for alias in ALIASES.values()}
    assert set(RELEASES[year].categories) - named == set()


def test_no_short_name_is_the_official_name_of_another_category() -> None:
    for year, source in RELEASES.items():
        for category in source.categories:
            alias = ALIASES.get(category.lower())
            assert alias is None or alias.official[year] == category


def test_no_category_has_two_short_names() -> None:
    for year in RELEASES:
        official = [alias.official[year] for alias in ALIASES.values() if year in alias.official]
        assert len(set(official)) == len(official)


def test_short_names_stand_for_all_releases_of_a_category() -> None:
    for alias in ALIASES.values():
        # A name that changed, such as Baby, leads from one to the next.
        known = {year for name in alias.official.values() for year in published_releases(name)}
        assert set(alias.official) == known


@pytest.mark.shared
def test_the_official_splits_have_the_columns_that_are_described(shared: Path) -> None:
    files = RELEASES["2023"].reviews["official"]
    for name in files.file_names("All_Beauty"):
        with gzip.open(shared / "data/amazon/2023/All_Beauty" / name, "rt") as stream:
            assert tuple(next(csv.reader(stream))) == files.columns


@pytest.mark.shared
def test_raw_files_have_the_keys_that_are_described(shared: Path) -> None:
    reviews = RELEASES["2018"].reviews["5core"]
    folder = shared / "data/amazon/2018/Gift_Cards"
    with gzip.open(folder / reviews.file_names("Gift_Cards")[0], "rt") as stream:
        row = json.loads(next(stream))
    assert {reviews.user, reviews.item, reviews.rating, reviews.time} <= set(row)
    metadata = RELEASES["2023"].metadata
    folder = shared / "data/amazon/2023/Health_and_Personal_Care"
    with gzip.open(folder / metadata.file_name("Health_and_Personal_Care"), "rt") as stream:
        assert metadata.item in json.loads(next(stream))
