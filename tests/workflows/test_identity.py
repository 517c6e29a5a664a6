"""The same question goes on with an interrupted sweep and starts anew after a finished one."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.records import TrialState
from clairo.workflows.identity import choose_sweep_id
from clairo.workflows.locations import tracking_config
from tests.reporting.records import demo_record

ASKED = {"dataset": "aa" * 32, "seed": 0, "trials": 8}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tracked")
    tracking_config(folder, None).prepare()
    return folder / "mlflow.db"


@pytest.fixture
def tracking(database: Path, tmp_path: Path) -> TrackingConfig:
    shutil.copyfile(database, tmp_path / "mlflow.db")
    return tracking_config(tmp_path, None)


def track(tracking: TrackingConfig, sweep_id: str, state: TrialState | None) -> None:
    run = tracking.connect().open_sweep(replace(demo_record().summary, sweep_id=sweep_id))
    if state is not None:
        run.finish(state)


def test_a_first_sweep_is_named_by_category_question_and_count(tracking: TrackingConfig) -> None:
    sweep_id, continued = choose_sweep_id(tracking, "Gift_Cards", ASKED)
    assert re.fullmatch(r"gift_cards-[0-9a-f]{8}-1", sweep_id)
    assert not continued


@pytest.mark.parametrize("state", [None, "killed", "failed"])
def test_what_has_not_ended_well_goes_on(
    tracking: TrackingConfig, state: TrialState | None
) -> None:
    first, _ = choose_sweep_id(tracking, "demo", ASKED)
    track(tracking, first, state)
    assert choose_sweep_id(tracking, "demo", ASKED) == (first, True)


def test_what_has_ended_well_is_followed_by_the_next(tracking: TrackingConfig) -> None:
    first, _ = choose_sweep_id(tracking, "demo", ASKED)
    track(tracking, first, "complete")
    second, continued = choose_sweep_id(tracking, "demo", ASKED)
    assert second == first.removesuffix("1") + "2"
    assert not continued
    track(tracking, second, "killed")
    assert choose_sweep_id(tracking, "demo", ASKED) == (second, True)


def test_another_question_is_another_sweep(tracking: TrackingConfig) -> None:
    first, _ = choose_sweep_id(tracking, "demo", ASKED)
    track(tracking, first, "killed")
    other, continued = choose_sweep_id(tracking, "demo", {**ASKED, "trials": 9})
    assert other != first
    assert not continued


def test_a_category_with_a_slash_makes_a_usable_name(tracking: TrackingConfig) -> None:
    assert "/" not in choose_sweep_id(tracking, "atomic/ml-100k", ASKED)[0]
