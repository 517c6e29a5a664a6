"""A whole sweep over data that bring their codes: from the files to the pages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from clairo.pipeline.config import BEFORE_CODES, PipelineConfig
from clairo.tracking.reader import read_sweep
from clairo.tracking.records import SweepRecord
from clairo.workflows.locations import tracking_config
from tests.datasets.lcrec_files import write_generated
from tests.end_to_end.real_sweep import Ended, run_clairo

SPACE = """
about: What makes codes, the merges, and a model that trains in a second.
reduction: {kind: pca, variance: {choice: [0.9, 0.95]}}
fusion:
  choice: [{kind: none}, {kind: text_only}]
quantization: {num_codebooks: {choice: [1, 2]}, num_hash_buckets: null}
merging: {kind: feature_set_bpe, num_merges: {choice: [10, 20]}}
model:
  num_layers: 1
  num_decoder_layers: 1
  d_model: 16
  d_ff: 16
  epochs: 4
  max_examples: 200
  valid_users: 30
evaluation: {num_beams: 10, top_k: 10, ensemble: 2, max_users: 40, invalid_users: 10}
enqueue:
  - {fusion: {kind: none}, merging: {num_merges: 10}}
  - {fusion: {kind: text_only}, merging: {num_merges: 10}}
"""


@dataclass(frozen=True)
class CodesSweep:
    """A finished sweep, its record and its pages."""

    ended: Ended
    record: SweepRecord
    pages: Path

    def page(self, name: str) -> str:
        return (self.pages / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> CodesSweep:
    folder = tmp_path_factory.mktemp("given-codes")
    write_generated(folder / "data")
    space = folder / "small.yaml"
    space.write_text(SPACE, encoding="utf-8")
    options = {
        "--category": "lcrec/tiny",
        "--data": folder / "data",
        "--space": space,
        "--trials": 2,
        "--workers": 1,
        "--executor": "local",
        "--out": folder / "runs",
        "--reports": folder / "reports",
    }
    ended = run_clairo(["sweep", *(str(part) for pair in options.items() for part in pair)])
    assert ended.code == 0, ended.output
    record = read_sweep(tracking_config(folder / "runs", None))
    return CodesSweep(ended, record, folder / "reports" / record.summary.sweep_id)


def test_the_terminal_says_what_came_with_the_data_and_what_is_not_searched(
    sweep: CodesSweep,
) -> None:
    said = sweep.ended.output
    assert (
        "every item came with 2 text codes (8 x 8) and 2 image codes (8 x 8); 0 of 40 have a title"
    ) in said
    assert "reduction.variance: left out of the search because codes come with the data." in said
    assert "quantization.num_codebooks: replaced by the codes that come with the data." in said
    assert "given codes, all, 10 merges" in said


def test_known_points_were_tried_as_codes_of_both_and_of_text(sweep: CodesSweep) -> None:
    searched = [trial for trial in sweep.record.trials if trial.role == "search"]
    assert {trial.config["quantization"]["modalities"] for trial in searched} == {"all", "text"}
    assert all(trial.state == "complete" for trial in searched)


def test_no_trial_ran_or_logged_a_stage_that_makes_codes(sweep: CodesSweep) -> None:
    for trial in sweep.record.trials:
        assert [stage.name for stage in trial.stages][:4] == [
            "dataset",
            "quantization",
            "merging",
            "training",
        ]
        assert not set(BEFORE_CODES) & trial.config.keys()


def test_a_logged_configuration_can_be_run_again(sweep: CodesSweep) -> None:
    trial = sweep.record.trials[0]
    again = yaml.safe_load(yaml.safe_dump(dict(trial.config)))
    assert PipelineConfig.model_validate(again).key == trial.config_key


def test_the_ablation_masks_modalities_and_switches_off_what_comes_after_the_codes(
    sweep: CodesSweep,
) -> None:
    arms = {arm.name for arm in sweep.record.summary.arms}
    assert len({"both", "text_only", "image_only"} & arms) == 2
    assert {"no_merging", "no_spr", "no_ensemble"} <= arms
    why = dict(sweep.record.summary.skipped_arms)
    assert why["Without PCA"] == "the codes come with the data, nothing makes them"


def test_pages_say_where_the_codes_come_from_and_print_ids_for_titles(sweep: CodesSweep) -> None:
    index = sweep.page("index.html")
    assert "2 text codes (Tiny.index_lemb.json) and 2 image codes (Tiny.index_vitemb.json)" in index
    assert "0 of 40 items have a picture" not in index
    assert "the files have the opposite for text" in index
    for name in ("index.html", "ablation.html", "vocabulary.html"):
        page = sweep.page(name)
        assert "color_hog" not in page
        assert "Untitled item" not in page
    assert "Bits per item differ from the full configuration" in sweep.page("ablation.html")
