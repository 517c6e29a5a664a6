"""A planted answer, found: images help where the next item depends on them, and only there.

The same question as ``tests/benchmarks/test_demo_verdicts.py``, on one small world and three seeds.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from clairo.reporting.ablation_effects import compute_ablations
from clairo.reporting.ablation_info import AblationInfo, EffectInfo
from clairo.tracking.reader import read_sweep
from clairo.workflows.ablate import run_ablation
from clairo.workflows.ablation_options import AblateOptions
from clairo.workflows.locations import tracking_config

DEFINITION = """
question: Does the platform find the value of images that was planted?
generators:
  - kind: variants
    name: without_images
    title: Without images
    about: Trained anew without images, at equal bits per item.
    arms:
      - name: text_only
        title: Text only
        changes:
          fusion: {kind: text_only}
          quantization.codebooks: shared
          quantization.num_codebooks: 2
base:
  settings: {model: {epochs: 4, patience: 2}, evaluation: {max_users: 400, invalid_users: 0}}
seeds: 3
minimum_relevant_effect: {value: 0.079}   # that of the benchmark, fixed before the runs
covariate: planted visual share
groups:
  - {name: blind, title: Images tell nothing, covariate: 0.0, category: demo,
     dataset: {seed: 2301, num_users: 600, visual_share: 0.0}}
  - {name: telling, title: Images tell the look, covariate: 0.9, category: demo,
     dataset: {seed: 2301, num_users: 600, visual_share: 0.9}}
"""


@pytest.fixture(scope="module")
def effects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, EffectInfo]:
    """Text only minus both modalities, by group."""
    folder: Path = tmp_path_factory.mktemp("planted")
    file = folder / "planted.yaml"
    file.write_text(DEFINITION, encoding="utf-8")
    run_ablation(
        AblateOptions(
            experiment=str(file), out=folder / "runs", reports=folder / "reports", executor="local"
        )
    )
    info = compute_ablations(read_sweep(tracking_config(folder / "runs", None)))["without_images"]
    assert isinstance(info, AblationInfo)
    return {effect.arm.group: effect for effect in info.effects}


def test_leaving_images_out_is_worse_where_they_tell_what_comes_next(
    effects: dict[str, EffectInfo],
) -> None:
    assert effects["telling"].verdict == "worse"
    assert effects["telling"].interval.mean < -0.079


def test_images_are_never_called_a_help_where_they_tell_nothing(
    effects: dict[str, EffectInfo],
) -> None:
    assert effects["blind"].verdict != "worse"


def test_images_are_worth_more_where_more_was_planted(effects: dict[str, EffectInfo]) -> None:
    assert effects["telling"].interval.mean < effects["blind"].interval.mean
