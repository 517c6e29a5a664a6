"""Arms tuned anew on several data sets, of which one is not there: by the command line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from clairo.tracking.reader import read_sweep
from clairo.tracking.records import SweepRecord
from clairo.workflows.locations import tracking_config
from tests.end_to_end.real_sweep import Ended, run_clairo

SPACE = """
about: How fast it learns; two points.
model: {learning_rate: {choice: [0.002, 0.005]}}
"""

DEFINITION = """
question: Do pictures help more where they tell more?
base:
  settings:
    merging: {num_merges: 5}
    model:
      num_layers: 1
      num_decoder_layers: 1
      d_model: 32
      d_ff: 32
      epochs: 2
      max_examples: 200
      valid_users: 50
    evaluation: {num_beams: 10, top_k: 10, ensemble: 1, max_users: 50, invalid_users: 0}
generators: [{kind: modality_masking}]
seeds: 1
split: test
minimum_relevant_effect: {share: 0.05}
tuning: {trials: 2, space: %s}
covariate: planted visual share
groups:
  - {name: dull, title: Dull <b>pictures</b>, covariate: 0.0, category: demo,
     dataset: {num_users: 150, num_items: 144, visual_share: 0.0, seed: 11}}
  - {name: telling, title: Telling pictures, covariate: 0.9, category: demo,
     dataset: {num_users: 150, num_items: 144, visual_share: 0.9, seed: 12}}
  - {name: toys, title: Toys and Games, category: toys, release: "2014"}
"""


@dataclass(frozen=True)
class GroupedAblation:
    """A finished ablation over groups."""

    folder: Path
    ended: Ended

    @cached_property
    def record(self) -> SweepRecord:
        return read_sweep(tracking_config(self.folder / "runs", None))


@pytest.fixture(scope="module")
def ablation(tmp_path_factory: pytest.TempPathFactory) -> GroupedAblation:
    folder = tmp_path_factory.mktemp("groups")
    space = folder / "speed.yaml"
    space.write_text(SPACE, encoding="utf-8")
    definition = folder / "pictures.yaml"
    definition.write_text(DEFINITION % space, encoding="utf-8")
    places = ["--out", str(folder / "runs"), "--reports", str(folder / "reports")]
    nowhere = ["--data", str(folder / "nothing_here")]
    return GroupedAblation(
        folder, run_clairo(["ablate", str(definition), "--executor", "local", *places, *nowhere])
    )


def test_it_ends_well_and_says_what_was_not_run(ablation: GroupedAblation) -> None:
    assert ablation.ended.code == 0, ablation.ended.output
    assert "Toys and Games is not run" in ablation.ended.output


def test_every_data_set_is_recorded_and_the_missing_one_names_its_command(
    ablation: GroupedAblation,
) -> None:
    experiment = ablation.record.summary.experiment
    assert experiment is not None
    groups = {group.name: group for group in experiment.groups}
    assert list(groups) == ["dull", "telling", "toys"]
    assert [group.covariate for group in groups.values()] == [0.0, 0.9, None]
    assert groups["dull"].dataset_digest != groups["telling"].dataset_digest
    assert groups["dull"].missing == ""
    assert "clairo data fetch toys 2014" in groups["toys"].missing
    assert "make ablate CATEGORY=demo" in groups["toys"].missing


def test_arms_of_a_group_ran_on_the_data_of_that_group(ablation: GroupedAblation) -> None:
    record = ablation.record
    trials = record.by_key()
    assert {arm.group for arm in record.summary.arms} == {"dull", "telling"}
    for arm in record.summary.arms:
        share = {"dull": 0.0, "telling": 0.9}[arm.group]
        for key in arm.trial_keys:
            assert trials[key].config["dataset"]["visual_share"] == share
    assert set(record.segments) == {"dull", "telling"}


def test_every_arm_was_tuned_with_the_same_number_of_trials_on_valid_alone(
    ablation: GroupedAblation,
) -> None:
    record = ablation.record
    assert {arm.tuning_trials for arm in record.summary.arms} == {2}
    tuning = [trial for trial in record.trials if trial.role == "search"]
    # Two groups of three arms, two trials each.
    assert len(tuning) == 12
    assert not any(name.startswith("test/") for trial in tuning for name in trial.metrics)
    assert not {trial.seed for trial in tuning} & set(record.summary.ablation_seeds)
    assert record.summary.experiment is not None
    assert record.summary.experiment.tuning == "re-tuned: 2"


def test_an_arm_runs_with_the_better_of_its_own_trials(ablation: GroupedAblation) -> None:
    trials = ablation.record.by_key()
    tuning = [trial for trial in trials.values() if trial.role == "search"]
    for arm in ablation.record.summary.arms:
        runs = [trials[key] for key in arm.trial_keys]
        (fusion,) = {run.config["fusion"]["kind"] for run in runs}
        (data,) = {run.config["dataset"]["seed"] for run in runs}
        (speed,) = {run.config["model"]["learning_rate"] for run in runs}
        own = {
            trial.config["model"]["learning_rate"]: trial.metrics["valid/ndcg_at_10"]
            for trial in tuning
            if trial.config["fusion"]["kind"] == fusion and trial.config["dataset"]["seed"] == data
        }
        assert set(own) == {0.002, 0.005}
        assert own[speed] == max(own.values())


def test_the_declared_split_is_read_for_every_arm(ablation: GroupedAblation) -> None:
    arms = [trial for trial in ablation.record.trials if trial.role == "ablation"]
    assert len(arms) == 2 * 3
    assert all("test" in trial.rankings for trial in arms)


def test_the_page_lists_the_missing_group_and_harms_nobody(ablation: GroupedAblation) -> None:
    page = ablation.folder / "reports" / ablation.record.summary.sweep_id / "index.html"
    text = page.read_text(encoding="utf-8")
    assert "Toys and Games" in text
    assert "clairo data fetch toys 2014" in text
    assert "<b>pictures</b>" not in text
    assert "Dull &lt;b&gt;pictures" in text
