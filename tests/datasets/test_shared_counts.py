"""Real data against what its readme states, set by set."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest

from clairo.core.errors import DataError
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.amazon_metadata import read_metadata
from clairo.datasets.raw_blocks import Truncation, read_blocks

pytestmark = pytest.mark.shared

REBUILT = ("Beauty", "Sports_and_Outdoors", "Toys_and_Games")


def real(shared: Path, release: str, category: str, **settings: object) -> AmazonConfig:
    return AmazonConfig.model_validate(
        {"release": release, "category": category, "data_dir": shared / "data", **settings}
    )


@pytest.mark.parametrize(
    ("release", "category", "counts", "titles", "images", "tied"),
    [
        ("2018", "Gift_Cards", (2_972, 458, 148), 148, 115, 439),
        ("2014", "Digital_Music", (6_908, 2_490, 382), 382, 0, 383),
        ("2014", "Beauty", (198_502, 22_363, 12_101), 12_094, 0, 0),
        ("2014", "Sports_and_Outdoors", (296_337, 35_598, 18_357), 18_357, 0, 0),
        ("2014", "Toys_and_Games", (167_597, 19_412, 11_924), 11_924, 0, 0),
    ],
)
def test_counts_are_those_of_the_readme(
    shared: Path,
    release: str,
    category: str,
    counts: tuple[int, int, int],
    titles: int,
    images: int,
    tied: int,
) -> None:
    facts = real(shared, release, category).read().facts
    assert (facts["num_interactions"], facts["num_users"], facts["num_items"]) == counts
    assert facts["funnel"] == [
        {"step": "raw files", "interactions": counts[0], "users": counts[1], "items": counts[2]}
    ]
    assert facts["items_with_title"] == titles
    assert (facts["num_images"], facts["num_images_undecodable"]) == (images, 0)
    assert facts["tied_users"] == tied
    assert facts["time_unit"] == ("position" if category in REBUILT else "s")


@pytest.mark.parametrize(
    ("category", "counts"),
    [("All_Beauty", (5_269, 991, 85)), ("AMAZON_FASHION", (3_176, 406, 31))],
)
def test_reviews_without_metadata_are_data_where_that_is_asked_for(
    shared: Path, category: str, counts: tuple[int, int, int]
) -> None:
    with pytest.raises(
        DataError, match=f"needs a metadata file, which is not there: .*meta_{category}.json.gz"
    ):
        real(shared, "2018", category).read()
    facts = real(shared, "2018", category, metadata="none").read().facts
    assert (facts["num_interactions"], facts["num_users"], facts["num_items"]) == counts
    assert facts["items_without_metadata"] == counts[2]


def test_most_users_of_gift_cards_end_on_a_tie(shared: Path) -> None:
    facts = real(shared, "2018", "Gift_Cards").read().facts
    assert facts["num_asked_users"] == 458
    assert facts["tied_test_targets"] == 292
    assert facts["tied_users"] == 439


def test_pictures_of_gift_cards_can_be_required(shared: Path) -> None:
    facts = real(shared, "2018", "Gift_Cards", image_required="after_core").read().facts
    assert facts["num_items"] == facts["num_images"] == 115
    assert facts["image_coverage"] == 1


def test_digital_music_names_its_pictures_by_address(shared: Path) -> None:
    facts = real(shared, "2014", "Digital_Music").read().facts
    assert facts["items_with_image_url"] == facts["num_items"] == 382
    assert facts["image_url_example"].startswith("http://ecx.images-amazon.com/images/I/")


def official_rows(path: Path) -> list[dict[str, str]]:
    text = gzip.decompress(path.read_bytes()).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def test_official_splits_are_those_of_the_publisher(shared: Path) -> None:
    config = real(shared, "2023", "All_Beauty")
    dataset = config.read()
    log, splits, ids = dataset.log, dataset.splits, dataset.catalog.item_ids
    assert (len(log), len(dataset.catalog)) == (2_029 + 253 + 253, 356)
    assert int(splits.train_lengths.sum()) == 2_029
    assert (dataset.facts["split"], dataset.facts["time_unit"]) == ("official", "ms")
    numbers = {user: number for number, user in enumerate(log.user_ids)}
    parts = (splits.valid_positions, splits.test_positions)
    for file, positions in zip(config.reviews_files[1:], parts, strict=True):
        rows = official_rows(file.path)
        assert len(rows) == 253 == (positions >= 0).sum()
        for row in rows:
            user = numbers[row["user_id"]]
            history = [ids[item] for item in log.history(user)]
            assert history[positions[user]] == row["parent_asin"]
            assert history[: positions[user]] == row["history"].split()


def test_training_rows_of_the_publisher_are_in_our_order(shared: Path) -> None:
    config = real(shared, "2023", "All_Beauty")
    dataset = config.read()
    trained: dict[str, list[str]] = {}
    for row in official_rows(config.reviews_files[0].path):
        assert row["history"].split() == trained.setdefault(row["user_id"], [])
        trained[row["user_id"]].append(row["parent_asin"])
    for user, sequence in zip(dataset.log.user_ids, dataset.train_sequences(), strict=True):
        assert [dataset.catalog.item_ids[item] for item in sequence] == trained[user]


def test_the_item_table_of_2023_gives_texts(shared: Path) -> None:
    dataset = real(shared, "2023", "All_Beauty").read()
    assert dataset.facts["metadata_file"] == "filterd_meta_items.csv"
    assert dataset.facts["items_with_title"] > 300
    assert dataset.facts["field_coverage"]["title"] == dataset.facts["items_with_title"]


def test_metadata_alone_can_be_read(shared: Path) -> None:
    config = real(shared, "2023", "Health_and_Personal_Care")
    metadata = read_metadata(config.metadata_path, "2023", None)
    assert len(metadata.records) + metadata.num_duplicates == 1_714
    assert any(record.image_url for record in metadata.records.values())
    with pytest.raises(DataError, match=r"needs .*reviews"):
        config.read()


@pytest.mark.parametrize("category", REBUILT)
def test_rebuilt_data_refuses_a_split_by_time(shared: Path, category: str) -> None:
    config = real(shared, "2014", category, split={"kind": "global_time"}, metadata="none")
    with pytest.raises(DataError, match="only positions in the history; use leave_last_out"):
        config.read()


def test_rebuilt_data_refuses_it_after_a_filter_too(shared: Path) -> None:
    # The filter leaves gaps in the histories, which look like time.
    split = {"kind": "global_time"}
    config = real(shared, "2014", "Beauty", split=split, metadata="none", item_core=20)
    with pytest.raises(DataError, match="only positions in the history; use leave_last_out"):
        config.read()


@pytest.mark.parametrize(
    ("release", "category"), [("2018", "Gift_Cards"), ("2014", "Digital_Music")]
)
def test_real_times_can_be_split_by(shared: Path, release: str, category: str) -> None:
    facts = real(shared, release, category, split={"kind": "global_time"}).read().facts
    assert facts["split"] == "global_time"
    assert 0 < facts["num_asked_users"] < facts["num_users"]


def test_histories_of_beauty_are_in_the_order_of_the_file(shared: Path) -> None:
    log = real(shared, "2014", "Beauty", metadata="none").read().log
    # The rebuilt files are written user after user, a day apart, from one fixed day on.
    assert (log.timestamps[log.offsets[:-1]] == 1_000_000_000).all()


def test_a_real_broken_download_is_refused_or_kept_up_to_its_break(shared: Path) -> None:
    path = shared / "data/corrupt/truncated_meta_Digital_Music.json.gz"
    size = path.stat().st_size
    with pytest.raises(
        DataError, match=rf"ends early after line 7,419 \(gzip .* at byte {size:,}\); .*--salvage"
    ):
        read_metadata(path, "2014", None)
    told: list[Truncation] = []
    kept = b"".join(block.data for block in read_blocks(path, told.append))
    assert kept.count(b"\n") == 7_419
    (left,) = told
    assert left.num_lines == 7_419
    assert left.lost_bytes > 0
    metadata = read_metadata(path, "2014", None, lambda left: None)
    assert len(metadata.records) + metadata.num_duplicates == 7_419
