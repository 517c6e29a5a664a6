"""Amazon data sets: written by hand, damaged, and real."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from clairo.core.errors import DataError
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.amazon_sources import MIRROR_VARIABLE
from tests.contracts.datasets import LeaveLastOutContract
from tests.datasets.amazon_files import (
    REVIEWS,
    ROWS_2018,
    gzip_lines,
    picture,
    put_picture,
    review_lines,
    reviews_path,
    write_amazon,
)


class TestAmazon2018(LeaveLastOutContract):
    config_type = AmazonConfig

    @pytest.fixture
    def config(self, tmp_path: Path) -> AmazonConfig:
        config = write_amazon(tmp_path / "data")
        put_picture(config, "pot.jpg", picture("blue"))
        return config


class TestAmazon2014(LeaveLastOutContract):
    config_type = AmazonConfig

    @pytest.fixture
    def config(self, tmp_path: Path) -> AmazonConfig:
        return write_amazon(tmp_path / "data", release="2014", category="Beauty")


def test_rows_and_pictures_are_joined_by_id(tmp_path: Path) -> None:
    config = write_amazon(tmp_path)
    put_picture(config, "pot.jpg", picture("blue"))
    put_picture(config, "pan.jpg", picture("red")[:100])
    dataset = config.read()
    assert dataset.catalog.item_ids == ("cup", "pot", "pan", "lid")
    assert dataset.catalog.titles == ("Cup & Saucer", "Pot", "", "")
    assert dataset.catalog.sentences[0] == (
        "Cup & Saucer. $3.00. Acme. Holds tea. Kitchen, Cups. For tea."
    )
    assert dataset.catalog.sentences[2] == ""
    assert dataset.catalog.categories == ("Cups", "", "", "")
    assert dataset.catalog.prices == ("$3.00", "", "", "")
    assert dataset.catalog.image(1) == picture("blue")
    assert dataset.catalog.has_image.tolist() == [False, True, False, False]


def test_what_is_missing_is_counted(tmp_path: Path) -> None:
    config = write_amazon(tmp_path)
    put_picture(config, "pan.jpg", b"no picture")
    facts = config.read().facts
    assert (facts["num_users"], facts["num_items"], facts["num_interactions"]) == (3, 4, 7)
    # Ann has a tie between pot and lid, Bob between pot and cup.
    assert facts["tied_users"] == 2
    assert facts["items_without_metadata"] == 2
    assert facts["text_coverage"] == 2 / 4
    assert (facts["num_images"], facts["num_images_undecodable"]) == (0, 1)
    assert facts["image_coverage"] == 0
    assert facts["items_with_image_url"] == 1
    assert facts["image_url_example"] == "http://pictures.invalid/cup.jpg"


def test_users_with_fewer_than_three_interactions_only_train(tmp_path: Path) -> None:
    splits = write_amazon(tmp_path).read().splits
    assert splits.train_lengths.tolist() == [2, 2, 1]
    assert splits.test_positions.tolist() == [3, -1, -1]


def test_settings_filter_repeats_and_rare_items(tmp_path: Path) -> None:
    reviews = [*REVIEWS, ("ann", "cup", 900)]
    assert write_amazon(tmp_path, reviews).read().facts["num_interactions"] == 8
    once = write_amazon(tmp_path, reviews, duplicates="first").read()
    usual = write_amazon(tmp_path).read()
    changed = {name for name, value in usual.facts.items() if once.facts[name] != value}
    assert changed == {"chosen_settings", "duplicates", "funnel", "settings_digest", "digest"}
    cored = write_amazon(tmp_path, reviews, user_core=2, item_core=2).read()
    assert set(cored.catalog.item_ids) == {"cup", "pot"}
    with pytest.raises(DataError, match=r"leave none of 8: .* \(user_core=9, item_core=1\)"):
        write_amazon(tmp_path, reviews, user_core=9).read()


def test_the_file_of_all_reviews_is_filtered_by_default() -> None:
    config = AmazonConfig(category="Gift_Cards", release="2018", reviews="all")
    assert reviews_path(config) == Path("data/amazon/2018/Gift_Cards/Gift_Cards.json.gz")
    assert config.reviews_files[0].url.endswith("/amazon_v2/categoryFiles/Gift_Cards.json.gz")
    assert config.cores == (5, 5)
    assert config.model_copy(update={"user_core": 1}).cores == (1, 5)


def test_the_order_of_text_fields_is_a_setting(tmp_path: Path) -> None:
    config = write_amazon(tmp_path, text_fields=("brand", "title"))
    assert config.read().catalog.sentences[0] == "Acme. Cup & Saucer"
    with pytest.raises(ValidationError, match="named once"):
        AmazonConfig(category="A", release="2018", text_fields=("title", "title"))


def test_an_empty_folder_of_pictures_is_no_source(tmp_path: Path) -> None:
    config = write_amazon(tmp_path)
    config.image_dir.mkdir()
    assert list(config.sources()) == ["Gift_Cards_5.json.gz", "meta_Gift_Cards.json.gz"]
    put_picture(config, "cup.jpg", picture())
    assert config.sources()["images"] == config.image_dir


def test_where_files_lie_is_no_part_of_the_identity(tmp_path: Path) -> None:
    here = AmazonConfig(category="Beauty", release="2014", data_dir=tmp_path)
    assert here.identity() == AmazonConfig(category="Beauty", release="2014").identity()
    assert "data_dir" not in here.identity()


@pytest.mark.parametrize("category", ["../secret", "a/b", "", "a b"])
def test_a_category_cannot_leave_its_folder(category: str) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        AmazonConfig(category=category, release="2018")


def test_missing_files_are_one_error_with_addresses_and_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(MIRROR_VARIABLE, raising=False)
    config = AmazonConfig(category="All_Beauty", release="2018", data_dir=tmp_path)
    folder = tmp_path / "amazon/2018/All_Beauty"
    base = "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_v2"
    with pytest.raises(DataError) as caught:
        config.read()
    for part in (
        f"{base}/categoryFilesSmall/All_Beauty_5.json.gz to {folder / 'All_Beauty_5.json.gz'}",
        f"{base}/metaFiles2/meta_All_Beauty.json.gz to {folder / 'meta_All_Beauty.json.gz'}",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("no json", "line 2: a row must be one JSON object"),
        ("[1]", "line 2: a row must be one JSON object"),
        ('{"asin": "a", "unixReviewTime": 1}', "line 2: reviewerID must be a printable string"),
        ('{"asin": "", "reviewerID": "u", "unixReviewTime": 1}', "line 2: asin must be"),
        ('{"asin": "\\ud800", "reviewerID": "u", "unixReviewTime": 1}', "line 2: asin must be"),
        ('{"asin": "a", "reviewerID": "u"}', "line 2: unixReviewTime must be a whole number"),
        ('{"asin": "a", "reviewerID": "u", "unixReviewTime": NaN}', "unixReviewTime"),
        ('{"asin": "a", "reviewerID": "u", "unixReviewTime": 1e400}', "unixReviewTime"),
        ('{"asin": "a", "reviewerID": "u", "unixReviewTime": true}', "unixReviewTime"),
    ],
)
def test_a_line_that_is_no_review_is_named(tmp_path: Path, line: str, message: str) -> None:
    config = write_amazon(tmp_path)
    lines = [*review_lines(REVIEWS[:1]), line]
    reviews_path(config).write_bytes(gzip_lines(lines))
    with pytest.raises(DataError, match=message) as caught:
        config.read()
    assert str(reviews_path(config)) in str(caught.value)


def test_empty_files_are_errors(tmp_path: Path) -> None:
    config = write_amazon(tmp_path)
    config.metadata_file.path.write_bytes(b"")
    with pytest.raises(DataError, match=r"meta_Gift_Cards\.json\.gz .* is empty"):
        config.read()
    reviews_path(config).write_bytes(gzip_lines(["", ""]))
    with pytest.raises(DataError, match="must hold interactions, there is none"):
        config.read()


def test_a_truncated_file_is_refused_or_salvaged(tmp_path: Path) -> None:
    rows = [{"asin": f"i{number}", "title": f"{number * 7919 % 9973}"} for number in range(5000)]
    config = write_amazon(tmp_path, [("u", row["asin"], 1) for row in rows], rows)
    path = config.metadata_file.path
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(DataError, match="ends early after line"):
        config.read()
    facts = config.model_copy(update={"salvage": True}).read().facts
    assert facts["salvage"] is True
    assert 0 < facts["items_without_metadata"] < 5000
    # Every row is of another item, so what was salvaged is what is known.
    assert facts["salvaged_metadata_lines"] == 5000 - facts["items_without_metadata"]
    assert facts["lost_metadata_bytes"] < len(json.dumps(rows[-1]))
    assert "salvaged_lines" not in facts
    assert facts["num_items"] == 5000


@pytest.mark.parametrize("is_missing", ["metadata", "reviews"])
def test_what_can_be_done_without_the_rest_of_a_category_is_said(
    tmp_path: Path, is_missing: str
) -> None:
    config = write_amazon(tmp_path)
    (config.metadata_file.path if is_missing == "metadata" else reviews_path(config)).unlink()
    cures = {
        "metadata": "--no-metadata, or 'metadata: none' in a file of FILTERS",
        "reviews": "'clairo data card', or with 'reviews: none' in a file of FILTERS",
    }
    with pytest.raises(DataError) as caught:
        config.sources()
    assert [role for role, cure in cures.items() if cure in str(caught.value)] == [is_missing]


def test_a_category_of_which_nothing_is_there_cannot_do_without(tmp_path: Path) -> None:
    config = AmazonConfig(category="Gift_Cards", release="2018", data_dir=tmp_path)
    with pytest.raises(DataError, match="needs a reviews file and a metadata file") as caught:
        config.sources()
    assert "FILTERS" not in str(caught.value)


@pytest.mark.parametrize("kind", ["folder", "loop"])
def test_what_is_no_file_is_not_called_missing(tmp_path: Path, kind: str) -> None:
    config = write_amazon(tmp_path)
    path = reviews_path(config)
    path.unlink()
    path.mkdir() if kind == "folder" else path.symlink_to(path)
    said = {"folder": "which is a folder and no file", "loop": "which is a link that leads to no"}
    with pytest.raises(DataError, match=said[kind]) as caught:
        config.sources()
    assert "not there" not in str(caught.value)


@pytest.mark.parametrize("method", ["sources", "missing_files"])
def test_a_category_that_may_not_be_looked_at_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    config = write_amazon(tmp_path)

    def refuse(path: Path, **_: object) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(DataError, match=r"Gift_Cards.* must be readable \(Permission denied\)"):
        getattr(config, method)()


def test_a_metadata_file_that_lacks_half_the_items_works(tmp_path: Path) -> None:
    reviews = [(f"u{n % 7}", f"i{n % 10}", n) for n in range(100)]
    rows = [{"asin": f"i{n}", "title": f"Item {n}"} for n in range(0, 10, 2)]
    dataset = write_amazon(tmp_path, reviews, rows).read()
    assert dataset.facts["items_without_metadata"] == 5
    assert dataset.facts["text_coverage"] == 0.5
    assert all(
        title == (f"Item {item[1:]}" if int(item[1:]) % 2 == 0 else "")
        for item, title in zip(dataset.catalog.item_ids, dataset.catalog.titles, strict=True)
    )


def test_a_user_with_one_interaction_is_fine(tmp_path: Path) -> None:
    dataset = write_amazon(tmp_path, [("only", "cup", 1)], ROWS_2018).read()
    assert [sequence.tolist() for sequence in dataset.train_sequences()] == [[0]]
