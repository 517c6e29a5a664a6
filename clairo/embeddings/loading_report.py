"""Refuses a checkpoint that leaves layers of its model at random numbers.

transformers loads what it finds, draws the rest at random and only says so in its log: a
checkpoint of another architecture would then give vectors that mean nothing.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

_LOGGER = "transformers.modeling_utils"
_MISSING = re.compile(r"^(\S+)\s*\|\s*MISSING", re.MULTILINE)
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_NAMED = 3

# Many checkpoints lack this head, and who averages over tokens does not look at it.
_POOLER = re.compile(r"(^|\.)pooler\.")


class MissingWeightsError(Exception):
    """A checkpoint does not fill the model."""


@contextmanager
def require_all_weights() -> Iterator[None]:
    """Watches models that transformers loads within the block.

    Raises:
        MissingWeightsError: A layer other than an unused pooler was not in the checkpoint.
    """
    reports = _Reports()
    logger = logging.getLogger(_LOGGER)
    level = logger.level
    logger.addFilter(reports)
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeFilter(reports)
    require_none_missing(name for name in reports.missing if not _POOLER.search(name))


def require_none_missing(missing: Iterable[str]) -> None:
    """Raises where a name of a layer is given.

    Raises:
        MissingWeightsError: There is one.
    """
    names = sorted(missing)
    if names:
        shown = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
        raise MissingWeightsError(
            f"a checkpoint of another architecture: it lacks {len(names)} weights of the model, "
            f"{shown}"
        )


class _Reports(logging.Filter):
    """Takes names of missing weights out of reports, which are not printed."""

    def __init__(self) -> None:
        super().__init__()
        self.missing: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        text = _STYLE.sub("", record.getMessage())
        if "LOAD REPORT" not in text:
            return True
        self.missing += _MISSING.findall(text)
        return False
