"""Refuses a checkpoint that leaves layers of its model at random numbers.

transformers loads what it finds, draws the rest at random and only says so in its log: a
checkpoint of another architecture would then give vectors that mean nothing.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
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
    from transformers.utils import logging as transformers_logging

    reports = _Reports()
    logger = logging.getLogger(_LOGGER)
    bars = transformers_logging.is_progress_bar_enabled()
    verbosity = transformers_logging.get_verbosity()
    logger.addFilter(reports)
    # Not on this logger itself: the library takes that for a wish to hear more.
    transformers_logging.set_verbosity(min(verbosity, logging.WARNING))
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        logger.removeFilter(reports)
        if bars:
            transformers_logging.enable_progress_bar()
    names = sorted(name for name in reports.missing if not _POOLER.search(name))
    if names:
        shown = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
        raise MissingWeightsError(
            f"a checkpoint of another architecture: it lacks weights of the model, {shown}"
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
