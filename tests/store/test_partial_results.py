"""Pieces of a result that is not whole yet, on a real disk."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from clairo.core.fingerprint import Fingerprint
from clairo.store import FilesystemStore
from clairo.store.disk_errors import StoreDiskError, disk_errors_explained
from clairo.store.partial_results import PARTIAL, PartialResults, remove_old_parts

ONE = Fingerprint("text_embedding", "lsa", "1" * 64)
OTHER = Fingerprint("text_embedding", "lsa", "2" * 64)
ARRAYS = {"rows": np.arange(6, dtype=np.float32).reshape(2, 3), "usable": np.array([True, False])}


def test_a_piece_comes_back_as_it_was_put(tmp_path: Path) -> None:
    PartialResults(tmp_path, ONE).put("a", ARRAYS)
    again = PartialResults(tmp_path, ONE).get("a")
    assert again is not None
    assert again.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(again[name], array)
        assert again[name].dtype == array.dtype


def test_columns_in_another_order_of_memory_come_back_alike(tmp_path: Path) -> None:
    parts = PartialResults(tmp_path, ONE)
    turned = ARRAYS["rows"].T
    parts.put("a", {"rows": turned})
    again = parts.get("a")
    assert again is not None
    np.testing.assert_array_equal(again["rows"], turned)


def test_pieces_of_other_results_and_of_other_names_are_not_found(tmp_path: Path) -> None:
    PartialResults(tmp_path, ONE).put("a", ARRAYS)
    assert PartialResults(tmp_path, ONE).get("b") is None
    assert PartialResults(tmp_path, OTHER).get("a") is None


def test_the_store_takes_no_piece_for_a_result(tmp_path: Path) -> None:
    store = FilesystemStore(tmp_path)
    PartialResults(store.root, ONE).put("a", ARRAYS)
    assert not store.has(ONE)
    assert list(store.manifests(ONE.stage)) == []


@pytest.mark.parametrize("place", [-1, 60])
def test_a_damaged_piece_is_set_aside_and_can_be_put_again(
    tmp_path: Path, place: int, caplog: pytest.LogCaptureFixture
) -> None:
    parts = PartialResults(tmp_path, ONE)
    parts.put("a", ARRAYS)
    path = parts.folder / "a.safetensors"
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert parts.get("a") is None
    assert "was damaged" in caplog.text
    assert [found.name for found in parts.folder.iterdir()] == ["a.damaged"]
    parts.put("a", ARRAYS)
    assert parts.get("a") is not None


def test_a_piece_cut_short_is_damaged(tmp_path: Path) -> None:
    parts = PartialResults(tmp_path, ONE)
    parts.put("a", ARRAYS)
    path = parts.folder / "a.safetensors"
    path.write_bytes(path.read_bytes()[:-3])
    assert parts.get("a") is None


def test_nothing_half_written_stays_where_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = PartialResults(tmp_path, ONE)

    def fail(arrays: object, path: Path, metadata: object) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("clairo.store.partial_results.save_file", fail)
    with pytest.raises(StoreDiskError, match="needs free space"):
        parts.put("a", ARRAYS)
    assert list(parts.folder.iterdir()) == []


def test_removing_forgets_all_pieces_and_may_be_repeated(tmp_path: Path) -> None:
    parts = PartialResults(tmp_path, ONE)
    parts.put("a", ARRAYS)
    parts.remove()
    parts.remove()
    assert not parts.folder.exists()


def test_only_pieces_that_nobody_added_to_for_long_are_cleaned_away(tmp_path: Path) -> None:
    old, fresh = PartialResults(tmp_path, ONE), PartialResults(tmp_path, OTHER)
    old.put("a", ARRAYS)
    fresh.put("a", ARRAYS)
    long_ago = time.time() - 100
    os.utime(old.folder, (long_ago, long_ago))
    remove_old_parts(tmp_path, kept_seconds=50)
    assert not old.folder.exists()
    assert fresh.get("a") is not None
    assert (tmp_path / PARTIAL).is_dir()


def test_a_folder_that_vanishes_while_others_are_looked_at_is_passed_over(tmp_path: Path) -> None:
    old = PartialResults(tmp_path, OTHER)
    old.put("a", ARRAYS)
    os.utime(old.folder, (0, 0))
    # A name that a listing shows and that leads nowhere is what a folder just removed looks like.
    (old.folder.parent / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / PARTIAL / "stage_gone").symlink_to(tmp_path / "nowhere")
    with disk_errors_explained(tmp_path):
        remove_old_parts(tmp_path)
    assert not old.folder.exists()


CHURN = """
import shutil, sys
from pathlib import Path
stage = Path(sys.argv[1])
for _ in range(200):
    for number in range(30):
        (stage / f"lsa-{number}").mkdir(parents=True, exist_ok=True)
    shutil.rmtree(stage)
"""


def test_cleaning_goes_on_while_another_process_finishes_results(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CHURN, str(tmp_path / PARTIAL / "text_embedding")]
    with subprocess.Popen(command) as other:
        while other.poll() is None:
            with disk_errors_explained(tmp_path):
                remove_old_parts(tmp_path)
    assert other.returncode == 0
