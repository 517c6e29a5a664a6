"""Arms of a plan as runs: shared seeds, one run a configuration, trained models asked last."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clairo.ablation.build import plan_arms
from clairo.ablation.definition import AblationDefinition
from clairo.ablation.plan import Present
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.profiles import PROFILES
from clairo.pipeline.trial import TrialEnvironment, TrialOutcome, TrialSpec
from clairo.sweep.source import TrialSource
from clairo.tracking.records import SweepSummary
from clairo.workflows.ablation_phase import ArmRuns, run_arms
from clairo.workflows.ablation_tuning import TunedArms, tune_arms
from clairo.workflows.options import SweepOptions
from clairo.workflows.phase_runner import PhaseRunner, fresh_seeds
from tests.reporting.records import demo_record
from tests.worlds import small_demo

SEEDS = fresh_seeds(0, 3, "ablation")


class _Silent:
    def phase(self, title: str, total: int) -> None: ...
    def describe(self, key: str, what: str) -> None: ...
    def on_event(self, event: object) -> None: ...


@dataclass
class _Recording:
    """An executor that runs nothing and keeps what it was handed, batch by batch."""

    batches: list[list[TrialSpec]] = field(default_factory=list)

    def execute(
        self, source: TrialSource, run: Callable[..., Any], on_event: Callable[..., None]
    ) -> None:
        batch = [assignment.spec for assignment in source.next_batch()]
        self.batches.append(batch)
        for spec in batch:
            source.finished(spec, TrialOutcome(spec.key, "complete", 0.5, seconds=1.0))


@dataclass
class _Kept:
    """A parent run that keeps what is written to it."""

    texts: list[str] = field(default_factory=list)
    run_id: str = "parent"

    def log_text(self, text: str, path: str) -> None:
        self.texts.append(text)


def base() -> PipelineConfig:
    return PipelineConfig.model_validate({**PROFILES["quick"].base, "dataset": small_demo()})


def definition(generators: Sequence[dict[str, Any]]) -> AblationDefinition:
    return AblationDefinition.model_validate(
        {
            "question": "What is it worth?",
            "generators": generators,
            "minimum_relevant_effect": {"share": 0.05},
        }
    )


@pytest.fixture
def summary() -> SweepSummary:
    return demo_record().summary


def runner_of(summary: SweepSummary, parent: _Kept, out: Path) -> PhaseRunner:
    return PhaseRunner(
        options=SweepOptions(),
        profile=PROFILES["quick"],
        out=out,
        environment=TrialEnvironment(out, {}),
        progress=_Silent(),  # type: ignore[arg-type]
        parent=parent,  # type: ignore[arg-type]
        summary=summary,
    )


def runs_of(*generators: dict[str, Any]) -> ArmRuns:
    return ArmRuns(plan_arms(definition(generators), base(), Present()), SEEDS, describe=True)


def test_arms_of_two_tables_that_are_one_configuration_are_one_run(
    summary: SweepSummary, tmp_path: Path
) -> None:
    runs = runs_of(
        {"kind": "leave_one_out", "components": ["merging"]},
        {"kind": "factorial", "components": ["pca", "merging"]},
    )
    executor = _Recording()
    arms = run_arms(runner_of(summary, _Kept(), tmp_path), executor, runs)
    keys = {arm.name: arm.trial_keys for arm in arms}
    assert keys["no_merging"] == keys["with_pca"]
    # full, no_merging = with_pca, with_merging, with_none
    (batch,) = executor.batches
    assert len(batch) == 4 * len(SEEDS)
    assert len({spec.key for spec in batch}) == len(batch)


def test_arms_that_ask_trained_models_run_after_all_others(
    summary: SweepSummary, tmp_path: Path
) -> None:
    runs = runs_of(
        {"kind": "inference_masking", "modalities": ["image"], "fills": ["zero"]},
        {"kind": "modality_masking"},
    )
    executor = _Recording()
    run_arms(runner_of(summary, _Kept(), tmp_path), executor, runs)
    first, second = executor.batches
    assert all(spec.config.evaluation.masking is None for spec in first)
    assert all(spec.config.evaluation.masking is not None for spec in second)
    assert len(first) == 3 * len(SEEDS)
    assert len(second) == len(SEEDS)


def test_all_arms_share_their_seeds_and_only_the_first_run_of_the_base_is_described(
    summary: SweepSummary, tmp_path: Path
) -> None:
    executor = _Recording()
    arms = run_arms(
        runner_of(summary, _Kept(), tmp_path), executor, runs_of({"kind": "modality_masking"})
    )
    specs = {spec.key: spec for batch in executor.batches for spec in batch}
    for arm in arms:
        assert tuple(specs[key].seed for key in arm.trial_keys) == SEEDS
    assert [spec.key for spec in specs.values() if spec.described] == [arms[0].trial_keys[0]]


def test_what_will_run_is_stored_before_the_first_run(
    summary: SweepSummary, tmp_path: Path
) -> None:
    parent = _Kept()

    class Failing(_Recording):
        def execute(self, *given: Any) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_arms(
            runner_of(summary, parent, tmp_path), Failing(), runs_of({"kind": "modality_masking"})
        )
    stored = json.loads(parent.texts[-1])
    assert [arm["name"] for arm in stored["arms"]] == ["full", "text_only", "image_only"]


def test_an_arm_that_could_not_be_tuned_is_recorded_with_its_reason_and_without_runs(
    summary: SweepSummary, tmp_path: Path
) -> None:
    runs = runs_of({"kind": "modality_masking"})
    *kept, last = runs.plan.arms
    lost = replace(
        runs, plan=replace(runs.plan, arms=tuple(kept)), lost=((last, "tuning failed: no codes"),)
    )
    executor, runner = _Recording(), runner_of(summary, _Kept(), tmp_path)
    arms = run_arms(runner, executor, lost, {last.name: 2})
    assert [(arm.name, len(arm.trial_keys)) for arm in arms] == [
        ("full", len(SEEDS)),
        ("text_only", len(SEEDS)),
        ("image_only", 0),
    ]
    assert arms[-1].tuning_trials == 2
    assert runner.summary.skipped_arms[-1] == (last.title, "tuning failed: no codes")


def tuned_by(
    monkeypatch: pytest.MonkeyPatch, runs: ArmRuns, ends: Callable[[str], Any]
) -> tuple[TunedArms, list[str]]:
    """Tunes all arms where each search only says how it ends; gives also which were searched."""
    searched: list[str] = []

    def search(self: Any, executor: Any) -> Any:
        searched.append(self.arm.name)
        return ends(self.arm.name) or (self.arm.config, 2, "")

    monkeypatch.setattr("clairo.workflows.ablation_tuning._ArmSearch.run", search)
    monkeypatch.setattr(
        "clairo.workflows.ablation_tuning.prepare_space", lambda *given: SimpleNamespace(space=None)
    )
    ready = SimpleNamespace(plan=runs.plan, prepared=None)
    tuning = SimpleNamespace(asked=SimpleNamespace(space="quick"), profile=None)
    given: Any = (None, None, ready, tuning)
    return tune_arms(*given), searched


def test_arms_of_two_tables_that_change_the_same_are_tuned_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = runs_of(
        {"kind": "leave_one_out", "components": ["merging"]},
        {"kind": "factorial", "components": ["pca", "merging"]},
    )
    tuned, searched = tuned_by(monkeypatch, runs, lambda name: None)
    # no_merging and with_pca both lack merging alone.
    assert searched == ["full", "no_merging", "with_none", "with_merging"]
    arms = tuned.plan.by_name()
    assert arms["no_merging"].config == arms["with_pca"].config
    assert tuned.trials["with_pca"] == 2


def test_an_arm_whose_tuning_fails_is_lost_and_not_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = runs_of({"kind": "modality_masking"})
    tuned, _ = tuned_by(
        monkeypatch, runs, lambda name: (None, 2, "no codes") if name == "image_only" else None
    )
    assert [(arm.name, why) for arm, why in tuned.lost] == [
        ("image_only", "tuning failed: no codes")
    ]
    assert set(tuned.plan.by_name()) == {"full", "text_only"}
