"""What all tests share: where the real data is, and one real sweep."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.end_to_end.real_sweep import RealSweep

# One native thread per pool: the tests of a file must not fight the workers they start.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# How long an example takes says how busy the machine is.
settings.register_profile("clairo", deadline=None)
settings.load_profile("clairo")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real data and golden files; tests that need it skip where it is absent."""
    folder = (REPOSITORY / os.environ.get("CLAIRO_SHARED", "../shared")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}; set CLAIRO_SHARED to the folder that has it")
    return folder


@pytest.fixture(scope="session")
def real_sweep(tmp_path_factory: pytest.TempPathFactory) -> RealSweep:
    """A small sweep under Ray that was interrupted once and then finished."""
    from tests.end_to_end.real_sweep import make_real_sweep

    return make_real_sweep(tmp_path_factory.mktemp("real-sweep"))
