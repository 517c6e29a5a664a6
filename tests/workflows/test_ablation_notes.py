"""What an ablation starts from and how it was asked: the best of which sweep, and its notes."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from clairo.ablation.definition import AblationDefinition, Base
from clairo.core.errors import SweepError
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.reader import latest_search
from clairo.tracking.records import Candidate, Experiment
from clairo.workflows.ablation_data import KnownBase, find_base
from clairo.workflows.ablation_notes import asking_notes
from clairo.workflows.ablation_options import AblateOptions
from clairo.workflows.locations import tracking_config
from tests.contracts.tracker import TRIAL_TAGS, make_summary

ABLATION = Experiment(
    "modality_masking", "What?", "best", "ndcg_at_10", "valid", None, 0.05, "table", "frozen", ()
)
WINNER = Candidate("c0ffee", 0.25, ("key-1", "key-2"))
DIGEST = "ab" * 32


@pytest.fixture
def tracking(tmp_path: Path) -> TrackingConfig:
    config = tracking_config(tmp_path, None)
    config.prepare()
    return config


def options(tmp_path: Path, base: str | None = "latest") -> AblateOptions:
    return AblateOptions(out=tmp_path, base=base)


def track(tracking: TrackingConfig, configs: tuple[dict[str, object] | None, ...]) -> None:
    """A finished sweep whose winner ran once for each of these; ``None`` failed before it spoke."""
    tracker = tracking.connect()
    parent = tracker.open_sweep(make_summary("searched", candidates=(WINNER,), finished=True))
    for number, config in enumerate(configs, start=1):
        tags = {**TRIAL_TAGS, "trial.role": "confirm", "trial.number": str(number)}
        run = tracker.open_trial("searched", f"key-{number}", f"trial {number}", tags)
        if config is not None:
            run.log_text(yaml.safe_dump(config), "config.yaml")
        run.finish("complete" if config is not None else "failed")
    parent.finish("complete")


def track_ablation(tracking: TrackingConfig) -> None:
    time.sleep(0.01)
    summary = make_summary("ablated", axes=(), experiment=ABLATION)
    tracking.connect().open_sweep(summary).finish("killed")


def definition(**changes: object) -> AblationDefinition:
    return AblationDefinition.model_validate(
        {
            "question": "What is it worth?",
            "generators": [{"kind": "modality_masking"}],
            "minimum_relevant_effect": {"share": 0.05},
            **changes,
        }
    )


def test_the_latest_sweep_is_never_an_ablation(tracking: TrackingConfig, tmp_path: Path) -> None:
    track(tracking, ({"fusion": {"kind": "concat"}, "dataset": {"kind": "demo"}},))
    track_ablation(tracking)
    base = find_base(options(tmp_path), Base(), tmp_path)
    assert base.sections == {"fusion": {"kind": "concat"}}
    assert (base.sweep_id, base.found_on) == ("searched", DIGEST)
    assert base.label == "best of sweep searched"


def test_where_only_ablations_are_there_is_no_latest_sweep(tracking: TrackingConfig) -> None:
    track_ablation(tracking)
    with pytest.raises(SweepError, match="none is tracked here that searched"):
        latest_search(tracking)


def test_a_winners_run_that_failed_before_it_spoke_is_not_the_profile(
    tracking: TrackingConfig, tmp_path: Path
) -> None:
    track(tracking, (None, {"fusion": {"kind": "concat"}}))
    assert find_base(options(tmp_path), Base(), tmp_path).sections == {"fusion": {"kind": "concat"}}


def test_a_winner_without_any_settings_is_no_base(tracking: TrackingConfig, tmp_path: Path) -> None:
    track(tracking, (None, None))
    with pytest.raises(SweepError, match="searched has none of key-1, key-2 with its settings"):
        find_base(options(tmp_path), Base(), tmp_path)


def test_what_the_command_replaced_is_said(tmp_path: Path) -> None:
    asked = replace(options(tmp_path, "searched"), seeds=2)
    known = KnownBase("best of sweep searched", {}, {}, "", "searched", DIGEST)
    seeds, base, *_ = asking_notes(asked, definition(), known, {DIGEST})
    assert seeds == "SEEDS=2 of the command replaced the definition's 5 seeds."
    assert base.startswith("BASE=searched of the command replaced the definition's base, the prof")
    plain = KnownBase("the profile's settings", {}, {}, "")
    assert asking_notes(options(tmp_path, None), definition(seeds=5), plain, {DIGEST}) == ()


def test_a_base_that_was_chosen_by_the_same_users_is_said_to_be_flattered(tmp_path: Path) -> None:
    asked = options(tmp_path, None)
    known = KnownBase("best of sweep searched", {}, {}, "", "searched", DIGEST)
    (note,) = asking_notes(asked, definition(base={"best_of": "searched"}), known, {DIGEST})
    assert "chose the base by the same validation users" in note
    assert asking_notes(asked, definition(split="test"), known, {DIGEST}) == ()
    (other,) = asking_notes(asked, definition(), known, {"cd" * 32})
    assert other.startswith("The base was chosen on other data")


def test_arms_tuned_anew_are_not_said_to_have_equal_bits(tmp_path: Path) -> None:
    tuned = definition(tuning={"trials": 2, "space": "quick"})
    plain = KnownBase("the profile's settings", {}, {}, "")
    (note,) = asking_notes(options(tmp_path, None), tuned, plain, {DIGEST})
    assert "equal bits holds before tuning" in note
