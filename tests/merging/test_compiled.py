"""The compile cache must never serve code that has been changed since."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clairo.merging.kernels import compiled as compiled_module
from clairo.merging.kernels.compiled import announce, call_apart, drop_outdated_cache


def write(path: Path, changed: int) -> Path:
    path.write_text("")
    os.utime(path, (changed, changed))
    return path


def test_kernels_older_than_any_source_are_dropped(tmp_path: Path) -> None:
    sources, cache = tmp_path / "kernels", tmp_path / "cache"
    sources.mkdir()
    cache.mkdir()
    write(sources / "steps.py", changed=50)
    write(sources / "totals.py", changed=100)
    old = write(cache / "steps.merge-12.py311.nbi", changed=60)
    new = write(cache / "steps.drop-12.py311.1.nbc", changed=120)
    foreign = write(cache / "other.merge-12.py311.nbi", changed=60)
    assert drop_outdated_cache(cache, sources) == 1
    assert [path.exists() for path in (old, new, foreign)] == [False, True, True]


def test_without_a_cache_there_is_nothing_to_drop(tmp_path: Path) -> None:
    write(tmp_path / "steps.py", changed=50)
    assert drop_outdated_cache(tmp_path / "absent", tmp_path) == 0


def test_a_compilation_is_announced_once_and_only_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(compiled_module, "_announced", [])
    monkeypatch.setattr(compiled_module, "is_compiled", lambda *kernels: True)
    announce()
    assert not caplog.messages
    monkeypatch.setattr(compiled_module, "is_compiled", lambda *kernels: False)
    announce()
    announce()
    assert len(caplog.messages) == 1
    assert "Compiling the merging kernels, once" in caplog.text


def test_a_kernel_called_apart_gives_its_result_and_its_errors() -> None:
    def fail() -> None:
        raise ValueError("of the kernel")

    assert call_apart(divmod, 7, 2) == (3, 1)
    with pytest.raises(ValueError, match="of the kernel"):
        call_apart(fail)
