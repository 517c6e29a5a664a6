"""An encoding that is killed goes on where it was, and leaves nothing behind when it is whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clairo.core.stage import Runtime
from clairo.embeddings import pieces
from clairo.embeddings.opened import OpenedEncoder
from clairo.pipeline.plan import make_plan
from clairo.pipeline.runner import StageRunner
from clairo.pipeline.stage_progress import StageProgress
from clairo.store import FilesystemStore
from clairo.store.partial_results import PARTIAL
from tests.embeddings.tiny_models import save_qwen3
from tests.pipeline.small import small_config

ITEMS = 60
PER_PIECE = 8
DONE_BEFORE_THE_KILL = 24

KILLED = """
import sys, time
from pathlib import Path
from tests.pipeline import test_killed_encoding as parent

def stand_still(progress):
    if progress.done == parent.DONE_BEFORE_THE_KILL:
        Path(sys.argv[3]).touch()
        time.sleep(600)

parent.pieces.SENTENCES_PER_PIECE = parent.PER_PIECE
runner = parent.make_runner(Path(sys.argv[1]), Path(sys.argv[2]))
runner.on_progress = stand_still
runner.get("text_embedding")
"""


def make_runner(root: Path, model: Path) -> StageRunner:
    config = small_config()
    text = {"kind": "sentence_transformer", "model": str(model)}
    config = type(config).model_validate({**config.model_dump(), "text": text})
    return StageRunner(make_plan(config, 0, {}), FilesystemStore(root), Runtime(), 0)


def test_after_kill_9_only_the_missing_pieces_are_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, marker = save_qwen3(tmp_path / "model"), tmp_path / "marker"
    command = [sys.executable, "-c", KILLED, str(tmp_path / "store"), str(model), str(marker)]
    child = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + 300
        while not marker.exists():
            assert child.poll() is None, "the child ended by itself"
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    entry = make_runner(tmp_path / "store", model).plan.step("text_embedding").fingerprint
    store = FilesystemStore(tmp_path / "store")
    assert not store.has(entry)
    kept = store.root / PARTIAL / entry.entry
    assert len(list(kept.glob("*.safetensors"))) == DONE_BEFORE_THE_KILL // PER_PIECE

    encoded: list[int] = []
    told: list[StageProgress] = []
    describe = OpenedEncoder.__call__

    def counted(encoder: OpenedEncoder, payloads: Sequence[Any]) -> dict[str, np.ndarray]:
        encoded.append(len(payloads))
        return describe(encoder, payloads)

    monkeypatch.setattr(pieces, "SENTENCES_PER_PIECE", PER_PIECE)
    monkeypatch.setattr(OpenedEncoder, "__call__", counted)
    again = make_runner(tmp_path / "store", model)
    again.on_progress = told.append
    table = again.get("text_embedding").get("text")
    assert encoded == [8, 8, 8, 8, 4]
    assert told[0].done == told[0].found == DONE_BEFORE_THE_KILL
    assert told[-1].done == ITEMS
    assert not kept.exists()

    straight = make_runner(tmp_path / "other", model).get("text_embedding").get("text")
    np.testing.assert_array_equal(table.vectors, straight.vectors)
