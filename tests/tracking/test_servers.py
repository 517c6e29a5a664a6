"""The same promises against a real MLflow server and a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from clairo.core.errors import SweepError
from clairo.tracking import ui
from clairo.tracking.mlflow_runs import MlflowTracker
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.reader import list_sweeps, read_sweep
from clairo.tracking.ui import running_server, serve_ui
from tests.contracts.tracker import TRIAL_TAGS, make_dataset, make_summary
from tests.tracking.test_reader import make_rankings, track_trial


def use(config: TrackingConfig, folder: Path) -> None:
    """One sweep with a complete and an orphaned trial, written and read."""
    config.prepare()
    tracker: MlflowTracker = config.connect()
    parent = tracker.open_sweep(make_summary())
    parent.log_dataset(make_dataset(), "ab" * 32, "demo")
    track_trial(tracker, folder, 0, "confirm")
    again = tracker.open_trial("sweep-1", "key-0", "trial", TRIAL_TAGS | {"trial.role": "confirm"})
    with pytest.raises(SweepError, match=r"seed was '7' and is now '8'"):
        again.log_params({"seed": 8})
    again.finish("complete")
    tracker.open_trial("sweep-1", "key-1", "orphan", TRIAL_TAGS | {"trial.number": "1"})
    assert tracker.reconcile("sweep-1") == ("key-1",)
    parent.finish("complete")

    record = read_sweep(config)
    assert record.summary == make_summary()
    first, orphan = record.trials
    assert first.rankings["valid"].ranks.tolist() == make_rankings().ranks.tolist()
    assert first.history["epoch/valid/ndcg_at_10"] == ((1, 0.1), (2, 0.2))
    assert [stage.name for stage in first.stages] == ["fusion"]
    assert (orphan.state, orphan.stages, orphan.rankings) == ("killed", (), {})
    assert [entry.state for entry in list_sweeps(config)] == ["complete"]


@pytest.fixture
def initialised_copy(initialised: Path, tmp_path: Path) -> str:
    shutil.copyfile(initialised, tmp_path / "server.db")
    return f"sqlite:///{tmp_path / 'server.db'}"


class TestServer:
    def test_a_sweep_is_tracked_through_a_server(
        self, initialised_copy: str, tmp_path: Path
    ) -> None:
        children = set(psutil.Process().children(recursive=True))
        with running_server(initialised_copy, str(tmp_path / "served")) as address:
            use(TrackingConfig(address, "clairo"), tmp_path)
            assert httpx.get(address).status_code == 200
            assert list((tmp_path / "served").rglob("sweep.json"))
        assert set(psutil.Process().children(recursive=True)) <= children
        with pytest.raises(SweepError, match=r"must answer at"):
            TrackingConfig(address, "clairo").connect()

    def test_a_taken_port_is_said(self, initialised_copy: str, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(SweepError, match=rf"needs a free port, 127.0.0.1:{port} is not"):
                serve_ui(initialised_copy, str(tmp_path), "127.0.0.1", port)

    def test_a_server_is_not_served_again(self) -> None:
        with pytest.raises(SweepError, match=r"open that address in a browser"):
            serve_ui("http://127.0.0.1:5000", None, "127.0.0.1", 5000)

    def test_a_database_that_cannot_be_opened_is_not_served(self, tmp_path: Path) -> None:
        with pytest.raises(SweepError, match=r"must be a writable sqlite file"):
            serve_ui(f"sqlite:///{tmp_path}", str(tmp_path), "127.0.0.1", 5000)

    def test_a_server_that_does_not_answer_shows_its_last_lines(
        self, initialised_copy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ui, "_START_SECONDS", 0.2)
        with (
            pytest.raises(SweepError, match=r"within 0.2 s, it does not; its last lines: "),
            running_server(initialised_copy, str(tmp_path)),
        ):
            raise AssertionError("it must not come to this")

    def test_ctrl_c_ends_the_server_and_its_workers(
        self, initialised_copy: str, tmp_path: Path
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        arguments = f"{initialised_copy!r}, {str(tmp_path)!r}, '127.0.0.1', {port}"
        script = f"from clairo.tracking.ui import serve_ui; serve_ui({arguments})"
        shell = subprocess.Popen(
            [sys.executable, "-c", script], start_new_session=True, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while len(psutil.Process(shell.pid).children(recursive=True)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        family = psutil.Process(shell.pid).children(recursive=True)
        os.killpg(shell.pid, signal.SIGINT)
        assert shell.wait(timeout=30) == 0
        assert psutil.wait_procs(family, timeout=10)[1] == []


def postgres_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found or not (found[-1] / "initdb").exists():
        pytest.skip("no PostgreSQL programs in /usr/lib/postgresql/*/bin")
    if shutil.which("runuser") is None:
        pytest.skip("no runuser, and PostgreSQL does not run as root")
    return found[-1]


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a private cluster that only this test uses."""
    programs = postgres_programs()
    folder = Path(
        subprocess.check_output(["mktemp", "-d", "/tmp/clairo-pg-XXXXXX"], text=True).strip()
    )
    shutil.chown(folder, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(*command: str) -> None:
        whole = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(whole, check=True, capture_output=True, cwd=folder, timeout=120)

    options = f"-p {port} -k {folder} -h 127.0.0.1 -c fsync=off"
    data = str(folder / "data")
    try:
        run(str(programs / "initdb"), "-D", data, "-A", "trust", "--no-sync", "-U", "ada")
        log = str(folder / "log")
        run(str(programs / "pg_ctl"), "-D", data, "-w", "-l", log, "-o", options, "start")
        try:
            yield f"postgresql://ada@127.0.0.1:{port}/postgres"
        finally:
            run(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def test_a_sweep_is_tracked_in_postgresql(postgres: str, tmp_path: Path) -> None:
    use(TrackingConfig(postgres, "clairo", str(tmp_path / "artifacts")), tmp_path)
