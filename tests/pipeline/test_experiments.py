"""Every file in ``experiments/`` that a run may be asked with is a valid pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
import yaml

from clairo.core.config import parse_config
from clairo.datasets.demo import DemoConfig
from clairo.embeddings import AnyImageEncoder, AnyTextEncoder
from clairo.fusion import AnyFusion
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.profiles import PROFILES
from clairo.quantization import AnyQuantizer
from clairo.reduction import AnyReduction

FOLDER = Path(__file__).resolve().parents[2] / "experiments"
FILES = sorted([*FOLDER.glob("*.yaml"), *FOLDER.glob("representation/*.yaml")])
FAMILIES = {
    "text": AnyTextEncoder,
    "image": AnyImageEncoder,
    "reduction": AnyReduction,
    "fusion": AnyFusion,
    "quantization": AnyQuantizer,
}


def configure(path: Path) -> PipelineConfig:
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    base = PROFILES["quick"].base_for(DemoConfig())
    return parse_config(PipelineConfig, {**base, **values}, path.name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_experiment_is_a_valid_pipeline(path: Path) -> None:
    assert configure(path).dataset == DemoConfig()


@pytest.mark.parametrize("section", FAMILIES)
def test_every_method_of_a_family_is_in_an_experiment(section: str) -> None:
    kinds = {member.model_fields["kind"].default for member in get_args(FAMILIES[section])}
    shown = {getattr(configure(path), section).kind for path in FILES}
    assert kinds - shown == set()
