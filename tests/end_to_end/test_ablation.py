"""A whole ablation by the command line: its runs, its record, its page, and asking again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest

from clairo.evaluation.ranking import ndcg_per_user
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.reader import list_sweeps, read_sweep
from clairo.tracking.records import Arm, SweepRecord, TrialRecord
from clairo.workflows.locations import tracking_config
from clairo.workflows.phase_runner import fresh_seeds
from tests.end_to_end.real_sweep import Ended, run_clairo

DEFINITION = """
question: What is each modality worth to a model that trains in a second?
base:
  settings:
    merging: {num_merges: 10}
    model:
      num_layers: 1
      num_decoder_layers: 1
      d_model: 32
      d_ff: 32
      epochs: 4
      max_examples: 600
      valid_users: 100
    evaluation: {num_beams: 10, top_k: 10, ensemble: 2, max_users: 100, invalid_users: 20}
generators:
  - {kind: modality_masking}
  - {kind: inference_masking, fills: [shuffled]}
seeds: 2
minimum_relevant_effect: {value: 0.01}
"""


@dataclass(frozen=True)
class RealAblation:
    """A finished ablation and the folder it lies in."""

    folder: Path
    ended: Ended

    @property
    def tracking(self) -> TrackingConfig:
        return tracking_config(self.folder / "runs", None)

    @cached_property
    def record(self) -> SweepRecord:
        return read_sweep(self.tracking)

    @property
    def page(self) -> Path:
        return self.folder / "reports" / self.record.summary.sweep_id / "index.html"

    def arm(self, name: str) -> Arm:
        return next(arm for arm in self.record.summary.arms if arm.name == name)

    def runs(self, name: str) -> list[TrialRecord]:
        trials = self.record.by_key()
        return [trials[key] for key in self.arm(name).trial_keys]


def arguments(folder: Path, *more: str) -> list[str]:
    definition = folder / "tiny_masking.yaml"
    definition.write_text(DEFINITION, encoding="utf-8")
    places = ("--out", str(folder / "runs"), "--reports", str(folder / "reports"))
    return ["ablate", str(definition), "--executor", "local", *places, *more]


@pytest.fixture(scope="module")
def ablation(tmp_path_factory: pytest.TempPathFactory) -> RealAblation:
    folder = tmp_path_factory.mktemp("ablation")
    return RealAblation(folder, run_clairo(arguments(folder)))


def test_it_ends_well_and_names_its_page(ablation: RealAblation) -> None:
    assert ablation.ended.code == 0, ablation.ended.output
    assert f"Report: {ablation.page}" in ablation.ended.output
    assert ablation.page.exists()
    assert ablation.record.summary.finished


def test_what_was_declared_is_kept_with_the_parent_run(ablation: RealAblation) -> None:
    summary = ablation.record.summary
    experiment = summary.experiment
    assert summary.is_ablation
    assert experiment is not None
    assert (experiment.name, experiment.metric, experiment.split) == (
        "tiny_masking",
        "ndcg_at_10",
        "valid",
    )
    assert (experiment.margin, experiment.margin_share) == (0.01, None)
    assert experiment.tuning == "frozen"
    assert "kind: modality_masking" in experiment.definition
    assert [family.kind for family in experiment.families] == ["retrained", "inference"]
    assert summary.ablation_seeds == fresh_seeds(0, 2, "ablation")


def test_every_arm_ran_once_on_every_shared_seed(ablation: RealAblation) -> None:
    names = [arm.name for arm in ablation.record.summary.arms]
    assert names[0] == "full"
    assert {"text_only", "image_only"} < set(names)
    for name in names:
        runs = ablation.runs(name)
        assert tuple(run.seed for run in runs) == ablation.record.summary.ablation_seeds
        assert {run.state for run in runs} == {"complete"}
        assert {run.role for run in runs} == {"ablation"}
    keys = [key for arm in ablation.record.summary.arms for key in arm.trial_keys]
    assert sorted(keys) == sorted(trial.key for trial in ablation.record.trials)


def test_masking_at_inference_asks_the_very_models_of_the_unchanged_arm(
    ablation: RealAblation,
) -> None:
    masked = [a.name for a in ablation.record.summary.arms if "evaluation.masking" in a.changes]
    assert len(masked) == 2
    for name in masked:
        for ours, theirs in zip(ablation.runs(name), ablation.runs("full"), strict=True):
            entry = {run.key: _entry(run, "training") for run in (ours, theirs)}
            assert entry[ours.key] == entry[theirs.key]
            assert _stage(ours, "training").cached
            assert _entry(ours, "valid_evaluation") != _entry(theirs, "valid_evaluation")


def test_retraining_without_a_modality_makes_other_codes_and_another_model(
    ablation: RealAblation,
) -> None:
    for name in ("text_only", "image_only"):
        for ours, theirs in zip(ablation.runs(name), ablation.runs("full"), strict=True):
            for stage in ("fusion", "quantization", "merging", "training"):
                assert _entry(ours, stage) != _entry(theirs, stage), stage


def test_the_metric_of_every_run_is_that_of_its_own_ranks(ablation: RealAblation) -> None:
    for trial in ablation.record.trials:
        mean = float(np.mean(ndcg_per_user(trial.rankings["valid"].ranks, 10)))
        assert trial.metrics["valid/ndcg_at_10"] == pytest.approx(mean, abs=1e-12)
        assert "test" not in trial.rankings


def test_only_the_unchanged_arm_tells_what_its_codes_mean(ablation: RealAblation) -> None:
    told = [t.key for t in ablation.record.trials if t.representation is not None]
    assert told == [ablation.arm("full").trial_keys[0]]


def test_asked_again_everything_comes_from_the_store_and_the_page_says_the_same(
    ablation: RealAblation,
) -> None:
    before = ablation.page.read_bytes()
    again = run_clairo(arguments(ablation.folder))
    assert again.code == 0, again.output
    assert len(list_sweeps(ablation.tracking)) == 2
    record = read_sweep(ablation.tracking)
    assert record.summary.sweep_id != ablation.record.summary.sweep_id
    assert all(stage.cached for trial in record.trials for stage in trial.stages)
    verdicts = [line for line in ablation.ended.output.splitlines() if "95 %" in line]
    assert verdicts
    assert [line for line in again.output.splitlines() if "95 %" in line] == verdicts
    assert ablation.page.read_bytes() == before


def test_a_dry_run_names_arms_shared_stages_and_cost_and_runs_nothing(
    ablation: RealAblation,
) -> None:
    known = len(list_sweeps(ablation.tracking))
    told = run_clairo(arguments(ablation.folder, "--dry-run"))
    assert told.code == 0, told.output
    assert "text_only" in told.output
    assert "evaluation.masking" in told.output
    training = next(line for line in told.output.splitlines() if line.startswith(" training"))
    # Five arms with two seeds; those masked at inference share the models of the unchanged arm.
    assert [int(word) for word in training.split()[1:4]] == [10, 6, 6]
    assert "5 arms on 2 seeds: 10 runs" in told.output
    assert len(list_sweeps(ablation.tracking)) == known


def test_an_unknown_experiment_is_one_line_that_names_those_there(tmp_path: Path) -> None:
    ended = run_clairo(["ablate", "no_such_thing", "--out", str(tmp_path)])
    assert ended.code == 2
    (line,) = ended.output.strip().splitlines()
    assert line.startswith("ConfigError: ")
    assert "no_such_thing" in line
    assert "modality_masking" in line


def _stage(trial: TrialRecord, name: str) -> object:
    return next(stage for stage in trial.stages if stage.name == name)


def _entry(trial: TrialRecord, name: str) -> str:
    return next(stage.entry for stage in trial.stages if stage.name == name)
