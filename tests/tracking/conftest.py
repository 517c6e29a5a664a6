"""One initialised sqlite database, copied for each test: initialising takes seconds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clairo.tracking.mlflow_tracker import TrackingConfig


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("initialised")
    config = TrackingConfig(f"sqlite:///{folder / 'mlflow.db'}", "first", str(folder / "artifacts"))
    config.prepare()
    return folder / "mlflow.db"


@pytest.fixture
def config(initialised: Path, tmp_path: Path) -> TrackingConfig:
    """A prepared sqlite address with an empty experiment."""
    shutil.copyfile(initialised, tmp_path / "mlflow.db")
    config = TrackingConfig(
        f"sqlite:///{tmp_path / 'mlflow.db'}", "clairo", str(tmp_path / "artifacts")
    )
    config.prepare()
    return config
