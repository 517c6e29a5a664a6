"""The meta-test of a family: whoever is in its union has a test of its contract."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any, get_args


def assert_every_kind_has_a_contract_test(union: Any, contract: type, tests: ModuleType) -> None:
    """Imports all test modules of a package and looks for a subclass per union member.

    A subclass says whom it tests by its attribute ``config_type``. Contracts that promise more
    than ``contract`` are on the way to it; those that nobody extends must name theirs.
    """
    for module in pkgutil.iter_modules(tests.__path__):
        importlib.import_module(f"{tests.__name__}.{module.name}")
    tested = {subclass.config_type for subclass in _last_of(contract)}
    missing = {config.__name__ for config in get_args(union) or (union,)} - {
        t.__name__ for t in tested
    }
    assert not missing, (
        f"Every member of a union needs a subclass of {contract.__name__} in "
        f"{tests.__name__}, got none for {sorted(missing)}; add a test file."
    )


def _last_of(contract: type) -> Iterator[Any]:
    """Descendants that have none themselves."""
    for subclass in contract.__subclasses__():
        yield from _last_of(subclass) if subclass.__subclasses__() else [subclass]
