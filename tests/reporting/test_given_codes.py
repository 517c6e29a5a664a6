"""What pages say of data that bring their codes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clairo.reporting.ablation_effects import compute_ablation
from clairo.reporting.ablation_families import families
from clairo.reporting.ablation_figures import plot_seeds
from clairo.reporting.ablation_info import AblationInfo
from clairo.reporting.labels import setting_label
from clairo.reporting.provenance import coverage_sentence, no_evidence_for
from clairo.reporting.style import MODALITY_COLORS
from tests.reporting.records import demo_record, demo_summary

FILES = [
    {"file": "T.index_lemb.json", "modality": "text", "case": "lower", "column_sizes": [256, 8]},
    {"file": "T.index_vitemb.json", "modality": "image", "case": "upper", "column_sizes": [256]},
]
FACTS: dict[str, Any] = {
    "num_items": 1300,
    "items_with_title": 20,
    "image_coverage": 0.0,
    "text_coverage": 20 / 1300,
    "index_files": FILES,
}


def test_coverage_names_the_codes_and_their_files_instead_of_pictures_that_nobody_reads() -> None:
    assert coverage_sentence(FACTS) == (
        "every item came with 2 text codes (T.index_lemb.json) and 1 image code "
        "(T.index_vitemb.json); 20 of 1,300 have a title"
    )


def test_what_was_not_recorded_of_titles_is_not_guessed() -> None:
    assert "title" not in coverage_sentence({"index_files": FILES[:1]})


def test_the_warning_does_not_speak_of_encoders_where_there_were_none() -> None:
    given = demo_record(dataset_facts={**demo_summary().dataset_facts, **FACTS})
    assert "has small models and" in no_evidence_for(given, exploratory=True)
    assert "small encoders and models" in no_evidence_for(demo_record(), exploratory=True)


def test_whose_codes_are_used_has_a_name_for_people() -> None:
    assert setting_label("quantization.modalities") == "codes used"


@pytest.mark.parametrize(
    ("modalities", "color"),
    [("text", "text"), ("image", "image"), ("all", "joint")],
)
def test_a_winner_of_given_codes_wears_the_color_of_what_it_uses(
    modalities: str, color: str
) -> None:
    record = demo_record()
    full = next(arm for arm in record.summary.arms if arm.name == "full")
    given = {"quantization": {"kind": "given", "modalities": modalities}}
    trials = tuple(
        replace(trial, config={**trial.config, **given}) if trial.key in full.trial_keys else trial
        for trial in record.trials
    )
    info = compute_ablation(replace(record, trials=trials), families(record)[0])
    assert isinstance(info, AblationInfo)
    first = plot_seeds(info, "NDCG@10").data[0]
    assert first.marker.line.color == MODALITY_COLORS[color]
