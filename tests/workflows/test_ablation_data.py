"""What an ablation's arms are variations of, and on which data: found and validated beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clairo.ablation.definition import AblationDefinition, Base
from clairo.core.errors import ConfigError, DataError, SweepError
from clairo.pipeline.profiles import PROFILES
from clairo.tracking.records import Candidate
from clairo.tracking.summary_json import write_summary
from clairo.workflows.ablation_data import KnownBase, find_base, prepare_groups
from clairo.workflows.ablation_options import AblateOptions
from clairo.workflows.locations import tracking_config
from tests.reporting.records import demo_summary

QUICK = PROFILES["quick"]


def definition(**changes: Any) -> AblationDefinition:
    return AblationDefinition.model_validate(
        {
            "question": "What is it worth?",
            "generators": [{"kind": "modality_masking"}],
            "minimum_relevant_effect": {"share": 0.05},
            **changes,
        }
    )


def plain_base() -> KnownBase:
    return KnownBase("the profile's settings", {}, {}, "the profile")


def track(out: Path, sweep_id: str, candidates: tuple[Candidate, ...]) -> None:
    """A sweep in the database of an output folder that has confirmed what is given."""
    tracking = tracking_config(out, None)
    tracking.prepare()
    summary = demo_summary(sweep_id=sweep_id, candidates=candidates)
    run = tracking.connect().open_sweep(summary)
    write_summary(run, summary)
    run.finish("complete")


def test_without_a_base_the_profile_is_varied(tmp_path: Path) -> None:
    found = find_base(AblateOptions(out=tmp_path), Base(), tmp_path)
    assert (found.sections, found.settings) == ({}, {})
    assert found.label == "the profile's settings"


def test_a_file_gives_sections_and_settings_lie_above_it(tmp_path: Path) -> None:
    (tmp_path / "published.yaml").write_text("fusion: {kind: text_only}\n", encoding="utf-8")
    base = Base(file="published.yaml", settings={"merging": {"num_merges": 7}})
    found = find_base(AblateOptions(out=tmp_path), base, tmp_path)
    assert found.sections == {"fusion": {"kind": "text_only"}}
    assert found.settings == {"merging": {"num_merges": 7}}
    assert found.label == "published.yaml with merging replaced"


def test_a_file_that_is_not_there_is_named_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.yaml: a base's file cannot be read"):
        find_base(AblateOptions(out=tmp_path), Base(file="gone.yaml"), tmp_path)


def test_a_base_cannot_be_a_file_and_a_sweep() -> None:
    with pytest.raises(ValueError, match="a file or the best of a sweep"):
        Base(file="x.yaml", best_of="demo-1")


def test_the_best_of_a_sweep_must_have_been_confirmed(tmp_path: Path) -> None:
    track(tmp_path, "demo-unconfirmed-1", ())
    with pytest.raises(SweepError, match=r"confirmed none.*BASE"):
        find_base(AblateOptions(out=tmp_path, base="demo-unconfirmed-1"), Base(), tmp_path)


def test_without_any_sweep_there_is_no_latest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none at"):
        find_base(AblateOptions(out=tmp_path, base="latest"), Base(), tmp_path)


def test_an_unknown_sweep_is_answered_with_those_there(tmp_path: Path) -> None:
    track(tmp_path, "demo-known-1", ())
    with pytest.raises(SweepError, match="demo-known-1"):
        find_base(AblateOptions(out=tmp_path, base="demo-other-1"), Base(), tmp_path)


@pytest.fixture(scope="module")
def groups() -> list[dict[str, Any]]:
    small = {"num_users": 60, "num_items": 144}
    return [
        {"name": "a", "title": "A", "category": "demo", "dataset": {**small, "seed": 3}},
        {"name": "b", "title": "B", "category": "demo", "dataset": {**small, "seed": 4}},
        {"name": "toys", "title": "Toys", "category": "toys"},
    ]


def test_groups_are_prepared_each_with_its_own_arms_and_missing_ones_are_kept(
    groups: list[dict[str, Any]], tmp_path: Path
) -> None:
    said: list[str] = []
    options = AblateOptions(out=tmp_path, data=tmp_path / "nothing")
    ready, missing = prepare_groups(
        options, QUICK, definition(groups=groups), plain_base(), tmp_path / "store", said.append
    )
    assert [group.group.name for group in ready] == ["a", "b"]
    assert [group.base.dataset.seed for group in ready] == [3, 4]  # type: ignore[union-attr]
    for group in ready:
        assert [arm.name for arm in group.plan.arms] == ["full", "text_only", "image_only"]
        assert all(arm.config.dataset == group.base.dataset for arm in group.plan.arms)
    (toys,) = missing
    assert (toys.name, toys.dataset_digest) == ("toys", "")
    assert "'clairo data fetch toys' gets what can be had; then: 'make ablate" in toys.missing
    assert not any("Toys" in line for line in said)  # who asked prints what is missing, once


def test_an_ablation_none_of_whose_data_sets_is_there_is_refused(tmp_path: Path) -> None:
    groups = [
        {"name": "toys", "title": "Toys", "category": "toys"},
        {"name": "beauty", "title": "Beauty", "category": "beauty"},
    ]
    options = AblateOptions(out=tmp_path, data=tmp_path / "nothing")
    with pytest.raises(DataError, match="none of 2 is there"):
        prepare_groups(
            options, QUICK, definition(groups=groups), plain_base(), tmp_path / "store", str
        )


def test_a_group_with_a_setting_that_its_data_has_not_is_refused(tmp_path: Path) -> None:
    groups = [
        {"name": "a", "title": "A", "category": "demo", "dataset": {"visual": 1}},
        {"name": "b", "title": "B", "category": "demo"},
    ]
    with pytest.raises(ConfigError, match=r"group a.*visual_share"):
        prepare_groups(
            AblateOptions(out=tmp_path),
            QUICK,
            definition(groups=groups),
            plain_base(),
            tmp_path / "store",
            str,
        )
