"""What segments need is kept once per data set, and read back with the sweep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clairo.core.errors import ArtifactError
from clairo.core.files import write_arrays
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.reader import read_sweep
from clairo.tracking.segment_files import SEGMENTS_FOLDER, log_segments
from tests.contracts.tracker import make_dataset, make_summary


def test_an_index_is_read_with_its_sweep(config: TrackingConfig) -> None:
    log_segments(config.connect().open_sweep(make_summary()), make_dataset())

    (index,) = read_sweep(config).segments.values()

    # One user with items 0, 1, 2: the first is for training, the others are the targets.
    assert index.train_counts.tolist() == [1, 0, 0]
    assert {k: v.tolist() for k, v in index.known_lengths.items()} == {"valid": [1], "test": [2]}


def test_each_group_has_its_own(config: TrackingConfig) -> None:
    parent = config.connect().open_sweep(make_summary())
    for group in ("beauty", "toys"):
        log_segments(parent, make_dataset(), group)

    assert sorted(read_sweep(config).segments) == ["beauty", "toys"]


def test_a_sweep_without_any_has_none(config: TrackingConfig) -> None:
    config.connect().open_sweep(make_summary())

    assert read_sweep(config).segments == {}


def test_logging_twice_keeps_one(config: TrackingConfig) -> None:
    parent = config.connect().open_sweep(make_summary())
    for _ in range(2):
        log_segments(parent, make_dataset())

    assert list(read_sweep(config).segments) == [""]


def test_what_is_no_index_is_one_clear_error(config: TrackingConfig, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    write_arrays(folder / "segments.safetensors", {"counts": np.zeros(1)})
    config.connect().open_sweep(make_summary()).log_folder(folder, SEGMENTS_FOLDER)

    with pytest.raises(ArtifactError, match="got counts; restore the artifact"):
        read_sweep(config)
