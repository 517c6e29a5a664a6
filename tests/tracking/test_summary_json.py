from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from clairo.core.errors import SweepError
from clairo.tracking.records import Arm, Candidate, StageRecord
from clairo.tracking.summary_json import (
    stages_from_json,
    stages_to_json,
    summary_from_json,
    summary_to_json,
)
from tests.contracts.tracker import make_summary

FULL = make_summary(
    candidates=(Candidate("c0ffee", 0.25, ("key-1", "key-2")),),
    arms=(Arm("text_only", "modality_masking", "Text only", {"fusion.kind": "x"}, ("key-3",)),),
    ablation_seeds=(101, 102),
    skipped_arms=(("Without PCA", "The winner has none."),),
    duplicates=2,
    wall_seconds=12.5,
    finished=True,
)
STAGE = StageRecord("quantization", "opq", "quantization/opq-00", 0.5, 9.5, True, 10, {"usage": 1})


def test_a_summary_comes_back_as_it_was() -> None:
    assert summary_from_json(summary_to_json(FULL)) == FULL


def test_stages_come_back_with_what_the_store_saved() -> None:
    (stage,) = stages_from_json(stages_to_json((STAGE,)))
    assert stage == STAGE
    assert stage.saved_seconds == 9.5 - 0.5


def test_stages_say_what_they_were_cut_from_and_older_ones_were_not() -> None:
    cut = replace(STAGE, cut_from="quantization/opq-01", borrowed_seconds=3.0)
    assert stages_from_json(stages_to_json((cut,))) == (cut,)
    (older,) = json.loads(stages_to_json((cut,)))
    del older["cut_from"], older["borrowed_seconds"]
    assert stages_from_json(json.dumps([older])) == (STAGE,)


def test_numpy_numbers_become_plain_ones() -> None:
    summary = replace(FULL, dataset_facts={"items": np.int64(3), "share": [np.float32(0.5)]})
    assert summary_from_json(summary_to_json(summary)).dataset_facts == {"items": 3, "share": [0.5]}


@pytest.mark.parametrize("value", [float("nan"), np.float64("inf")])
def test_a_number_that_is_not_finite_is_named(value: float) -> None:
    with pytest.raises(SweepError, match=r"dataset_facts: ceiling is (nan|inf)"):
        summary_to_json(replace(FULL, dataset_facts={"ceiling": value}))


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(SweepError, match=r"sweep.json must hold JSON values"):
        summary_to_json(replace(FULL, environment={"lock": object()}))


def test_a_missing_field_and_a_wrong_kind_are_named() -> None:
    values = json.loads(summary_to_json(FULL))
    del values["objective"]
    values["seed"] = "seven"
    with pytest.raises(SweepError, match=r"seed: .*'seven'.*objective: Field required"):
        summary_from_json(json.dumps(values))


def test_text_that_is_no_json_is_refused() -> None:
    with pytest.raises(SweepError, match=r"stages.json must be what this version writes"):
        stages_from_json("half a fi")
