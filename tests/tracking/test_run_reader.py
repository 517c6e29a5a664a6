"""What a reference to a run means."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from clairo.core.errors import ArtifactError, SweepError
from clairo.tracking.mlflow_runs import MlflowTracker
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.records import Candidate
from clairo.tracking.run_reader import read_runs
from clairo.tracking.summary_json import write_summary
from tests.contracts.tracker import TRIAL_TAGS, make_summary
from tests.tracking.test_reader import track_trial


@pytest.fixture
def tracker(config: TrackingConfig) -> MlflowTracker:
    return config.connect()


@pytest.fixture
def sweep(tracker: MlflowTracker, tmp_path: Path) -> str:
    """Run id of a parent: two searched trials, each confirmed by two, ``valid`` 0.25 + number."""
    parent = tracker.open_sweep(make_summary())
    for number in range(6):
        track_trial(tracker, tmp_path, number, "search" if number < 2 else "confirm")
    candidates = (
        Candidate("weaker", 0.9, ("key-2", "key-3")),
        Candidate("better", 0.1, ("key-4", "key-5")),
    )
    write_summary(parent, make_summary(candidates=candidates))
    return str(parent.run_id)


def keys(config: TrackingConfig, *references: str) -> list[str]:
    return [run.trial.key for run in read_runs(config, references)]


def run_id(tracker: MlflowTracker, number: int) -> str:
    return str(tracker.all_trials()[number].info.run_id)


def test_a_sweep_means_its_best_confirmed_configuration_on_all_fresh_seeds(
    config: TrackingConfig, sweep: str
) -> None:
    # Mean objective of the second candidate is 0.25 + (4 + 5) / 2, of the first 0.25 + 2.5.
    assert keys(config, "sweep-1") == keys(config, sweep) == ["key-4", "key-5"]


def test_a_trial_is_named_by_number_key_run_id_or_the_beginning_of_it(
    config: TrackingConfig, tracker: MlflowTracker, sweep: str
) -> None:
    whole = run_id(tracker, 1)
    for reference in ("sweep-1:1", "key-1", whole, whole[:12]):
        assert keys(config, reference) == ["key-1"]


def test_a_searched_trial_is_read_with_its_ranks_and_its_sweep(
    config: TrackingConfig, sweep: str
) -> None:
    (run,) = read_runs(config, ["sweep-1:0"])
    assert run.trial.role == "search"
    assert run.trial.rankings["valid"].users.tolist() == [0, 1]
    assert run.summary.sweep_id == "sweep-1"
    assert run.summary.dataset_digest == "ab" * 32


def test_runs_keep_the_order_of_their_references_and_come_once(
    config: TrackingConfig, sweep: str
) -> None:
    assert keys(config, "key-5", "sweep-1", "sweep-1:1") == ["key-5", "key-4", "key-1"]


def test_a_single_run_means_its_one_trial(
    config: TrackingConfig, tracker: MlflowTracker, tmp_path: Path
) -> None:
    tracker.open_sweep(make_summary("run-1234"))
    track_trial(tracker, tmp_path, 0, "confirm", "run-1234")
    assert keys(config, "run-1234") == ["key-0"]


def test_a_candidate_without_a_finite_value_is_never_the_best(
    config: TrackingConfig, tracker: MlflowTracker, sweep: str
) -> None:
    summary = make_summary(
        candidates=(Candidate("gone", 0.9, ("key-9",)), Candidate("there", 0.1, ("key-2",)))
    )
    write_summary(tracker.run(sweep), summary)
    assert keys(config, "sweep-1") == ["key-2"]


def test_a_sweep_without_a_confirmed_configuration_is_said(
    config: TrackingConfig, tracker: MlflowTracker, sweep: str
) -> None:
    write_summary(tracker.run(sweep), make_summary())
    with pytest.raises(SweepError, match=r"sweep-1 has none yet; .* 6 trials, such as sweep-1:0"):
        read_runs(config, ["sweep-1"])


def test_an_unknown_run_is_said_with_what_is_near(config: TrackingConfig, sweep: str) -> None:
    with pytest.raises(SweepError, match=r"nothing here is called 'key-12'; near: .*key-1"):
        read_runs(config, ["key-12"])
    with pytest.raises(SweepError, match=r"called '~'; sweeps known here: sweep-1\."):
        read_runs(config, ["~"])
    with pytest.raises(SweepError, match=r"called ''; sweeps known here: sweep-1\."):
        read_runs(config, [""])


def test_an_empty_experiment_is_said(config: TrackingConfig) -> None:
    with pytest.raises(SweepError, match="sweeps known here: none"):
        read_runs(config, ["sweep-1"])


def test_a_number_that_no_trial_has_is_said(config: TrackingConfig, sweep: str) -> None:
    for number in ("6", "x", ""):
        with pytest.raises(SweepError, match=rf"no trial '{number}'; its trials: 0 to 5"):
            read_runs(config, [f"sweep-1:{number}"])


def test_a_key_of_two_sweeps_is_refused_with_both_runs(
    config: TrackingConfig, tracker: MlflowTracker, sweep: str, tmp_path: Path
) -> None:
    tracker.open_sweep(make_summary("sweep-2"))
    track_trial(tracker, tmp_path / "second", 1, "search", "sweep-2")
    with pytest.raises(
        SweepError, match=r"names 2: \w{32} \(trial 1 of sweep-1\), .*of sweep-2\); give the whole"
    ):
        read_runs(config, ["key-1"])


def test_a_beginning_that_several_runs_share_is_refused(
    config: TrackingConfig, tracker: MlflowTracker, sweep: str
) -> None:
    ids = [sweep, *(run.info.run_id for run in tracker.all_trials())]
    # Of 16 first digits, some are shared as soon as there are 17 runs; two that surely are:
    for number in range(10, 20):
        run = tracker.open_trial("sweep-1", f"more-{number}", "trial", TRIAL_TAGS)
        ids.append(run.run_id)
    firsts = [name[0] for name in ids]
    shared = next(digit for digit in firsts if firsts.count(digit) > 1)
    with pytest.raises(SweepError, match=f"names {firsts.count(shared)}: "):
        read_runs(config, [shared])


def test_a_run_that_ended_early_is_read_with_its_error(
    config: TrackingConfig, tracker: MlflowTracker, sweep: str
) -> None:
    run = tracker.open_trial("sweep-1", "key-9", "trial", TRIAL_TAGS | {"trial.number": "9"})
    run.set_tags({"trial.error": "DataError: no pictures"})
    run.finish("failed")
    (read,) = read_runs(config, ["sweep-1:9"])
    assert (read.trial.state, read.trial.error) == ("failed", "DataError: no pictures")
    assert read.trial.rankings == {}


def test_lost_and_damaged_artifacts_are_said(
    config: TrackingConfig, tracker: MlflowTracker, sweep: str
) -> None:
    root = Path(tracker.all_trials()[0].info.artifact_uri.removeprefix("file://"))
    for file in (root / "ranks" / "valid").glob("*.safetensors"):
        file.unlink()
    with pytest.raises(ArtifactError, match="cannot be read"):
        read_runs(config, ["sweep-1:0"])
    shutil.rmtree(root / "ranks")
    (run,) = read_runs(config, ["sweep-1:0"])
    assert run.trial.rankings == {}
    shutil.rmtree(root.parent.parent / sweep)
    with pytest.raises(SweepError, match=rf"holds sweep.json, run {sweep} does not"):
        read_runs(config, ["sweep-1:0"])


def test_a_run_is_known_by_the_words_of_its_own_sweep(
    config: TrackingConfig, tracker: MlflowTracker, sweep: str, tmp_path: Path
) -> None:
    other = replace(make_summary("sweep-2"), dataset_digest="cd" * 32)
    tracker.open_sweep(other)
    track_trial(tracker, tmp_path / "second", 0, "search", "sweep-2")
    digests = [run.summary.dataset_digest for run in read_runs(config, ["sweep-1:0", "sweep-2:0"])]
    assert digests == ["ab" * 32, "cd" * 32]
