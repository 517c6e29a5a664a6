"""Raw interactions are read once for all that is made of them, and the targets stay unseen."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clairo.core.artifacts import Dataset
from clairo.core.errors import DataError
from clairo.core.interaction_table import InteractionTable
from clairo.core.stage import Runtime
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.demo import DemoConfig
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import Plan, make_plan, reach_of
from clairo.pipeline.runner import StageRunner
from clairo.pipeline.sources import hash_sources
from clairo.reduction.pca import PcaConfig
from clairo.store import FilesystemStore
from tests.datasets.amazon_files import Review, picture, put_picture, write_amazon
from tests.pipeline.small import small_config

NUM_USERS, NUM_ITEMS = 24, 12
COLORS, THINGS = ("red", "blue", "green"), ("cup", "pan", "pot", "lid")
ROWS = tuple(
    {
        "asin": f"i{n}",
        "title": f"{COLORS[n % 3]} {THINGS[n % 4]}",
    }
    for n in range(NUM_ITEMS)
)
TRAINING: tuple[Review, ...] = tuple(
    (f"u{user}", f"i{(user * 5 + place * place) % (NUM_ITEMS - 1)}", 100 + place)
    for place in range(6)
    for user in range(NUM_USERS)
)


def with_targets(step: int, cold_user: int) -> list[Review]:
    """The same training parts; other targets, among them an item that nobody trains on."""
    targets = [
        (f"u{user}", f"i{(user * step + place) % (NUM_ITEMS - 1)}", 200 + place)
        for place in range(2)
        for user in range(NUM_USERS)
    ]
    user, _, time = targets[cold_user]
    # Last of the file, so that its number is the last one, whoever asks for it.
    return [*TRAINING, *targets[:cold_user], *targets[cold_user + 1 :], (user, "i11", time)]


def pipeline(config: AmazonConfig | DemoConfig) -> PipelineConfig:
    settings = small_config(fusion={"kind": "text_only"}).model_dump()
    codes = {**settings["quantization"], "codebook_size": 4}
    return PipelineConfig.model_validate({**settings, "dataset": config, "quantization": codes})


def plan_of(config: AmazonConfig, goal: str = "merging") -> Plan:
    return make_plan(pipeline(config), 0, hash_sources(config), (goal,))


def results(config: AmazonConfig) -> dict[str, Any]:
    """Every stage up to the merges, run by hand from memory."""
    made: dict[str, Any] = {}
    for step in plan_of(config).steps:
        made[step.stage.name] = step.stage.run(step.settings, made, step.seed, Runtime())
    return made


def test_a_data_set_of_raw_files_is_made_from_their_interactions(tmp_path: Path) -> None:
    config = write_amazon(tmp_path, TRAINING, ROWS)
    plan = plan_of(config, "dataset")
    assert plan.names() == ("interactions", "dataset")
    made = results(config)
    assert isinstance(made["interactions"], InteractionTable)
    assert len(made["interactions"]) == len(TRAINING)
    assert made["dataset"].facts == config.read().facts


def test_a_generated_world_has_no_interactions_to_read() -> None:
    config = pipeline(DemoConfig())
    assert make_plan(config, 0, {}, ("dataset",)).names() == ("dataset",)
    assert reach_of([config]) == {"merging": 5}


@pytest.mark.parametrize(
    ("settings", "is_shared"),
    [
        ({"user_core": 3}, True),
        ({"split": {"kind": "global_time"}, "sample_users": 5}, True),
        ({"text_fields": ("title",), "memory_mb": 1000}, True),
        ({"salvage": True}, False),
    ],
)
def test_filters_and_splits_of_one_file_share_its_partitions(
    tmp_path: Path, settings: dict[str, Any], is_shared: bool
) -> None:
    config = write_amazon(tmp_path, TRAINING, ROWS)
    one, two = plan_of(config), plan_of(write_amazon(tmp_path, TRAINING, ROWS, **settings))
    same = one.step("interactions").fingerprint == two.step("interactions").fingerprint
    assert same is is_shared
    assert one.step("dataset").fingerprint != two.step("dataset").fingerprint


def test_other_reviews_are_other_partitions_and_other_texts_are_not(tmp_path: Path) -> None:
    before = plan_of(write_amazon(tmp_path, TRAINING, ROWS))
    texts = plan_of(write_amazon(tmp_path, TRAINING, ROWS[1:]))
    reviews = plan_of(write_amazon(tmp_path, TRAINING[1:], ROWS))
    put_picture(write_amazon(tmp_path, TRAINING, ROWS), "i1.jpg", picture())
    pictures = plan_of(write_amazon(tmp_path, TRAINING, ROWS))
    entries = [plan.step("interactions").fingerprint for plan in (before, texts, pictures, reviews)]
    assert entries[0] == entries[1] == entries[2] != entries[3]
    assert (
        len({plan.step("dataset").fingerprint for plan in (before, texts, reviews, pictures)}) == 4
    )


def test_other_rows_never_share_partitions(tmp_path: Path) -> None:
    one = write_amazon(tmp_path, TRAINING, ROWS, category="Gift_Cards")
    two = write_amazon(tmp_path, TRAINING[2:], ROWS, category="All_Beauty")
    first, second = (plan_of(config).step("interactions").fingerprint for config in (one, two))
    assert first != second


def test_a_store_gives_partitions_and_data_back(tmp_path: Path) -> None:
    config = write_amazon(tmp_path / "data", TRAINING, ROWS)
    store = FilesystemStore(tmp_path / "store")
    made = StageRunner(plan_of(config), store, Runtime(), 0)
    first: Dataset = made.get("dataset")
    again = StageRunner(plan_of(config), store, Runtime(), 0)
    second: Dataset = again.get("dataset")
    assert again.records["dataset"].cached
    assert second.facts == first.facts
    # Other filters find the partitions in the store, where the raw file is no longer needed.
    other = write_amazon(tmp_path / "data", TRAINING, ROWS, item_core=9)
    plan = plan_of(other)
    config.reviews_files[0].path.unlink()
    cored = StageRunner(plan, store, Runtime(), 0)
    assert cored.get("dataset").facts["item_core"] == 9
    assert cored.records["interactions"].cached
    assert not cored.records["dataset"].cached


def test_a_worker_needs_neither_raw_files_nor_their_partitions(tmp_path: Path) -> None:
    config = write_amazon(tmp_path / "data", TRAINING, ROWS)
    store, plan = FilesystemStore(tmp_path / "store"), plan_of(config)
    first: Dataset = StageRunner(plan, store, Runtime(), 0).get("dataset")
    shutil.rmtree(tmp_path / "data")
    shutil.rmtree(tmp_path / "store/interactions")
    worker = StageRunner(plan, store, Runtime(), 0)
    assert worker.get("dataset").facts == first.facts
    assert list(worker.records) == ["dataset"]
    shutil.rmtree(tmp_path / "store/dataset")
    with pytest.raises(DataError, match="must be there to be read, it is not; fetch it"):
        StageRunner(plan, store, Runtime(), 0).get("dataset")


def test_nothing_that_is_learned_depends_on_the_targets(tmp_path: Path) -> None:
    one = write_amazon(tmp_path / "one", with_targets(3, cold_user=4), ROWS)
    two = write_amazon(tmp_path / "two", with_targets(7, cold_user=40), ROWS)
    first, second = results(one), results(two)
    before, after = first["dataset"], second["dataset"]
    assert before.catalog.item_ids == after.catalog.item_ids
    assert (before.log.items != after.log.items).sum() > NUM_USERS
    np.testing.assert_array_equal(before.train_counts(), after.train_counts())
    # The cold item is in the catalogue and gets codes, but no row of any fit is its own.
    assert before.catalog.item_ids[-1] == "i11"
    assert before.train_counts().tolist()[-1] == 0
    assert before.train_counts()[:-1].min() > 0
    for name in ("text_embedding", "text_reduction", "fusion"):
        for table, other in zip(first[name].tables, second[name].tables, strict=True):
            np.testing.assert_array_equal(table.vectors, other.vectors)
    np.testing.assert_array_equal(first["quantization"].codes, second["quantization"].codes)
    merges, others = first["merging"], second["merging"]
    assert merges.facts == others.facts
    assert merges.facts["num_merges"] > 0
    for codes, other_codes in zip(merges.encode_items(), others.encode_items(), strict=True):
        np.testing.assert_array_equal(codes, other_codes)


def test_what_is_learned_does_depend_on_the_training_parts(tmp_path: Path) -> None:
    one = write_amazon(tmp_path / "one", with_targets(3, cold_user=4), ROWS)
    # One item more in each training part, everything else as before.
    more = [(f"u{user}", "i0", 99) for user in range(NUM_USERS)]
    two = write_amazon(tmp_path / "two", [*with_targets(3, cold_user=4), *more], ROWS)
    first, second = results(one), results(two)
    assert first["dataset"].catalog.item_ids == second["dataset"].catalog.item_ids
    assert first["merging"].facts != second["merging"].facts


def test_the_fit_of_a_reduction_gets_the_items_that_are_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[bool]] = []
    original = PcaConfig.fit

    def noted(self: Any, table: Any, trained: np.ndarray, seed: int) -> Any:
        seen.append(trained.tolist())
        return original(self, table, trained, seed)

    monkeypatch.setattr(PcaConfig, "fit", noted)
    for step, cold in ((3, 4), (7, 40)):
        results(write_amazon(tmp_path / str(step), with_targets(step, cold), ROWS))
    assert seen == [[True] * (NUM_ITEMS - 1) + [False]] * 2
