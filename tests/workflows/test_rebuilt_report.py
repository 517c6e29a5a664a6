"""A report comes from MLflow alone: byte for byte, wherever and whenever it is made again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clairo.core.errors import SweepError
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.reader import read_sweep
from clairo.tracking.records import SweepRecord
from clairo.tracking.ui import running_server
from clairo.workflows.locations import tracking_config
from clairo.workflows.report import make_report
from tests.conftest import REPOSITORY
from tests.reporting.representations import described_record
from tests.reporting.tracked import track_record


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    return described_record()


@pytest.fixture(scope="module")
def out(record: SweepRecord, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder in which the sweep was tracked: a database and artifacts, nothing else."""
    folder = tmp_path_factory.mktemp("tracked") / "runs"
    config = tracking_config(folder, None)
    config.prepare()
    track_record(config, record)
    return folder


@pytest.fixture(scope="module")
def first(out: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Every file of the first report, which is gone afterwards."""
    folder = tmp_path_factory.mktemp("first")
    files = make_report(tracking_config(out, None), None, folder)
    found = contents(files.folder)
    shutil.rmtree(folder)
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_all_pages_and_tables_are_there(first: dict[str, bytes]) -> None:
    pages = {"index.html", "ablation.html", "representation.html", "vocabulary.html"}
    assert pages <= set(first)
    assert sum(name.startswith("tables/") for name in first) == len(first) - len(pages)
    assert {Path(name).suffix for name in first} == {".html", ".csv", ".md", ".tex"}


def test_no_file_names_a_place_on_this_machine(first: dict[str, bytes], out: Path) -> None:
    for name, content in first.items():
        for place in (str(out.parent), str(REPOSITORY), str(Path.home())):
            assert place.encode() not in content, name


@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_another_process_in_another_folder_makes_the_same_bytes(
    first: dict[str, bytes], out: Path, record: SweepRecord, tmp_path: Path, hash_seed: str
) -> None:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": hash_seed,
        "PYTHONPATH": str(REPOSITORY),
        "TZ": "Asia/Tokyo",
        "COLUMNS": "60",
    }
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = ["-m", "clairo", "report", "--out", str(out), "--reports", "pages"]
    subprocess.run(
        [sys.executable, *command], cwd=elsewhere, env=environment, check=True, timeout=300
    )
    assert contents(elsewhere / "pages" / record.summary.sweep_id) == first


def test_a_server_over_the_same_database_gives_the_same_bytes(
    first: dict[str, bytes], out: Path, tmp_path: Path
) -> None:
    with running_server(f"sqlite:///{out / 'mlflow.db'}", str(out / "artifacts")) as address:
        files = make_report(TrackingConfig(address, "clairo"), None, tmp_path)
    assert contents(files.folder) == first


@pytest.fixture(scope="module")
def served(
    record: SweepRecord, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TrackingConfig]:
    """The same sweep tracked through a server that keeps the artifacts itself."""
    folder = tmp_path_factory.mktemp("served")
    tracking_config(folder, None).prepare()
    with running_server(f"sqlite:///{folder / 'mlflow.db'}", str(folder / "kept")) as address:
        config = TrackingConfig(address, "served")
        config.prepare()
        track_record(config, record)
        yield config


def test_a_sweep_that_was_tracked_through_a_server_gives_the_same_bytes_but_for_its_id(
    first: dict[str, bytes], served: TrackingConfig, out: Path, tmp_path: Path
) -> None:
    there = read_sweep(served).run_id.encode()
    here = read_sweep(tracking_config(out, None)).run_id.encode()
    assert here in first["index.html"]
    found = contents(make_report(served, None, tmp_path).folder)
    assert {name: content.replace(there, here) for name, content in found.items()} == first


def test_the_stored_report_is_what_was_written(
    first: dict[str, bytes], out: Path, tmp_path: Path
) -> None:
    tracker = tracking_config(out, None).connect()
    run_id = read_sweep(tracking_config(out, None)).run_id
    stored = tracker.connection.client.download_artifacts(run_id, "report", str(tmp_path))
    assert contents(Path(stored)) == first


def test_a_deleted_experiment_is_said_with_the_way_back(
    record: SweepRecord, tmp_path: Path
) -> None:
    config = tracking_config(tmp_path / "runs", None)
    config.prepare()
    tracker = config.connect()
    tracker.open_sweep(record.summary)
    tracker.connection.client.delete_experiment(tracker.experiment_id)
    with pytest.raises(SweepError, match=r"was deleted .*mlflow experiments restore"):
        make_report(config, None, tmp_path / "reports")
    tracker.connection.client.restore_experiment(tracker.experiment_id)
    assert make_report(config, None, tmp_path / "reports").index.exists()
