"""Adapters hand methods what they need and nothing of what they must not see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from clairo.core.artifacts import Dataset, InteractionLog
from clairo.core.stage import Runtime
from clairo.evaluation import ranking_metrics
from clairo.pipeline.plan import make_plan
from clairo.stages import PIPELINE, STAGES
from clairo.stages.training import training_data
from tests.pipeline.small import small_config

CONFIG = small_config()


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """Every stage of a small pipeline, run by hand from memory."""
    plan = make_plan(CONFIG, 0, {}, ("valid_evaluation", "test_evaluation"))
    made: dict[str, Any] = {}
    for step in plan.steps:
        made[step.stage.name] = step.stage.run(step.settings, made, step.seed, Runtime())
    return made


def rerun(name: str, results: dict[str, Any], **changed: Any) -> Any:
    step = make_plan(CONFIG, 0, {}, (name,)).step(name)
    return step.stage.run(step.settings, {**results, **changed}, step.seed, Runtime())


def with_other_targets(dataset: Dataset) -> Dataset:
    """The same training parts; everything that is to be predicted is item 0."""
    items = dataset.log.items.copy()
    for positions in (dataset.splits.valid_positions, dataset.splits.test_positions):
        asked = positions >= 0
        items[dataset.log.offsets[:-1][asked] + positions[asked]] = 0
    log = dataset.log
    changed = InteractionLog(log.user_ids, items, log.timestamps, log.offsets)
    return replace(dataset, log=changed)


def test_every_stage_gives_the_type_it_promises(results: dict[str, Any]) -> None:
    # A generated world has no raw interactions, and nothing is masked here: their stages have
    # tests of their own.
    elsewhere = {"interactions", "masked_vectors", "masked_codes"}
    for stage in [stage for stage in PIPELINE if stage.name not in elsewhere]:
        assert isinstance(results[stage.name], stage.output), stage.name
        assert results[stage.name].facts is not None


def test_stages_have_names_of_their_own_and_versions() -> None:
    assert len(STAGES) == len(PIPELINE)
    assert all(stage.version >= 1 for stage in PIPELINE)


@pytest.mark.parametrize(
    ("fusion", "read"),
    [
        ("none", {"text_reduction", "image_reduction"}),
        ("text_only", {"text_reduction"}),
        ("image_only", {"image_reduction"}),
        ("concat", {"text_reduction", "image_reduction"}),
    ],
)
def test_fusion_reads_the_modalities_it_needs(fusion: str, read: set[str]) -> None:
    config = small_config(fusion={"kind": fusion})
    assert set(STAGES["fusion"].inputs(config)) == {"dataset", *read}


def test_modalities_stay_apart_and_codes_say_whose_they_are(results: dict[str, Any]) -> None:
    assert [table.modality for table in results["fusion"].tables] == ["text", "image"]
    codes = results["quantization"]
    assert codes.column_modalities[:2] == ("text", "image")
    assert codes.codes.shape[0] == 60


@pytest.mark.parametrize("name", ["text_reduction", "quantization", "merging"])
def test_nothing_is_fitted_on_what_is_to_be_predicted(results: dict[str, Any], name: str) -> None:
    other = with_other_targets(results["dataset"])
    again = rerun(name, results, dataset=other)
    if name == "text_reduction":
        np.testing.assert_array_equal(again.get("text").vectors, results[name].get("text").vectors)
    elif name == "quantization":
        np.testing.assert_array_equal(again.codes, results[name].codes)
    else:
        assert again.facts["num_merges"] == results[name].facts["num_merges"]
        for one, two in zip(again.encode_items(), results[name].encode_items(), strict=True):
            assert one.tolist() == two.tolist()


def test_training_examples_come_from_training_parts(results: dict[str, Any]) -> None:
    tokenizer, dataset = results["merging"], results["dataset"]
    data = training_data(CONFIG.model, dataset, tokenizer, 0)
    other = training_data(CONFIG.model, with_other_targets(dataset), tokenizer, 0)
    assert data.vocab_size == tokenizer.vocab_size
    assert data.num_examples == CONFIG.model.max_examples
    assert len(data.strings) == len(dataset.catalog)
    assert data.targets.tolist() == other.targets.tolist()
    assert data.draw_inputs(1).values.tolist() == other.draw_inputs(1).values.tolist()


def test_histories_are_segmented_anew_in_every_epoch_by_the_seed(
    results: dict[str, Any],
) -> None:
    data = training_data(CONFIG.model, results["dataset"], results["merging"], 0)
    again = training_data(CONFIG.model, results["dataset"], results["merging"], 0)
    assert data.draw_inputs(1).values.tolist() == again.draw_inputs(1).values.tolist()
    assert data.draw_inputs(1).values.tolist() != data.draw_inputs(2).values.tolist()


def test_training_follows_its_curve_and_keeps_the_best_epoch(results: dict[str, Any]) -> None:
    state = results["training"]
    values = [metrics["ndcg_at_10"] for metrics in state.curve if "ndcg_at_10" in metrics]
    assert state.epochs_done == 4
    assert state.best_value == max(values)


@pytest.mark.parametrize("split", ["valid", "test"])
def test_ranks_belong_to_the_targets_of_their_split(results: dict[str, Any], split: str) -> None:
    dataset: Dataset = results["dataset"]
    rankings = results[f"{split}_evaluation"]
    places = dataset.log.offsets[rankings.users] + dataset.splits.positions(split)[rankings.users]
    assert rankings.split == split
    assert rankings.targets.tolist() == dataset.log.items[places].tolist()
    assert len(rankings.users) == CONFIG.evaluation.max_users == rankings.facts["num_users"]
    for row, (rank, target) in enumerate(zip(rankings.ranks, rankings.targets, strict=True)):
        listed = rankings.top_items[row].tolist()
        assert (listed.index(target) + 1 if target in listed else 0) == rank
    for name, value in ranking_metrics(rankings.ranks).items():
        assert rankings.facts[name] == pytest.approx(value)


def test_both_splits_ask_the_same_users_whatever_the_model(results: dict[str, Any]) -> None:
    one, two = results["valid_evaluation"], results["test_evaluation"]
    assert one.users.tolist() == two.users.tolist()


def test_constrained_lists_hold_items_and_each_once(results: dict[str, Any]) -> None:
    for listed in results["test_evaluation"].top_items:
        known = listed[listed >= 0]
        assert len(set(known.tolist())) == len(known)
        assert known.max() < 60


def test_the_invalid_share_is_measured_without_constraint(results: dict[str, Any]) -> None:
    facts = results["valid_evaluation"].facts
    assert 0.0 <= facts["invalid_share_at_10"] <= 1.0
