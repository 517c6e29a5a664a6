"""What every data set promises; a kind's tests subclass this and say how to make one.

:class:`LeaveLastOutContract` is for those that are split in the usual way.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clairo.core.artifacts import Dataset
from clairo.datasets.base import DatasetConfig


class DatasetContract:
    """Subclass, and define the fixture ``config``: a small data set of the kind."""

    @pytest.fixture
    def config(self, tmp_path: Path) -> DatasetConfig:
        raise NotImplementedError

    @pytest.fixture
    def dataset(self, config: DatasetConfig) -> Dataset:
        return config.read()

    def test_reading_twice_gives_the_same(self, config: DatasetConfig) -> None:
        first, second = config.read(), config.read()
        assert first.catalog.item_ids == second.catalog.item_ids
        assert first.catalog.sentences == second.catalog.sentences
        assert first.facts == second.facts
        assert first.with_digests({}).facts == second.with_digests({}).facts
        for name in ("items", "timestamps", "offsets"):
            assert np.array_equal(getattr(first.log, name), getattr(second.log, name))

    def test_it_survives_a_folder(self, dataset: Dataset, tmp_path: Path) -> None:
        folder = tmp_path / "saved"
        folder.mkdir()
        dataset.save(folder)
        loaded = Dataset.load(folder)
        assert loaded.catalog.sentences == dataset.catalog.sentences
        assert loaded.log.user_ids == dataset.log.user_ids
        assert np.array_equal(loaded.log.items, dataset.log.items)
        assert np.array_equal(loaded.catalog.image_bytes, dataset.catalog.image_bytes)
        assert loaded.facts == dict(dataset.facts)
        assert loaded.with_digests({}).facts == dataset.with_digests({}).facts

    def test_it_carries_digests_of_its_content_and_its_settings(
        self, config: DatasetConfig, dataset: Dataset
    ) -> None:
        found = dataset.with_digests(config.identity()).facts
        for name in ("digest", "content_digest", "settings_digest"):
            assert dataset.facts[name] == found[name]
            assert len(dataset.facts[name]) == 64

    def test_histories_are_in_time_order(self, dataset: Dataset) -> None:
        log = dataset.log
        for user in range(len(log.user_ids)):
            times = log.timestamps[log.offsets[user] : log.offsets[user + 1]]
            assert (np.diff(times) >= 0).all()

    def test_every_item_index_is_in_the_catalogue(self, dataset: Dataset) -> None:
        assert dataset.log.items.min() >= 0
        assert dataset.log.items.max() < len(dataset.catalog)

    def test_targets_come_after_training_parts(self, dataset: Dataset) -> None:
        splits, lengths = dataset.splits, np.diff(dataset.log.offsets)
        asked = splits.test_positions >= 0
        assert asked.any()
        assert (splits.test_positions < lengths).all()
        # Between training and a target may lie what is known of the time between them.
        for positions in (splits.valid_positions, splits.test_positions):
            assert (positions[positions >= 0] >= splits.train_lengths[positions >= 0]).all()
        assert (splits.test_positions[asked] > splits.valid_positions[asked]).all()

    def test_people_get_a_name_and_counts(self, config: DatasetConfig, dataset: Dataset) -> None:
        assert config.label
        assert dataset.name
        assert dataset.facts["num_items"] == len(dataset.catalog)
        assert dataset.facts["num_users"] == len(dataset.log.user_ids)
        assert dataset.facts["num_interactions"] == len(dataset.log)

    def test_sources_are_there_and_named_without_places(self, config: DatasetConfig) -> None:
        for name, path in config.sources().items():
            assert path.exists()
            assert not Path(name).is_absolute()


class LeaveLastOutContract(DatasetContract):
    """What data sets promise, too, that ask for the last two interactions of each user."""

    def test_a_split_by_place_asks_the_last_two(self, dataset: Dataset) -> None:
        splits, lengths = dataset.splits, np.diff(dataset.log.offsets)
        asked = splits.test_positions >= 0
        assert (splits.train_lengths[asked] == lengths[asked] - 2).all()
        assert (splits.valid_positions[asked] == lengths[asked] - 2).all()
        assert (splits.test_positions[asked] == lengths[asked] - 1).all()
        assert (splits.train_lengths[~asked] == lengths[~asked]).all()
