"""The codes of a run come back as it logged them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clairo.core.artifacts import CodeTable
from clairo.core.errors import SweepError
from clairo.tracking.logged_codes import read_codes
from clairo.tracking.mlflow_runs import MlflowTracker
from clairo.tracking.mlflow_tracker import TrackingConfig
from tests.contracts.tracker import TRIAL_TAGS, make_summary


def log_trial(tracker: MlflowTracker, folder: Path, key: str, code: int | None) -> str:
    """A trial of one item, or one that ended before it had codes."""
    run = tracker.open_trial("sweep-1", key, key, TRIAL_TAGS)
    if code is not None:
        codes = folder / f"{key}-{code}"
        codes.mkdir()
        array = np.array([[code]], dtype=np.int32)
        CodeTable(("ü",), array, ("text",), (256,), {"num_items": 1}).save(codes)
        run.log_folder(codes, "codes")
    run.finish("complete" if code is not None else "failed")
    return run.run_id


@pytest.fixture
def tracker(config: TrackingConfig) -> MlflowTracker:
    tracker = config.connect()
    tracker.open_sweep(make_summary())
    return tracker


def test_a_trial_is_found_by_id_by_key_and_by_the_run_it_is_alone_in(
    config: TrackingConfig, tracker: MlflowTracker, tmp_path: Path
) -> None:
    run_id = log_trial(tracker, tmp_path, "key-1", 7)
    parent = tracker.find_sweep("sweep-1")
    assert parent is not None
    for name in (run_id, "key-1", "sweep-1", parent.info.run_id):
        table = read_codes(config, name)
        assert (table.item_ids, table.codes.tolist()) == (("ü",), [[7]])
        assert table.diagnostics == {"num_items": 1}


def test_a_sweep_of_several_names_its_trials(
    config: TrackingConfig, tracker: MlflowTracker, tmp_path: Path
) -> None:
    for number in range(6):
        log_trial(tracker, tmp_path, f"key-{number}", number)
    with pytest.raises(SweepError, match=r"sweep-1 has 6 of them; known here: (key-\d, ){4}"):
        read_codes(config, "sweep-1")
    assert read_codes(config, "key-3").codes.tolist() == [[3]]


def test_a_name_that_is_not_known_is_an_error_with_those_that_are(
    config: TrackingConfig, tracker: MlflowTracker, tmp_path: Path
) -> None:
    with pytest.raises(SweepError, match="'; drop table is none; known here: none"):
        read_codes(config, "'; drop table")
    log_trial(tracker, tmp_path, "key-1", 7)
    with pytest.raises(SweepError, match="key-2 is none; known here: key-1; name one"):
        read_codes(config, "key-2")


def test_a_run_that_came_to_no_codes_says_how_it_ended(
    config: TrackingConfig, tracker: MlflowTracker, tmp_path: Path
) -> None:
    log_trial(tracker, tmp_path, "key-1", None)
    with pytest.raises(SweepError, match=r"key-1 has none \(failed\)"):
        read_codes(config, "key-1")
