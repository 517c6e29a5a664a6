from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clairo.core.errors import SweepError
from clairo.tracking import addresses
from clairo.tracking.addresses import require_answer, sqlite_path, with_driver
from clairo.tracking.mlflow_tracker import TrackingConfig

REPOSITORY = Path(__file__).resolve().parents[2]


def refused(config: TrackingConfig) -> str:
    """The message with which an address is refused, within seconds."""
    started = time.monotonic()
    with pytest.raises(SweepError) as caught:
        config.prepare()
    assert time.monotonic() - started < 15
    return str(caught.value)


class TestSqlite:
    def test_a_database_in_a_new_folder_is_made(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "mlflow.db"
        config = TrackingConfig(f"sqlite:///{path}", "clairo", str(tmp_path / "artifacts"))
        # A real driver, so that what MLflow prints on a first start is seen as well.
        script = (
            "import sys; from clairo.tracking.mlflow_tracker import TrackingConfig;"
            "TrackingConfig(*sys.argv[1:]).prepare()"
        )
        command = [sys.executable, "-c", script, config.uri, "clairo", str(tmp_path / "artifacts")]
        drivers = [
            subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE) for _ in range(2)
        ]
        said = [driver.communicate(timeout=120)[1] for driver in drivers]
        assert [driver.returncode for driver in drivers] == [0, 0]
        assert said == [b"", b""]
        assert config.connect().sweeps() == []

    def test_preparing_twice_keeps_the_experiment(self, config: TrackingConfig) -> None:
        before = config.connect().experiment_id
        config.prepare()
        assert config.connect().experiment_id == before

    def test_the_artifact_root_is_absolute(
        self, config: TrackingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        TrackingConfig(config.uri, "relative", "runs/artifacts").prepare()
        TrackingConfig(config.uri, "remote", "s3://bucket/runs").prepare()
        client = config.connect().connection.client
        locations = [
            client.get_experiment_by_name(name).artifact_location for name in ("relative", "remote")
        ]
        assert locations == [(tmp_path / "runs" / "artifacts").as_uri(), "s3://bucket/runs"]

    def test_a_database_without_an_artifact_root_is_refused(self, config: TrackingConfig) -> None:
        assert "name a folder or a store" in refused(TrackingConfig(config.uri, "rootless"))

    def test_a_deleted_experiment_says_how_to_bring_it_back(self, config: TrackingConfig) -> None:
        tracker = config.connect()
        tracker.connection.client.delete_experiment(tracker.experiment_id)
        wanted = f"mlflow experiments restore --experiment-id {tracker.experiment_id}"
        assert wanted in refused(config)
        with pytest.raises(SweepError, match=r"was deleted and MLflow keeps its name"):
            config.connect()

    def test_an_unknown_experiment_is_said_to_workers(self, config: TrackingConfig) -> None:
        with pytest.raises(SweepError, match=r"has no 'other'; start a sweep there first"):
            TrackingConfig(config.uri, "other").connect()

    def test_a_file_that_is_no_database_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("no database at all, but long enough" * 100)
        config = TrackingConfig(f"sqlite:///{tmp_path / 'notes.txt'}", "clairo", str(tmp_path))
        assert "must be a writable sqlite file" in refused(config)

    def test_a_folder_that_cannot_be_made_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        config = TrackingConfig(f"sqlite:///{tmp_path / 'file' / 'x.db'}", "clairo", str(tmp_path))
        assert "choose a writable OUT" in refused(config)

    def test_tables_of_another_mlflow_are_refused(self, config: TrackingConfig) -> None:
        path = sqlite_path(config.uri)
        assert path is not None
        older = path.with_name("older.db")
        older.write_bytes(path.read_bytes())
        database = sqlite3.connect(older)
        with database:
            database.execute("UPDATE alembic_version SET version_num = 'cc1f77228345'")
        database.close()
        config = TrackingConfig(f"sqlite:///{older}", "clairo", config.artifact_root)
        assert "mlflow db upgrade" in refused(config)


class TestAddresses:
    def test_a_server_that_is_not_there_is_said_at_once(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{probe.getsockname()[1]}"
            message = refused(TrackingConfig(address, "clairo"))
        assert f"MLflow must answer at {address}, it does not" in message
        assert "correct MLFLOW_TRACKING_URI" in message

    def test_a_database_server_that_is_not_there_is_said_without_its_password(self) -> None:
        message = refused(TrackingConfig("postgresql://ada:secret@127.0.0.1:1/x", "clairo", "/tmp"))
        assert "postgresql://ada:***@127.0.0.1:1/x" in message
        assert "secret" not in message

    @pytest.mark.parametrize("uri", ["./mlruns", "file:///runs", "ftp://host/x", ""])
    def test_addresses_mlflow_cannot_use_are_refused(self, uri: str) -> None:
        assert "needs a database or a server" in refused(TrackingConfig(uri, "clairo", "/tmp"))

    def test_a_sqlite_address_without_a_file_is_refused(self) -> None:
        message = refused(TrackingConfig("sqlite://", "clairo", "/tmp"))
        assert "write sqlite:////absolute/path.db" in message

    def test_postgresql_without_a_driver_says_how_to_get_one(self) -> None:
        with pytest.raises(SweepError, match=r"needs its driver.*clairo\[postgres\]"):
            require_answer("postgresql+pg8000://ada@127.0.0.1:1/x")

    def test_a_driver_that_is_named_is_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(addresses, "find_spec", lambda name: None)
        assert with_driver("postgresql://db/x") == "postgresql+psycopg2://db/x"
        assert with_driver("postgresql+psycopg://db/x") == "postgresql+psycopg://db/x"
        monkeypatch.setattr(addresses, "find_spec", lambda name: object())
        assert with_driver("postgresql://db/x") == "postgresql://db/x"
