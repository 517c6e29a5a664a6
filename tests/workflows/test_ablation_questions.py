"""Bases and groups that would answer another question than the one asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from clairo.ablation.definition import AblationDefinition, Base
from clairo.core.errors import ConfigError, SweepError
from clairo.pipeline.profiles import get_profile
from clairo.tracking.records import SweepRecord
from clairo.workflows.ablation_data import find_base, prepare_groups
from clairo.workflows.ablation_options import AblateOptions
from clairo.workflows.locations import tracking_config
from tests.reporting.ablation_records import kinds_record
from tests.reporting.representations import described_record
from tests.reporting.tracked import track_record

DEMO = {"num_users": 60, "num_items": 144}


@pytest.fixture(scope="module")
def sweep() -> SweepRecord:
    return described_record()


@pytest.fixture(scope="module")
def out(sweep: SweepRecord, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep, and an ablation that was run after it."""
    folder = tmp_path_factory.mktemp("base") / "runs"
    config = tracking_config(folder, None)
    config.prepare()
    track_record(config, sweep)
    track_record(config, kinds_record())
    return folder


def test_an_ablation_as_a_base_is_refused_by_name(out: Path) -> None:
    name = kinds_record().summary.sweep_id
    with pytest.raises(SweepError, match=rf"{name} is an ablation, which chooses none; name"):
        find_base(AblateOptions(out=out, base=name), Base(), Path())


def test_an_unknown_base_is_refused_with_the_sweeps_that_are_known(
    out: Path, sweep: SweepRecord
) -> None:
    with pytest.raises(SweepError, match=rf"got nothing-1; known here: .*{sweep.summary.sweep_id}"):
        find_base(AblateOptions(out=out, base="nothing-1"), Base(), Path())


def grouped(*groups: dict[str, object]) -> AblationDefinition:
    return AblationDefinition.model_validate(
        {
            "question": "Where?",
            "minimum_relevant_effect": {"share": 0.05},
            "generators": [{"kind": "modality_masking"}],
            "groups": groups,
        }
    )


def prepare(definition: AblationDefinition, folder: Path, **asked: object):
    options = AblateOptions(out=folder, data=folder / "nothing", **asked)
    base = find_base(options, definition.base, folder)
    said: list[str] = []
    return prepare_groups(
        options, get_profile("quick"), definition, base, folder / "store", said.append
    )


def test_one_data_set_under_two_names_is_refused(tmp_path: Path) -> None:
    same = {"title": "Same", "category": "demo", "dataset": DEMO}
    with pytest.raises(ConfigError, match="got the same one in left and right; leave one out"):
        prepare(grouped({"name": "left", **same}, {"name": "right", **same}), tmp_path)


def test_a_missing_group_is_listed_with_the_command_that_goes_on_with_this_ablation(
    tmp_path: Path,
) -> None:
    there = {"name": "here", "title": "Here", "category": "demo", "dataset": DEMO}
    gone = {"name": "toys", "title": "Toys", "category": "toys", "release": "2014"}
    _, missing = prepare(grouped(there, gone), tmp_path, experiment="mine.yaml", seeds=3)
    assert [group.name for group in missing] == ["toys"]
    assert (
        "'clairo data fetch toys 2014' gets what can be had; then: 'make ablate CATEGORY=demo "
        "EXPERIMENT=mine.yaml SEEDS=3 "
    ) in missing[0].missing
    assert "FETCH=0" not in missing[0].missing
