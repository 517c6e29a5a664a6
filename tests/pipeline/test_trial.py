"""A trial from its settings to its tracked end, for every way it can end."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

from clairo.core.artifacts import Modalities
from clairo.core.errors import SweepError
from clairo.pipeline.gates import Gates
from clairo.pipeline.runner import always
from clairo.pipeline.trial import (
    OBJECTIVE,
    TrialEnvironment,
    TrialOutcome,
    TrialSpec,
    close_lost,
    run_trial,
)
from clairo.stages import STAGES
from clairo.tracking.reader import read_sweep
from clairo.tracking.records import TrialRecord
from clairo.workflows.locations import tracking_config
from tests.pipeline.small import small_config
from tests.reporting.records import demo_record

SPEC = TrialSpec("sweep-1", 3, "search", small_config(), seed=0, name="a small one")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one trained pipeline, and a database that knows the sweep."""
    folder = tmp_path_factory.mktemp("trials")
    tracking = tracking_config(folder, None)
    tracking.prepare()
    outcome = run_trial(SPEC, TrialEnvironment(folder / "store", {}), always)
    assert outcome.state == "complete", outcome.error
    return folder


@pytest.fixture
def environment(prepared: Path, tmp_path: Path) -> TrialEnvironment:
    """Results of the store, and a tracker of one's own."""
    shutil.copyfile(prepared / "mlflow.db", tmp_path / "mlflow.db")
    shutil.copytree(prepared / "store", tmp_path / "store")
    tracking = tracking_config(tmp_path, None)
    summary = replace(demo_record().summary, sweep_id=SPEC.sweep_id, candidates=(), arms=())
    tracking.connect().open_sweep(summary)
    return TrialEnvironment(tmp_path / "store", {}, tracking)


def tracked(environment: TrialEnvironment) -> TrialRecord:
    assert environment.tracking is not None
    (trial,) = read_sweep(environment.tracking, SPEC.sweep_id).trials
    return trial


def status(environment: TrialEnvironment) -> str:
    assert environment.tracking is not None
    (run,) = environment.tracking.connect().trials(SPEC.sweep_id)
    return str(run.info.status)


def test_a_complete_trial_tells_its_objective_and_is_tracked(
    environment: TrialEnvironment,
) -> None:
    outcome = run_trial(SPEC, environment, always)
    trial = tracked(environment)
    assert outcome.state == trial.state == "complete"
    assert status(environment) == "FINISHED"
    assert outcome.key == SPEC.key == trial.key
    assert outcome.value == outcome.metrics[OBJECTIVE] == trial.metrics[OBJECTIVE]
    assert (trial.number, trial.role, trial.seed) == (3, "search", 0)
    assert trial.config == SPEC.config.identity()
    assert [epoch for epoch, _ in trial.history["epoch/train_loss"]] == [1, 2, 3, 4]
    assert not any(name.startswith("test/") for name in outcome.metrics)
    assert outcome.seconds > 0


def test_how_long_training_waited_for_data_is_tracked_but_not_stored(
    environment: TrialEnvironment,
) -> None:
    outcome = run_trial(replace(SPEC, seed=1), environment, always)
    assert outcome.state == "complete", outcome.error
    waited = tracked(environment).history["epoch/train_wait_share"]
    assert [epoch for epoch, _ in waited] == [1, 2, 3, 4]
    assert all(0 <= share <= 1 for _, share in waited)
    kept = list(environment.store_root.glob("training/*/training.json"))
    assert kept
    assert not any("wait" in path.read_text() for path in kept)


def test_test_is_read_only_when_it_is_asked_for(environment: TrialEnvironment) -> None:
    spec = replace(SPEC, role="confirm", splits=("valid", "test"))
    outcome = run_trial(spec, environment, always)
    assert "test/ndcg_at_10" in outcome.metrics
    assert set(tracked(environment).rankings) == {"valid", "test"}


def test_a_confirming_run_tells_what_its_vocabulary_means(environment: TrialEnvironment) -> None:
    run_trial(replace(SPEC, role="confirm"), environment, always)
    trial = tracked(environment)
    assert trial.vocabulary is not None
    facts = next(stage.facts for stage in trial.stages if stage.name == "merging")
    assert [merge.token for merge in trial.vocabulary.merges] == [
        entry["token"] for entry in facts["top_merges"]
    ]
    assert all(trial.vocabulary.titles.values())
    assert trial.vocabulary.sheet[:2] == b"\xff\xd8"
    assert set(trial.vocabulary.tiles) == trial.vocabulary.pictures


def test_a_run_of_the_search_logs_no_pictures(environment: TrialEnvironment) -> None:
    run_trial(SPEC, environment, always)
    assert tracked(environment).vocabulary is None
    assert environment.tracking is not None
    (run,) = environment.tracking.connect().trials(SPEC.sweep_id)
    logged = MlflowClient(environment.tracking.uri).list_artifacts(run.info.run_id)
    assert "merging" not in {entry.path for entry in logged}
    assert "stages.json" in {entry.path for entry in logged}


def test_what_the_store_spared_is_counted(environment: TrialEnvironment) -> None:
    outcome = run_trial(SPEC, environment, always)
    records = tracked(environment).stages
    assert all(record.cached for record in records)
    assert outcome.saved_seconds == pytest.approx(sum(r.saved_seconds for r in records))


def test_a_pruned_trial_keeps_its_rungs_and_is_a_finished_run(
    environment: TrialEnvironment,
) -> None:
    spec = replace(SPEC, rungs=(2,))
    outcome = run_trial(spec, environment, lambda epoch, value: False)
    assert outcome.state == "pruned"
    assert outcome.value is None
    assert list(outcome.rung_values) == [2]
    assert tracked(environment).state == "pruned"
    assert status(environment) == "FINISHED"


@pytest.mark.parametrize(
    ("gates", "why", "reached"),
    [
        (Gates(max_collision_rate=0.0), "collision rate", "quantization"),
        (Gates(max_tokens_per_item=0.5), "tokens per item", "merging"),
    ],
)
def test_a_gate_ends_a_trial_before_anything_is_trained(
    environment: TrialEnvironment, gates: Gates, why: str, reached: str
) -> None:
    outcome = run_trial(replace(SPEC, gates=gates), environment, always)
    ended = tracked(environment)
    assert outcome.state == ended.state == "infeasible"
    assert why in outcome.error
    assert status(environment) == "FINISHED"
    assert why in ended.error
    assert ended.stages[-1].name == reached
    (name,) = [name for name in Gates.model_fields if getattr(gates, name) is not None]
    assert outcome.constraints[name] == ended.metrics[f"gate/{name}"] > 0


def test_a_trial_that_keeps_its_gates_tells_by_how_much(environment: TrialEnvironment) -> None:
    gates = Gates(max_reconstruction_error=2.0, max_tokens_per_item=100)
    outcome = run_trial(replace(SPEC, gates=gates), environment, always)
    facts = {k: v for stage in tracked(environment).stages for k, v in stage.facts.items()}
    assert outcome.state == "complete"
    assert outcome.constraints == pytest.approx(
        {
            "max_reconstruction_error": facts["reconstruction_error_max"] - 2.0,
            "max_tokens_per_item": facts["tokens_per_item"] - 100,
        }
    )


def test_what_codes_mean_is_logged_as_numbers_by_every_run(environment: TrialEnvironment) -> None:
    run_trial(SPEC, environment, always)
    logged = tracked(environment).metrics
    for modality in ("text", "image"):
        for name in ("neighbors_1", "neighbors_chance_1", "purity_1", "purity_chance_1"):
            assert 0 < logged[f"quantization/{modality}/{name}"] <= 1


def test_a_confirming_run_tells_what_its_codes_mean(environment: TrialEnvironment) -> None:
    run_trial(replace(SPEC, role="confirm"), environment, always)
    found = tracked(environment).representation
    assert found is not None
    assert [tree.modality for tree in found.trees] == ["text", "image"]
    assert [tree.num_items for tree in found.trees] == [60, 60]
    assert found.weights is None  # the codebooks are separate: nothing was fused
    assert set(found.named_items()) == set(found.items)
    assert found.sheet[:2] == b"\xff\xd8"


def test_curves_of_stages_are_logged_by_step_also_from_the_store(
    environment: TrialEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fuse(settings: Any, inputs: Any, seed: int, runtime: Any) -> Modalities:
        made: Modalities = STAGES["fusion"].run(settings, inputs, seed, runtime)
        curve = [{"loss": 2.0}, {"loss": 1.5}]
        first = replace(made.tables[0], facts={**made.tables[0].facts, "curve": curve})
        return Modalities((first, *made.tables[1:]))

    stage = replace(STAGES["fusion"], run=fuse, version=99)
    pipeline = tuple(stage if s.name == "fusion" else s for s in STAGES.values())
    monkeypatch.setattr("clairo.pipeline.plan.PIPELINE", pipeline)
    assert environment.tracking is not None
    client = MlflowClient(environment.tracking.uri)
    for seed in (0, 1):  # the fusion has no seed: the second run finds it in the store
        spec = replace(SPEC, seed=seed)
        run_trial(spec, environment, always)
        runs = environment.tracking.connect().trials(SPEC.sweep_id)
        (run,) = [run for run in runs if run.data.tags["trial.key"] == spec.key]
        points = client.get_metric_history(run.info.run_id, "fusion/text/curve/loss")
        assert [(point.step, point.value) for point in points] == [(1, 2.0), (2, 1.5)]
        assert not any("curve" in name for name in run.data.params)


@pytest.fixture
def break_stage(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, BaseException], None]:
    """Puts a fault into a stage of this process, and new settings that meet it."""

    def install(name: str, error: BaseException) -> None:
        def fail(*_: object) -> None:
            raise error

        stage = replace(STAGES[name], run=fail, version=99)
        pipeline = tuple(stage if s.name == name else s for s in STAGES.values())
        monkeypatch.setattr("clairo.pipeline.plan.PIPELINE", pipeline)

    return install


def test_a_failed_stage_is_a_failed_trial_with_its_traceback_and_what_was_done(
    environment: TrialEnvironment, break_stage: Callable[[str, BaseException], None]
) -> None:
    break_stage("merging", ValueError("no pair is left"))
    outcome = run_trial(SPEC, environment, always)
    trial = tracked(environment)
    assert (outcome.state, trial.state, status(environment)) == ("failed", "failed", "FAILED")
    assert outcome.error == trial.error == "ValueError: no pair is left"
    assert not outcome.transient
    assert [stage.name for stage in trial.stages][-1] == "quantization"


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")]
)
def test_running_out_of_memory_may_pass(
    prepared: Path, break_stage: Callable[[str, BaseException], None], error: Exception
) -> None:
    break_stage("merging", error)
    outcome = run_trial(SPEC, TrialEnvironment(prepared / "store", {}), always)
    assert outcome.state == "failed"
    assert outcome.transient


def test_an_interrupted_trial_is_killed_and_the_interrupt_goes_on(
    environment: TrialEnvironment, break_stage: Callable[[str, BaseException], None]
) -> None:
    break_stage("merging", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run_trial(SPEC, environment, always)
    assert tracked(environment).state == "killed"
    assert status(environment) == "KILLED"


def test_what_is_no_fault_of_the_trial_ends_the_sweep(
    environment: TrialEnvironment, break_stage: Callable[[str, BaseException], None]
) -> None:
    break_stage("merging", SweepError("The tracker must answer, got silence; start it again."))
    with pytest.raises(SweepError, match="silence"):
        run_trial(SPEC, environment, always)
    assert status(environment) == "KILLED"


def test_a_trial_that_is_run_again_is_the_same_run(environment: TrialEnvironment) -> None:
    first = run_trial(SPEC, environment, always)
    before = tracked(environment).run_id
    second = run_trial(SPEC, environment, always)
    assert tracked(environment).run_id == before
    assert first.metrics == second.metrics


def test_a_lost_trial_is_closed_by_the_driver(environment: TrialEnvironment) -> None:
    lost = TrialOutcome(SPEC.key, "failed", error="A worker must outlive its trial.")
    close_lost(SPEC, lost, environment)
    assert tracked(environment).error == lost.error
    assert status(environment) == "FAILED"


def test_the_key_names_settings_and_seed() -> None:
    assert replace(SPEC, number=9, role="confirm", name="other").key == SPEC.key
    assert replace(SPEC, seed=1).key != SPEC.key
    assert replace(SPEC, config=small_config(merging={"num_merges": 6})).key != SPEC.key
