"""The engine keeps to its memory, leaves nothing behind, and says what it lacks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from clairo.core.errors import DataError
from clairo.datasets import engine as engine_module
from clairo.datasets.engine import OWN_MB, Engine, open_engine

SMALLEST_MB = 768


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that nobody else uses."""
    folder = tmp_path / "temporary files"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_nothing_is_left_behind(temporary: Path) -> None:
    with open_engine(SMALLEST_MB, 1) as engine:
        engine.run("CREATE TABLE a AS SELECT * FROM range(1000)")
        assert engine.folder.parent == temporary
        assert engine.one("SELECT count(*) FROM a") == 1000
    assert list(temporary.iterdir()) == []


def test_nothing_is_left_behind_after_a_failure_either(temporary: Path) -> None:
    with pytest.raises(KeyError), open_engine(SMALLEST_MB, 1):
        raise KeyError("own mistake")
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("num_threads", [1, 2])
def test_the_engine_gets_what_the_process_does_not_need(num_threads: int) -> None:
    with open_engine(OWN_MB + 1000, num_threads) as engine:
        ((memory, threads),) = engine.run(
            "SELECT current_setting('memory_limit'), current_setting('threads')"
        )
        # 1000 MB are 953.6 MiB.
        assert memory == "953.6 MiB"
        assert threads == num_threads


def test_what_does_not_fit_goes_to_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "OWN_MB", SMALLEST_MB - 16)
    with open_engine(SMALLEST_MB, 1) as engine:
        # A million times 16 bytes are as much as the 16 MB it may have.
        rows = "SELECT range AS number, hash(range) AS key FROM range(1000000)"
        sql = f"SELECT number FROM ({rows}) ORDER BY key"
        batches = engine.stream(sql)
        next(batches)
        spilled = sum(file.stat().st_size for file in (engine.folder / "spilled").iterdir())
        assert spilled > 1 << 20
        assert sum(batch.num_rows for batch in batches) < 1_000_000
        assert engine.to_files(sql, {"number": np.dtype(np.int64)}) == 1_000_000
        numbers = engine.mapped("number", np.dtype(np.int64))
        assert int(numbers.sum()) == 1_000_000 * 999_999 // 2
        assert len(np.unique(numbers)) == 1_000_000


def _gather_at_once(engine: Engine) -> None:
    engine.run("SELECT list(range) FROM range(20000000)")


def _gather_while_streaming(engine: Engine) -> None:
    sql = "SELECT hash(range) % 1000 AS a, list(range) AS b FROM range(20000000) GROUP BY a"
    engine.to_files(sql, {"a": np.dtype(np.int64)})


@pytest.mark.parametrize("gather", [_gather_at_once, _gather_while_streaming])
def test_too_little_memory_is_a_clear_error(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, gather: Callable[[Engine], None]
) -> None:
    monkeypatch.setattr(engine_module, "OWN_MB", SMALLEST_MB - 8)
    with (
        pytest.raises(DataError, match=r"needs disk below .* and 768 MB of memory, .*memory_mb\."),
        open_engine(SMALLEST_MB, 1) as engine,
    ):
        gather(engine)
    assert list(temporary.iterdir()) == []


def test_columns_become_files_of_numbers_that_outlive_the_folder() -> None:
    table = pa.table({"a": [3, 1, 2], "b": [1, 2, 3]})
    with open_engine(SMALLEST_MB, 1) as engine:
        engine.run("CREATE TABLE t AS SELECT * FROM given", given=table)
        files = {"a": np.dtype(np.int32), "b": np.dtype(np.int64)}
        assert engine.to_files("SELECT a, b FROM t ORDER BY a", files) == 3
        first, second = (engine.mapped(name, dtype) for name, dtype in files.items())
    assert (first.dtype, first.tolist()) == (np.int32, [1, 2, 3])
    assert (second.dtype, second.tolist()) == (np.int64, [2, 3, 1])


def test_no_rows_are_an_empty_array() -> None:
    with open_engine(SMALLEST_MB, 1) as engine:
        assert engine.to_files("SELECT 1 AS a WHERE false", {"a": np.dtype(np.int32)}) == 0
        empty = engine.mapped("a", np.dtype(np.int32))
    assert (empty.dtype, empty.tolist()) == (np.int32, [])


def test_rows_come_in_batches_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "BATCH_ROWS", 3000)
    with open_engine(SMALLEST_MB, 2) as engine:
        batches = list(engine.stream("SELECT range AS n FROM range(20000) ORDER BY n DESC"))
    assert len(batches) > 1
    joined = [value for batch in batches for value in batch.column("n").to_pylist()]
    assert joined == list(range(19_999, -1, -1))
