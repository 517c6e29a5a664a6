from __future__ import annotations

import errno
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from clairo.core.errors import ArtifactError
from clairo.core.fingerprint import Fingerprint
from clairo.store import FilesystemStore
from clairo.store import filesystem as module
from tests.contracts.store import ABOUT, Computation, Counts, StoreContract, fingerprint_of

REPOSITORY = Path(__file__).resolve().parents[2]

WRITER = """
import pathlib, sys, time
import numpy as np
from clairo.store import FilesystemStore
from tests.contracts.store import ABOUT, Counts, fingerprint_of

root, seconds = pathlib.Path(sys.argv[1]), float(sys.argv[2])

def compute():
    with (root / "computed.txt").open("a") as stream:
        stream.write("once\\n")
    time.sleep(seconds)
    return Counts(np.arange(5))

result = FilesystemStore(root / "store").get_or_compute(fingerprint_of(1), Counts, compute, ABOUT)
print(result.cached, result.artifact.values.sum())
"""

FULL_DISK = """
import pathlib, resource, signal, sys
import numpy as np
from clairo.store import FilesystemStore
from tests.contracts.store import ABOUT, Computation, Counts, fingerprint_of

store = FilesystemStore(pathlib.Path(sys.argv[1]))
store.get_or_compute(fingerprint_of(1), Counts, Computation(), ABOUT)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    store.get_or_compute(fingerprint_of(2), Counts, lambda: Counts(np.zeros(1_000_000)), ABOUT)
except Exception as error:
    print(type(error).__name__, error)
print(store.has(fingerprint_of(1)), store.has(fingerprint_of(2)))
"""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.01)


def entry(store: FilesystemStore, number: int = 1) -> Path:
    return store.root / fingerprint_of(number).entry


@pytest.fixture
def store(tmp_path: Path) -> FilesystemStore:
    return FilesystemStore(tmp_path / "store")


@pytest.fixture(autouse=True)
def _forget_verified() -> Iterator[None]:
    module._verified.clear()
    yield
    module._verified.clear()


class TestContract(StoreContract):
    pass


class TestLayout:
    def test_an_entry_is_a_readable_folder_with_a_manifest(self, store: FilesystemStore) -> None:
        store.get_or_compute(fingerprint_of(1), Counts, Computation(), ABOUT)
        digits = fingerprint_of(1).digest[:16]
        folder = store.root / "counting" / f"plain-{digits}"
        assert sorted(path.name for path in folder.iterdir()) == ["deep", "manifest.json"]

    def test_nothing_is_created_by_looking(self, store: FilesystemStore) -> None:
        assert not store.has(fingerprint_of(1))
        assert not store.root.exists()


class TestDamage:
    def damage(self, store: FilesystemStore) -> Path:
        """Flips one byte and keeps the size, after the entry was written."""
        store.get_or_compute(fingerprint_of(1), Counts, Computation(), ABOUT)
        path = entry(store) / "deep" / "counts.safetensors"
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(bytes(content))
        os.utime(path, ns=(1, 1))
        return path

    def test_a_flipped_byte_is_found_when_loading(self, store: FilesystemStore) -> None:
        self.damage(store)
        with pytest.raises(ArtifactError, match=r"counts.safetensors in .* do not; remove"):
            store.load(fingerprint_of(1), Counts)

    def test_a_damaged_entry_is_set_aside_and_computed_again(
        self, store: FilesystemStore, caplog: pytest.LogCaptureFixture
    ) -> None:
        self.damage(store)
        compute = Computation((7,))
        with caplog.at_level(logging.WARNING):
            result = store.get_or_compute(fingerprint_of(1), Counts, compute, ABOUT)
        assert (result.cached, compute.calls) == (False, 1)
        assert store.load(fingerprint_of(1), Counts).values.tolist() == [7]
        assert len(list((store.root / "damaged").iterdir())) == 1
        assert "was damaged and is computed again" in caplog.text

    @pytest.mark.parametrize("content", ["", "{}", "[1]", "not json"])
    def test_a_broken_manifest_counts_as_damage(self, store: FilesystemStore, content: str) -> None:
        store.get_or_compute(fingerprint_of(1), Counts, Computation(), ABOUT)
        (entry(store) / "manifest.json").write_text(content)
        with pytest.raises(ArtifactError, match=r"manifest.json"):
            store.load(fingerprint_of(1), Counts)
        assert not store.get_or_compute(fingerprint_of(1), Counts, Computation(), ABOUT).cached

    def test_an_added_and_a_missing_file_are_damage(self, store: FilesystemStore) -> None:
        path = self.damage(store)
        path.rename(path.with_name("other"))
        with pytest.raises(ArtifactError, match=r"counts.safetensors, deep/other"):
            store.load(fingerprint_of(1), Counts)

    def test_a_format_that_has_changed_is_computed_again(self, store: FilesystemStore) -> None:
        class Renamed(Counts):
            @classmethod
            def load(cls, folder: Path) -> Self:
                return cls(Counts.load(folder).values, {"of": {}["renamed"]})

        store.get_or_compute(fingerprint_of(1), Counts, Computation(), ABOUT)
        with pytest.raises(ArtifactError, match=r"must hold a Renamed.*raise the version"):
            store.load(fingerprint_of(1), Renamed)

    def test_checksums_are_compared_once_per_process(
        self, store: FilesystemStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.get_or_compute(fingerprint_of(1), Counts, Computation(), ABOUT)
        module._verified.clear()
        checked = []
        check = module.Manifest.check
        monkeypatch.setattr(
            module.Manifest, "check", lambda *given: (checked.append(given), check(*given))
        )
        for reader in (store, FilesystemStore(store.root), store):
            reader.load(fingerprint_of(1), Counts)
        assert len(checked) == 1

    def test_equal_digits_with_another_digest_are_refused_not_overwritten(
        self, store: FilesystemStore
    ) -> None:
        store.get_or_compute(fingerprint_of(1), Counts, Computation((1,)), ABOUT)
        digest = fingerprint_of(1).digest
        twin: Fingerprint = replace(fingerprint_of(1), digest=digest[:16] + "0" * 48)
        with pytest.raises(ArtifactError, match=r"use another store root"):
            store.get_or_compute(twin, Counts, Computation((2,)), ABOUT)
        assert store.load(fingerprint_of(1), Counts).values.tolist() == [1]


class TestProcesses:
    def test_two_processes_that_ask_at_once_compute_once(self, tmp_path: Path) -> None:
        first = start(WRITER, str(tmp_path), "1.5")
        wait_for(tmp_path / "computed.txt")
        second = start(WRITER, str(tmp_path), "1.5")
        answers = [process.communicate(timeout=60)[0].split() for process in (first, second)]
        assert answers == [["False", "10"], ["True", "10"]]
        assert (tmp_path / "computed.txt").read_text() == "once\n"

    def test_a_killed_writer_leaves_nothing_that_is_believed(
        self, tmp_path: Path, store: FilesystemStore
    ) -> None:
        beside = entry(store).with_name(".writing-" + entry(store).name)
        orphan = beside.with_name(".writing-plain-00")
        for folder in (beside, orphan):
            folder.mkdir(parents=True)
            (folder / "half.bin").write_bytes(b"half")
        writer = start(WRITER, str(tmp_path), "60")
        wait_for(tmp_path / "computed.txt")
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        assert not store.has(fingerprint_of(1))
        assert not store.get_or_compute(fingerprint_of(1), Counts, Computation(), ABOUT).cached
        assert [path.name for path in (store.root / "counting").iterdir()] == [entry(store).name]

    def test_what_a_living_writer_writes_is_left_alone(
        self, tmp_path: Path, store: FilesystemStore
    ) -> None:
        writer = start(WRITER, str(tmp_path), "60")
        wait_for(tmp_path / "computed.txt")
        beside = entry(store).with_name(".writing-" + entry(store).name)
        beside.mkdir(parents=True)
        store.get_or_compute(fingerprint_of(2), Counts, Computation(), ABOUT)
        assert beside.is_dir()
        writer.kill()
        writer.communicate()

    def test_waiting_for_another_process_is_said(
        self, tmp_path: Path, store: FilesystemStore, caplog: pytest.LogCaptureFixture
    ) -> None:
        writer = start(WRITER, str(tmp_path), "2")
        wait_for(tmp_path / "computed.txt")
        with caplog.at_level(logging.INFO):
            result = store.get_or_compute(fingerprint_of(1), Counts, Computation(), ABOUT)
        assert result.cached
        assert "Another process computes counting/plain-" in caplog.text
        assert result.seconds > result.computed_seconds - 2
        writer.communicate()


class TestDiskThatRefuses:
    def test_a_full_disk_is_said_and_leaves_nothing_half_written(self, tmp_path: Path) -> None:
        answer = start(FULL_DISK, str(tmp_path)).communicate(timeout=60)[0]
        assert "StoreDiskError The stage store needs free space in" in answer
        assert "free some or choose another OUT" in answer
        assert answer.endswith("True False\n")
        assert not list(tmp_path.glob("*/.writing-*"))

    def test_no_space_left_is_said_whoever_reports_it(self, store: FilesystemStore) -> None:
        class NoSpace(Counts):
            def save(self, folder: Path) -> None:
                raise OSError(errno.ENOSPC, "No space left on device")

        with pytest.raises(ArtifactError, match=r"needs free space in .*No space left"):
            store.get_or_compute(fingerprint_of(1), NoSpace, lambda: NoSpace(np.zeros(1)), ABOUT)
        assert list((store.root / "counting").iterdir()) == []

    def test_an_interrupted_save_is_removed(self, store: FilesystemStore) -> None:
        class Interrupted(Counts):
            def save(self, folder: Path) -> None:
                super().save(folder)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            store.get_or_compute(
                fingerprint_of(1), Interrupted, lambda: Interrupted(np.zeros(1)), ABOUT
            )
        assert list((store.root / "counting").iterdir()) == []

    def test_a_root_that_cannot_be_written_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("no folder")
        store = FilesystemStore(tmp_path / "file" / "store")
        compute = Computation()
        with pytest.raises(ArtifactError, match=r"must be able to write to .*writable OUT"):
            store.get_or_compute(fingerprint_of(1), Counts, compute, ABOUT)
        assert compute.calls == 0
