"""An evaluation with a modality masked is the same training, asked anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clairo.core.config import parse_config
from clairo.core.errors import ConfigError
from clairo.core.stage import Runtime
from clairo.datasets.demo import DemoConfig
from clairo.datasets.lcrec import LcrecConfig
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import make_plan
from clairo.pipeline.profiles import PROFILES
from clairo.pipeline.runner import StageRunner, always
from clairo.pipeline.sources import hash_sources
from clairo.pipeline.trial import TrialEnvironment, TrialSpec, run_trial
from clairo.store import FilesystemStore
from clairo.workflows.locations import tracking_config
from tests.datasets.lcrec_files import write_generated
from tests.pipeline.small import SETTINGS, small_config
from tests.reporting.records import demo_record

ONLY_MASKED = {"masked_vectors", "masked_codes", "valid_evaluation"}
"""What a trial with a modality masked makes itself."""


def masking(modality: str, fill: str = "zero") -> dict[str, Any]:
    return {"masking": {"modality": modality, "fill": fill}}


def entries(config: PipelineConfig, seed: int = 0) -> dict[str, str]:
    goals = ("valid_evaluation", "test_evaluation")
    return {
        step.stage.name: str(step.fingerprint) for step in make_plan(config, seed, {}, goals).steps
    }


def test_masking_renames_the_evaluations_and_nothing_that_was_there() -> None:
    plain, masked = entries(small_config()), entries(small_config(evaluation=masking("image")))
    assert set(masked) - set(plain) == {"masked_vectors", "masked_codes"}
    changed = {name for name in plain if plain[name] != masked[name]}
    assert changed == {"valid_evaluation", "test_evaluation"}
    assert masked["valid_evaluation"].startswith("valid_evaluation/greedy_image_zero-")


def test_every_modality_and_fill_is_an_entry_and_a_key_of_its_own() -> None:
    configs = [small_config()] + [
        small_config(evaluation=masking(modality, fill))
        for modality in ("text", "image")
        for fill in ("zero", "mean", "shuffled")
    ]
    assert len({config.key for config in configs}) == 7
    assert len({entries(config)["test_evaluation"] for config in configs}) == 7


def test_what_is_not_masked_keeps_the_entries_and_the_key_it_had_before_masking_was() -> None:
    config = PipelineConfig.model_validate({**PROFILES["quick"].base, "dataset": DemoConfig()})
    assert config.key == "d9dcdfed39174f7a"
    found = entries(config)
    assert found["training"] == "training/t5-765e7a65059b2cf1"
    assert found["valid_evaluation"] == "valid_evaluation/ensemble-cc5ff60f84eb2630"
    assert found["test_evaluation"] == "test_evaluation/ensemble-f4a2ec8e7e6264df"


def test_the_stages_that_fit_anew_are_given_the_seeds_of_those_they_repeat() -> None:
    plan = make_plan(small_config(evaluation=masking("image")), 5, {})
    assert plan.step("masked_vectors").seed == plan.step("fusion").seed
    assert plan.step("masked_codes").seed == plan.step("quantization").seed


@pytest.mark.parametrize(("fill", "shared"), [("zero", True), ("mean", True), ("shuffled", False)])
def test_seeds_share_masked_vectors_where_nothing_is_drawn(fill: str, shared: bool) -> None:
    config = small_config(evaluation=masking("text", fill))
    one, two = entries(config, 1), entries(config, 2)
    assert (one["masked_vectors"] == two["masked_vectors"]) is shared


def test_a_masked_trial_computes_no_stage_of_the_training(tmp_path: Path) -> None:
    store = FilesystemStore(tmp_path)

    def ran(config: PipelineConfig) -> set[str]:
        runner = StageRunner(make_plan(config, 0, {}), store, Runtime(), 0)
        assert runner.train((), always)
        runner.get("valid_evaluation")
        return {name for name, record in runner.records.items() if not record.cached}

    assert "training" in ran(small_config())
    assert ran(small_config(evaluation=masking("image"))) == ONLY_MASKED
    assert ran(small_config(evaluation=masking("text", "shuffled"))) == ONLY_MASKED
    assert ran(small_config(evaluation=masking("image"))) == set()


def test_a_masked_trial_records_what_was_masked_and_how_far_it_went(tmp_path: Path) -> None:
    tracking = tracking_config(tmp_path, None)
    tracking.prepare()
    summary = replace(demo_record().summary, candidates=(), arms=())
    tracking.connect().open_sweep(summary)
    config = small_config(evaluation=masking("image", "mean"))
    spec = TrialSpec(summary.sweep_id, 0, "confirm", config, seed=0, name="masked")
    outcome = run_trial(spec, TrialEnvironment(tmp_path / "store", {}, tracking), always)
    assert outcome.state == "complete", outcome.error
    (run,) = tracking.connect().trials(spec.sweep_id)
    logged = run.data
    assert logged.params["evaluation.masking.modality"] == "image"
    assert logged.params["evaluation.masking.fill"] == "mean"
    assert logged.metrics["valid/masked_changed_codes"] > 0
    assert logged.metrics["valid/masked_unknown_codes"] == 0
    assert "valid/masked_digit_bits" in logged.metrics
    assert logged.metrics["masked_codes/changed_items"] > 0


def given(folder: Path, fill: str = "shuffled", **quantization: str) -> PipelineConfig:
    settings = {key: SETTINGS[key] for key in ("merging", "model")}
    return parse_config(
        PipelineConfig,
        {
            **settings,
            "dataset": LcrecConfig(name="Tiny", data_dir=folder),
            "quantization": {"kind": "given", **quantization},
            "evaluation": {**SETTINGS["evaluation"], **masking("image", fill)},
        },
        "here",
    )


def test_given_codes_are_shuffled_without_vectors(tmp_path: Path) -> None:
    write_generated(tmp_path)
    config = given(tmp_path)
    sources = hash_sources(config.dataset)
    plan = make_plan(config, 0, sources)
    assert set(plan.step("masked_codes").inputs) == {"dataset", "quantization"}
    assert "masked_vectors" not in plan.names()
    runner = StageRunner(plan, FilesystemStore(tmp_path / "store"), Runtime(), 0)
    facts = runner.get("valid_evaluation").facts
    # Two text columns stay. An image code is the item's number modulo 5 and its fifth part, so
    # another item has another pair, and most often both codes are others.
    assert 0.25 < facts["masked_changed_codes"] <= 0.5
    assert facts["masked_unknown_codes"] == 0.0


@pytest.mark.parametrize("fill", ["zero", "mean"])
def test_given_codes_cannot_be_filled(fill: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"no vectors .*fill={fill}; use shuffled"):
        given(tmp_path, fill)


def test_given_codes_that_are_not_used_cannot_be_masked(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"modality=image with quantization\.modalities=text; mask that one"
    ):
        given(tmp_path, modalities="text")
    assert given(tmp_path, modalities="image").evaluation.masking is not None


@pytest.mark.parametrize(("fusion", "other"), [("text_only", "image"), ("image_only", "text")])
def test_a_modality_that_the_fusion_does_not_read_cannot_be_masked(fusion: str, other: str) -> None:
    read = fusion.removesuffix("_only")

    def settings(modality: str) -> dict[str, Any]:
        config = {**SETTINGS, "dataset": DemoConfig(), "fusion": {"kind": fusion}}
        return {**config, "evaluation": masking(modality)}

    with pytest.raises(
        ConfigError, match=rf"modality={other} with fusion\.kind={fusion}; mask {read}, or"
    ):
        parse_config(PipelineConfig, settings(other), "here")
    # Legal: then nothing is left of an item but its digit.
    assert parse_config(PipelineConfig, settings(read), "here").evaluation.masking is not None
