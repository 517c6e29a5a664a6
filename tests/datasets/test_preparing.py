"""From raw files to a data set: what names it, what is recorded, what it must not see."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clairo.core.dataset import Dataset
from clairo.core.errors import DataError
from clairo.core.fingerprint import hash_json
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.amazon_items import read_item_metadata
from tests.datasets.amazon_files import (
    REVIEWS,
    Review,
    gzip_lines,
    picture,
    put_picture,
    review_lines,
    reviews_path,
    write_amazon,
)

DAY = 86_400
MANY: tuple[Review, ...] = tuple(
    (f"u{n // 2 % 13}", f"i{n * n % 17}", 1_000_000_000 + (n // 5) * DAY) for n in range(200)
)


def prepared(config: AmazonConfig, num_threads: int = 1) -> Dataset:
    return config.prepare(config.reading.ingest(num_threads), num_threads)


def digest(config: AmazonConfig, num_threads: int = 1) -> str:
    value = prepared(config, num_threads).facts["content_digest"]
    assert isinstance(value, str)
    assert len(value) == 64
    return value


def changed(config: AmazonConfig, **settings: Any) -> AmazonConfig:
    return AmazonConfig.model_validate({**config.model_dump(), **settings})


SETTINGS: list[dict[str, Any]] = [
    {},
    {"user_core": 5, "item_core": 5, "duplicates": "first"},
    {"split": {"kind": "global_time", "valid_share": 0.2, "test_share": 0.2}},
    {"sample_users": 5, "max_history": 3, "tie_seed": 1},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_same_files_give_the_same_digest(tmp_path: Path, settings: dict[str, Any]) -> None:
    config = write_amazon(tmp_path / "here", MANY, **settings)
    put_picture(config, "i4.jpg", picture("blue"))
    first = digest(config)
    assert digest(config) == first
    assert digest(config, num_threads=2) == first
    assert digest(changed(config, memory_mb=768)) == first
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    assert digest(changed(config, data_dir=tmp_path / "there")) == first


def test_the_digest_survives_a_folder_and_is_that_of_the_content(tmp_path: Path) -> None:
    config = write_amazon(tmp_path / "data", MANY)
    dataset = prepared(config)
    folder = tmp_path / "entry"
    folder.mkdir()
    dataset.save(folder)
    back = Dataset.load(folder)
    assert back.with_digests(config.identity()).facts == dataset.facts


@pytest.mark.parametrize(
    "settings",
    [
        {"user_core": 16},
        {"item_core": 13},
        {"duplicates": "first"},
        {"sample_users": 5},
        {"max_history": 3},
        {"tie_seed": 1},
        {"split": {"kind": "global_time", "valid_share": 0.2, "test_share": 0.2}},
        {"text_fields": ("brand",)},
        {"metadata": "none"},
        {"catalogue": "all"},
        {"image_required": "after_core"},
    ],
)
def test_another_setting_is_another_data_set(tmp_path: Path, settings: dict[str, Any]) -> None:
    rows = [{"asin": f"i{n}", "title": f"Item {n}", "brand": "Acme"} for n in range(30)]
    config = write_amazon(tmp_path, MANY, rows)
    put_picture(config, "i4.jpg", picture("blue"))
    other = changed(config, **settings)
    assert digest(other) != digest(config)
    assert prepared(other).facts["settings_digest"] != prepared(config).facts["settings_digest"]
    assert other.identity() != config.identity()


def test_another_byte_of_any_file_is_another_data_set(tmp_path: Path) -> None:
    config = write_amazon(tmp_path, MANY)
    put_picture(config, "i4.jpg", picture("blue"))
    digests = [digest(config)]
    later = (*MANY[:-1], (*MANY[-1][:2], MANY[-1][2] + 1))
    reviews_path(config).write_bytes(gzip_lines(review_lines(later)))
    digests.append(digest(config))
    put_picture(config, "i4.jpg", picture("red"))
    digests.append(digest(config))
    write_amazon(tmp_path, later, [{"asin": "i4", "title": "Four"}])
    digests.append(digest(config))
    assert len(set(digests)) == 4


def test_memory_and_places_are_no_part_of_the_identity(tmp_path: Path) -> None:
    config = AmazonConfig(category="Beauty", release="2014")
    moved = changed(config, memory_mb=768, data_dir=tmp_path)
    assert moved.identity() == config.identity()
    assert moved.reading.identity() == config.reading.identity()


def test_filters_and_splits_share_one_reading_of_the_files() -> None:
    config = AmazonConfig(category="Beauty", release="2014")
    other = changed(config, user_core=9, tie_seed=1, metadata="none", catalogue="all")
    assert other.reading.identity() == config.reading.identity()
    for settings in ({"salvage": True}, {"reviews": "ratings"}):
        assert changed(config, **settings).reading.identity() != config.reading.identity()


def test_all_facts_of_the_contract_are_recorded(tmp_path: Path) -> None:
    config = write_amazon(tmp_path, [*REVIEWS, ("ann", "cup", 900)], duplicates="first")
    facts = prepared(config).facts
    assert {name: facts[name] for name in EXPECTED} == EXPECTED
    assert facts["settings_digest"] == hash_json(config.identity())
    assert facts["mean_history"] == 7 / 3


EXPECTED: dict[str, Any] = {
    "source": "amazon",
    "category": "Gift_Cards",
    "release": "2018",
    "num_users": 3,
    "num_items": 4,
    "num_interactions": 7,
    "num_asked_users": 1,
    "time_unit": "s",
    # Ann: pan, then pot and lid at one time, then cup. Only her history is long enough.
    "tied_users": 2,
    "tied_valid_targets": 1,
    "tied_test_targets": 0,
    "items_without_metadata": 2,
    "duplicate_metadata": 0,
    "duplicate_metadata_items": [],
    "items_with_title": 2,
    "field_coverage": {
        "title": 2, "price": 1, "brand": 1, "features": 1, "categories": 1, "description": 1,
    },
    "funnel": [
        {"step": "raw files", "interactions": 8, "users": 3, "items": 4},
        {"step": "first of repeated interactions", "interactions": 7, "users": 3, "items": 4},
    ],
    "split": "leave_last_out",
    "duplicates": "first",
    "salvage": False,
}  # fmt: skip


def test_a_split_by_time_records_its_moments(tmp_path: Path) -> None:
    split = {"kind": "global_time", "valid_share": 0.2, "test_share": 0.2}
    dataset = prepared(write_amazon(tmp_path, MANY, split=split))
    facts, log = dataset.facts, dataset.log
    assert facts["split"] == "global_time"
    # 200 interactions, five a day: the last 40 lie in the last 8 days, 40 in the 8 before.
    assert (facts["valid_from"], facts["test_from"]) == (MANY[120][2], MANY[160][2])
    trained = np.zeros(len(log), dtype=bool)
    for user, length in enumerate(dataset.splits.train_lengths):
        trained[log.offsets[user] : log.offsets[user] + length] = True
    np.testing.assert_array_equal(trained, log.timestamps < facts["valid_from"])
    assert "no training interactions after the training cut" in facts["leak_checks"]


def test_leaving_the_last_out_records_no_moments(tmp_path: Path) -> None:
    facts = prepared(write_amazon(tmp_path, MANY)).facts
    assert "valid_from" not in facts
    assert "salvaged_lines" not in facts


def test_salvaged_reviews_are_recorded(tmp_path: Path) -> None:
    reviews = [(f"u{n % 50}", f"i{n * 7919 % 9973}", n) for n in range(5_000)]
    config = write_amazon(tmp_path, reviews, salvage=True)
    path = reviews_path(config)
    path.write_bytes(path.read_bytes()[:-4_000])
    facts = prepared(config).facts
    assert facts["salvaged_lines"] == facts["num_interactions"] < 5_000
    assert facts["lost_bytes"] >= 0


def test_duplicate_rows_are_listed_with_the_one_that_counts(tmp_path: Path) -> None:
    rows = [{"asin": "cup", "title": "Old"}, {"asin": "pot"}, {"asin": "cup", "title": "New"}]
    facts = prepared(write_amazon(tmp_path, REVIEWS, [*rows, {"asin": "cup"}])).facts
    assert facts["duplicate_metadata"] == 2
    assert facts["duplicate_metadata_items"] == [{"item": "cup", "lines": [1, 3, 4], "kept": 3}]
    many = [{"asin": f"i{n // 2}", "title": "T"} for n in range(300)]
    asked = [(f"u{n}", f"i{n}", 1) for n in range(150)]
    facts = prepared(write_amazon(tmp_path, asked, many)).facts
    assert facts["duplicate_metadata"] == 150
    assert len(facts["duplicate_metadata_items"]) == 100


def test_the_catalogue_of_all_holds_what_nobody_interacted_with(tmp_path: Path) -> None:
    config = write_amazon(tmp_path, catalogue="all")
    put_picture(config, "unseen.jpg", picture("green"))
    dataset = prepared(config)
    assert dataset.catalog.item_ids == ("cup", "pot", "pan", "lid", "unseen")
    assert dataset.catalog.titles[4] == "Never reviewed"
    assert dataset.catalog.image(4) == picture("green")
    assert dataset.train_counts().tolist()[4] == 0
    assert dataset.facts["num_items"] == 5
    assert dataset.facts["items_without_metadata"] == 2
    usual = prepared(changed(config, catalogue="interacted"))
    np.testing.assert_array_equal(usual.log.items, dataset.log.items)


def test_without_metadata_there_are_no_texts_and_no_file_is_needed(tmp_path: Path) -> None:
    config = write_amazon(tmp_path, metadata="none")
    config.metadata_file.path.unlink()
    assert list(config.sources()) == [reviews_path(config).name]
    dataset = config.read()
    assert dataset.catalog.sentences == ("",) * 4
    assert dataset.facts["items_without_metadata"] == 4
    assert dataset.facts["text_coverage"] == 0
    assert read_item_metadata(config, None).records == {}


def test_pictures_before_the_core_and_after_it_are_different_data(tmp_path: Path) -> None:
    reviews = [("ann", "a", 1), ("ann", "b", 2), ("ann", "a", 3)]
    reviews += [("bob", "b", 1), ("bob", "c", 2), ("cat", "c", 1), ("cat", "c", 2)]
    config = write_amazon(tmp_path, reviews, user_core=2, item_core=2)
    for name in ("a.jpg", "b.png", "other.jpg"):
        put_picture(config, name, picture())
    put_picture(config, "c.jpg", picture()[:50])
    found = {
        when: prepared(changed(config, image_required=when))
        for when in ("no", "before_core", "after_core")
    }
    assert {
        when: (len(d.log.user_ids), len(d.catalog), len(d.log)) for when, d in found.items()
    } == {
        "no": (3, 3, 7),
        # Bob is left with b alone and goes; then b is left with one and goes.
        "before_core": (1, 1, 2),
        # All pass the core; then c goes, and with it cat and half of bob.
        "after_core": (2, 2, 4),
    }
    assert all(dataset.catalog.has_image.all() for when, dataset in found.items() if when != "no")


def test_pictures_that_are_required_must_be_there(tmp_path: Path) -> None:
    config = write_amazon(tmp_path, image_required="before_core")
    with pytest.raises(DataError, match=r"image_required needs pictures, .*images holds none that"):
        prepared(config)
    put_picture(config, "cup.jpg", b"no picture")
    with pytest.raises(DataError, match="holds none that decodes; fetch them, or leave"):
        prepared(config)


def test_tied_orders_are_drawn_anew_and_nothing_else(tmp_path: Path) -> None:
    config = write_amazon(tmp_path, MANY)
    usual = prepared(config)
    logs = [prepared(changed(config, tie_seed=seed)).log for seed in range(3)]
    for log in logs:
        np.testing.assert_array_equal(log.timestamps, usual.log.timestamps)
        np.testing.assert_array_equal(log.offsets, usual.log.offsets)
        for user in range(len(log.user_ids)):
            assert sorted(log.history(user)) == sorted(usual.log.history(user))
    assert len({log.items.tobytes() for log in logs}) == 3


def test_positions_are_no_times_to_split_by(tmp_path: Path) -> None:
    reviews = [
        (f"u{n}", f"i{n * step % 11}", step * DAY) for n in range(9) for step in range(n + 1)
    ]
    config = write_amazon(tmp_path, reviews)
    assert prepared(config).facts["time_unit"] == "position"
    for settings in ({}, {"item_core": 4}, {"user_core": 5}):
        by_time = changed(config, split={"kind": "global_time"}, **settings)
        with pytest.raises(DataError, match="only positions in the history; use leave_last_out"):
            prepared(by_time)


def test_what_timestamps_are_can_be_said(tmp_path: Path) -> None:
    # Everyone acts once a day from one day on: no data can tell this from places.
    reviews = [(f"u{n}", f"i{n * step % 11}", step * DAY) for n in range(9) for step in range(9)]
    config = write_amazon(tmp_path, reviews)
    by_time = changed(config, split={"kind": "global_time"})
    with pytest.raises(DataError, match="say so by timestamps: times"):
        prepared(by_time)
    said = prepared(changed(by_time, timestamps="times"))
    assert (said.facts["time_unit"], said.facts["split"]) == ("s", "global_time")
    assert prepared(changed(config, timestamps="positions")).facts["time_unit"] == "position"


def test_two_spellings_of_one_data_set_have_one_digest(tmp_path: Path) -> None:
    config = write_amazon(tmp_path)
    usual = prepared(config).facts["digest"]
    for settings in (
        {"user_core": 1, "item_core": 1},
        {"duplicates": "all"},
        {"reviews": "5core"},
        {"sample_seed": 3},
    ):
        assert prepared(changed(config, **settings)).facts["digest"] == usual
    sampled = [changed(config, sample_users=2, sample_seed=seed) for seed in (0, 1)]
    assert len({prepared(config).facts["settings_digest"] for config in sampled}) == 2


def test_items_that_nobody_has_keep_to_the_pictures_that_are_required(tmp_path: Path) -> None:
    config = write_amazon(tmp_path)
    for name in ("cup", "pot", "unseen"):
        put_picture(config, f"{name}.jpg", picture())
    every = changed(config, catalogue="all")
    assert set(prepared(every).catalog.item_ids) == {"cup", "pot", "pan", "lid", "unseen"}
    pictured = changed(every, image_required="after_core")
    assert set(prepared(pictured).catalog.item_ids) == {"cup", "pot", "unseen"}
    (config.image_dir / "unseen.jpg").unlink()
    assert set(prepared(pictured).catalog.item_ids) == {"cup", "pot"}


@pytest.mark.parametrize("name", ["reviews", "metadata", "images", "picture"])
def test_a_link_out_of_the_data_folder_is_refused(tmp_path: Path, name: str) -> None:
    config = write_amazon(tmp_path / "data")
    put_picture(config, "cup.jpg", picture())
    path = {
        "reviews": reviews_path(config),
        "metadata": config.metadata_file.path,
        "images": config.image_dir,
        "picture": config.image_dir / "cup.jpg",
    }[name]
    outside = tmp_path / "secret"
    path.rename(outside)
    path.symlink_to(outside)
    with pytest.raises(DataError, match=f"{path.name} must lie in the data folder .*leads to"):
        config.read()
    # What lies in the folder may be a link, and so may the folder itself.
    path.unlink()
    outside.rename(tmp_path / "data" / "moved")
    path.symlink_to(tmp_path / "data" / "moved")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    assert changed(config, data_dir=tmp_path / "link").read().facts["num_images"] == 1
