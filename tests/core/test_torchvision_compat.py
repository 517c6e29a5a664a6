"""torchvision and everything that imports it must load beside any torch."""

from __future__ import annotations

import builtins
import importlib
from typing import Any

import pytest

from clairo.core.torchvision_compat import prepare_torchvision


def test_torchvision_imports_after_it_was_prepared() -> None:
    prepare_torchvision()
    assert importlib.import_module("torchvision.transforms").Compose is not None


def test_preparing_twice_says_the_same() -> None:
    assert prepare_torchvision() == prepare_torchvision()


def _import_that_raises(error: Exception) -> Any:
    real_import = builtins.__import__

    def guarded(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name == "torchvision":
            raise error
        return real_import(name, *arguments, **keywords)

    return guarded


def test_another_failure_of_torchvision_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtins, "__import__", _import_that_raises(RuntimeError("no disk")))
    with pytest.raises(RuntimeError, match="no disk"):
        prepare_torchvision()


def test_a_machine_without_torchvision_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = ModuleNotFoundError("No module named 'torchvision'")
    monkeypatch.setattr(builtins, "__import__", _import_that_raises(missing))
    assert prepare_torchvision() is False
