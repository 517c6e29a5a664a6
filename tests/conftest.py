"""What all tests share: where the real data is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# One native thread per pool: the tests of a file must not fight the workers they start.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real data and golden files; tests that need it skip where it is absent."""
    folder = (REPOSITORY / os.environ.get("CLAIRO_SHARED", "../shared")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}; set CLAIRO_SHARED to the folder that has it")
    return folder
