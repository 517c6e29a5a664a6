from pathlib import Path

import pytest
import yaml

from clairo.core.config import parse_config
from clairo.datasets.demo import DemoConfig
from clairo.pipeline.config import PipelineConfig

FOLDER = Path(__file__).resolve().parents[2] / "experiments"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.name)
def test_every_experiment_is_a_valid_pipeline(path):
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert parse_config(PipelineConfig, {**values, "dataset": DemoConfig()}, path.name)


def test_there_are_experiments():
    assert list(FOLDER.glob("*.yaml"))
