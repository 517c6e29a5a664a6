"""A whole sweep by the command line under Ray: what it leaves, and what asking again costs."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from clairo.core.artifacts import CodeTable, Rankings
from clairo.core.fingerprint import hash_json
from clairo.evaluation import ranking_metrics
from clairo.merging import load_tokenizer
from clairo.modeling.trained import TrainedModel
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import make_plan
from clairo.pipeline.trial import TrialEnvironment, TrialSpec
from clairo.store import FilesystemStore
from clairo.store.protocol import CUT_FROM
from clairo.sweep.local_executor import LocalExecutor
from clairo.sweep.source import FixedPlan
from clairo.tracking.reader import list_sweeps, read_sweep
from clairo.tracking.records import SweepRecord, TrialRecord
from clairo.workflows.phase_runner import fresh_seeds, run_in_environment
from clairo.workflows.space import describe_config
from tests.end_to_end.real_sweep import TRIALS, RealSweep, run_clairo, sweep_arguments


@pytest.fixture(scope="module")
def client(real_sweep: RealSweep) -> MlflowClient:
    return MlflowClient(real_sweep.tracking.uri)


@pytest.fixture(scope="module")
def runs(real_sweep: RealSweep, client: MlflowClient) -> dict[str, Run]:
    """Nested runs of the sweep as MLflow itself gives them, by trial key."""
    experiment = client.get_experiment_by_name("clairo")
    found = client.search_runs(
        [experiment.experiment_id],
        f"tags.`mlflow.parentRunId` = '{real_sweep.record.run_id}'",
    )
    return {run.data.tags["trial.key"]: run for run in found}


@pytest.fixture(scope="module")
def parent(real_sweep: RealSweep, client: MlflowClient) -> Run:
    return client.get_run(real_sweep.record.run_id)


@pytest.fixture(scope="module")
def output_again(real_sweep: RealSweep) -> str:
    """What the same command says when it is asked once more."""
    ended = run_clairo(sweep_arguments(real_sweep.folder))
    assert ended.code == 0, ended.output
    return ended.output


@pytest.fixture(scope="module")
def again(real_sweep: RealSweep, output_again: str) -> SweepRecord:
    return read_sweep(real_sweep.tracking)


def artifacts(run: Run) -> Path:
    return Path(run.info.artifact_uri.removeprefix("file://"))


def with_role(record: SweepRecord, *roles: str) -> list[TrialRecord]:
    return [trial for trial in record.trials if trial.role in roles]


class TestInterruption:
    def test_ctrl_c_says_how_to_go_on(self, real_sweep: RealSweep) -> None:
        assert real_sweep.stopped.code == 130, real_sweep.stopped.output
        last = real_sweep.stopped.output.splitlines()[-1]
        assert "Stopped. What was finished is safe" in last
        assert f"OUT={real_sweep.out}" in last
        assert "goes on from there" in last
        assert "Traceback" not in real_sweep.stopped.output

    def test_what_ran_is_killed_and_nothing_is_left_running(self, real_sweep: RealSweep) -> None:
        states = [trial.state for trial in real_sweep.after_stop.trials]
        assert states
        assert set(states) <= {"killed", "complete"}
        assert "killed" in states
        assert not real_sweep.after_stop.summary.finished

    def test_the_same_command_goes_on_with_the_same_sweep(self, real_sweep: RealSweep) -> None:
        assert real_sweep.finished.code == 0, real_sweep.finished.output
        assert f"sweep {real_sweep.sweep_id} goes on" in real_sweep.finished.output
        assert [entry.sweep_id for entry in list_sweeps(real_sweep.tracking)][-1] == (
            real_sweep.sweep_id
        )

    def test_an_interrupted_trial_is_the_same_run_and_keeps_its_stages(
        self, real_sweep: RealSweep
    ) -> None:
        after = real_sweep.record.by_key()
        for before in real_sweep.after_stop.trials:
            again = after[before.key]
            assert (again.run_id, again.state) == (before.run_id, "complete")
        continued = [after[trial.key] for trial in real_sweep.after_stop.trials]
        assert any(
            stage.name == "quantization" and stage.cached
            for trial in continued
            for stage in trial.stages
        )


class TestTracking:
    def test_parent_and_nested_runs_carry_the_sweep_and_have_ended(
        self, real_sweep: RealSweep, parent: Run, runs: dict[str, Run]
    ) -> None:
        assert parent.info.status == "FINISHED"
        assert parent.data.tags["sweep.id"] == real_sweep.sweep_id
        assert set(runs) == set(real_sweep.record.by_key())
        for key, run in runs.items():
            assert run.info.status == "FINISHED"
            assert run.data.tags["sweep.id"] == real_sweep.sweep_id
            assert run.data.tags["trial.key"] == key
            assert run.data.tags["trial.state"] == "complete"

    def test_every_phase_ran_what_was_asked(self, real_sweep: RealSweep) -> None:
        record = real_sweep.record
        summary = record.summary
        assert len(with_role(record, "search")) == TRIALS == summary.requested_trials
        assert len(with_role(record, "confirm")) == len(summary.candidates) * 2
        seeds = {
            "search": {summary.seed},
            "confirm": set(fresh_seeds(summary.seed, 2)),
            "ablation": set(summary.ablation_seeds),
        }
        for role, expected in seeds.items():
            assert {trial.seed for trial in with_role(record, role)} == expected
        assert not seeds["search"] & (seeds["confirm"] | seeds["ablation"])
        assert summary.finished

    def test_the_winner_is_taken_apart_into_modalities_and_components(
        self, real_sweep: RealSweep
    ) -> None:
        arms = {arm.name: arm for arm in real_sweep.record.summary.arms}
        families = {arm.family for name, arm in arms.items() if name != "full"}
        assert {"full", "text_only", "image_only"} <= set(arms)
        assert families == {"modality_masking", "components"}
        by_key = real_sweep.record.by_key()
        for arm in arms.values():
            assert len(arm.trial_keys) == 2
            assert all(key in by_key for key in arm.trial_keys)
        winner = real_sweep.record.summary.candidates[0]
        assert {by_key[key].config_key for key in arms["full"].trial_keys} == {winner.config_key}

    def test_only_confirmed_configurations_are_read_on_test(
        self, real_sweep: RealSweep, runs: dict[str, Run]
    ) -> None:
        for trial in real_sweep.record.trials:
            read = any(name.startswith("test/") for name in runs[trial.key].data.metrics)
            folder = artifacts(runs[trial.key]) / "ranks" / "test"
            assert read == folder.is_dir() == (trial.role == "confirm"), trial.number

    def test_settings_are_params_and_an_artifact_that_is_a_configuration(
        self, real_sweep: RealSweep, runs: dict[str, Run]
    ) -> None:
        for trial in real_sweep.record.trials:
            run = runs[trial.key]
            config = PipelineConfig.model_validate(
                yaml.safe_load((artifacts(run) / "config.yaml").read_text("utf-8"))
            )
            assert config.key == trial.config_key == run.data.tags["trial.config_key"]
            assert run.data.params["seed"] == str(trial.seed)
            assert run.data.params["fusion.kind"] == config.fusion.kind
            assert run.data.params["model.epochs"] == "4"

    def test_metrics_are_kept_by_epoch_and_once_at_the_end(self, real_sweep: RealSweep) -> None:
        for trial in real_sweep.record.trials:
            losses = trial.history["epoch/train_loss"]
            assert [epoch for epoch, _ in losses] == [1, 2, 3, 4]
            assert losses[-1][1] < losses[0][1]
            assert [epoch for epoch, _ in trial.history["epoch/valid/ndcg_at_10"]] == [2, 4]
            assert 0 <= trial.metrics["valid/ndcg_at_10"] <= 1

    def test_stages_are_named_by_their_fingerprints(
        self, real_sweep: RealSweep, runs: dict[str, Run]
    ) -> None:
        for trial in real_sweep.record.trials:
            config = PipelineConfig.model_validate(trial.config)
            splits = ("valid", "test") if trial.role == "confirm" else ("valid",)
            goals = tuple(f"{split}_evaluation" for split in splits)
            plan = make_plan(config, trial.seed, {}, goals)
            metrics = runs[trial.key].data.metrics
            for step in plan.steps:
                name = step.stage.name
                assert runs[trial.key].data.tags[f"stage.{name}"] == step.fingerprint.entry
                assert metrics[f"stage/{name}/seconds"] >= 0
                assert metrics[f"stage/{name}/cached"] in (0.0, 1.0)
            assert {stage.name for stage in trial.stages} == set(plan.names())

    def test_every_stored_result_was_computed_once(self, real_sweep: RealSweep) -> None:
        stages = [stage for trial in real_sweep.record.trials for stage in trial.stages]
        entries = {stage.entry for stage in stages}
        assert sum(not stage.cached for stage in stages) <= len(entries)
        assert any(stage.cached for stage in stages if stage.name == "image_embedding")

    def test_one_construction_served_all_budgets_of_a_code_table(
        self, real_sweep: RealSweep
    ) -> None:
        constructed, cut = Counter[str](), Counter[str]()
        for manifest in FilesystemStore(real_sweep.out / "store").manifests("merging"):
            options = {**manifest.about["config"], "num_merges": None}
            family = hash_json([options, manifest.about["inputs"]])
            (cut if CUT_FROM in manifest.about else constructed)[family] += 1
        assert set(constructed.values()) == {1}
        assert cut.keys() <= constructed.keys()
        assert cut, "the arm without merging is cut from the winner's vocabulary"
        assert any(s.cut_from for t in real_sweep.record.trials for s in t.stages)

    def test_system_code_and_data_are_recorded(
        self, real_sweep: RealSweep, parent: Run, runs: dict[str, Run]
    ) -> None:
        names = {name for run in runs.values() for name in run.data.metrics}
        assert {"system/cpu_percent", "system/memory_percent"} <= names
        assert re.fullmatch(r"[0-9a-f]{40}|none", parent.data.tags["git.commit"])
        (given,) = parent.inputs.dataset_inputs
        digest = real_sweep.record.summary.dataset_digest
        assert given.dataset.digest == digest[:36]
        assert parent.data.tags["dataset.digest"] == digest
        for trial in with_role(real_sweep.record, "confirm"):
            (given,) = runs[trial.key].inputs.dataset_inputs
            assert given.dataset.digest == digest[:36]
        commit = parent.data.tags["git.commit"]
        if commit != "none":
            assert {run.data.tags["mlflow.source.git.commit"] for run in runs.values()} == {commit}

    def test_artifacts_of_a_run_can_be_used(
        self, real_sweep: RealSweep, runs: dict[str, Run]
    ) -> None:
        trial = with_role(real_sweep.record, "confirm")[0]
        folder = artifacts(runs[trial.key])
        codes = CodeTable.load(folder / "codes")
        assert codes.facts["num_items"] == len(codes.codes) == 288
        assert (folder / "actionpiece.json").stat().st_size > 100
        TrainedModel.load(folder / "checkpoint")
        for split in ("valid", "test"):
            rankings = Rankings.load(folder / "ranks" / split)
            computed = ranking_metrics(rankings.ranks)
            for name, value in computed.items():
                assert trial.metrics[f"{split}/{name}"] == pytest.approx(value)
        store = FilesystemStore(real_sweep.out / "store")
        entry = next(stage.entry for stage in trial.stages if stage.name == "merging")
        tokenizer = load_tokenizer(store.root / entry)
        assert tokenizer.vocab_size == trial.metrics["merging/vocab_size"]


class TestResults:
    def test_three_lines_end_the_sweep(self, real_sweep: RealSweep) -> None:
        best, report, mlflow = real_sweep.finished.output.splitlines()[-3:]
        winner = real_sweep.record.summary.candidates[0]
        by_key = real_sweep.record.by_key()
        values = [by_key[key].metrics["valid/ndcg_at_10"] for key in winner.trial_keys]
        assert f"valid NDCG@10 {sum(values) / 2:.4f}" in best
        config = PipelineConfig.model_validate(by_key[winner.trial_keys[0]].config)
        assert describe_config(config) in best
        assert report == f"Report: {real_sweep.pages / 'index.html'}"
        assert f"make ui OUT={real_sweep.out}" in mlflow

    def test_the_winner_is_the_best_on_fresh_seeds(self, real_sweep: RealSweep) -> None:
        by_key = real_sweep.record.by_key()
        means = [
            sum(by_key[key].metrics["valid/ndcg_at_10"] for key in candidate.trial_keys)
            for candidate in real_sweep.record.summary.candidates
        ]
        assert means == sorted(means, reverse=True)

    def test_a_local_executor_gives_the_outcome_that_ray_gave(
        self, real_sweep: RealSweep, tmp_path: Path
    ) -> None:
        tracked = with_role(real_sweep.record, "search")[0]
        spec = TrialSpec(
            "here", 0, "search", PipelineConfig.model_validate(tracked.config), tracked.seed
        )
        plan = FixedPlan([spec])
        environment = TrialEnvironment(tmp_path / "store", {})

        def run(spec: TrialSpec, keep_going: object) -> object:
            return run_in_environment(spec, keep_going, environment=environment)  # type: ignore[arg-type]

        LocalExecutor(workers=1).execute(plan, run)
        outcome = plan.outcomes[tracked.key]
        assert outcome.state == "complete", outcome.error
        valid = {name: tracked.metrics[name] for name in outcome.metrics}
        assert outcome.metrics == valid


class TestReport:
    def test_pages_and_tables_are_files_and_artifacts_of_the_sweep(
        self, real_sweep: RealSweep, parent: Run
    ) -> None:
        kept = artifacts(parent) / "report"
        for name in ("index.html", "ablation.html"):
            assert (real_sweep.pages / name).read_bytes() == (kept / name).read_bytes()
        for table in ("trials", "candidates", "stages", "modality_masking", "components"):
            for ending in ("csv", "md"):
                assert (real_sweep.pages / "tables" / f"{table}.{ending}").stat().st_size > 0

    def test_it_is_rebuilt_from_what_was_tracked_alone(
        self, real_sweep: RealSweep, tmp_path: Path
    ) -> None:
        store = real_sweep.out / "store"
        aside = store.rename(real_sweep.out / "store-aside")
        try:
            ended = run_clairo(
                [
                    *("report", "--sweep", real_sweep.sweep_id),
                    *("--out", str(real_sweep.out), "--reports", str(tmp_path)),
                ]
            )
            assert not store.exists()
        finally:
            aside.rename(store)
        assert ended.code == 0, ended.output
        rebuilt = tmp_path / real_sweep.sweep_id
        for name in ("index.html", "ablation.html", "tables/trials.csv"):
            assert (rebuilt / name).read_bytes() == (real_sweep.pages / name).read_bytes()


class TestTheSameAgain:
    def test_it_is_another_sweep(self, real_sweep: RealSweep, again: SweepRecord) -> None:
        assert again.summary.sweep_id == real_sweep.sweep_id.removesuffix("1") + "2"

    def test_no_stage_is_computed_twice(self, again: SweepRecord) -> None:
        computed = [
            (trial.number, stage.name)
            for trial in again.trials
            for stage in trial.stages
            if not stage.cached
        ]
        assert computed == []
        for trial in again.trials:
            cached = {k: v for k, v in trial.metrics.items() if k.endswith("/cached")}
            assert set(cached.values()) == {1.0}

    def test_it_says_what_was_saved(self, output_again: str) -> None:
        said = re.search(r"(\d+) s saved by the stage store", output_again)
        assert said is not None
        assert int(said[1]) > 0

    def test_the_same_seed_suggests_and_finds_the_same(
        self, real_sweep: RealSweep, again: SweepRecord
    ) -> None:
        def told(record: SweepRecord) -> list[tuple[object, ...]]:
            return [(t.number, t.role, t.key, t.metrics["valid/ndcg_at_10"]) for t in record.trials]

        assert told(again) == told(real_sweep.record)
        assert again.summary.candidates == real_sweep.record.summary.candidates
