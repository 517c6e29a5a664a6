"""How far a long stage is: its rate, the time left, and lines in the log that say so."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

_log = logging.getLogger(__name__)

_BETWEEN_LINES = 15.0


@dataclass(frozen=True)
class StageProgress:
    """How far a stage is.

    Attributes:
        stage: Its name.
        done: Units of work that are done, items or epochs, those of former attempts included.
        total: Units in all.
        found: Units that former, stopped attempts had done.
        seconds: Since this attempt began.
    """

    stage: str
    done: int
    total: int
    found: int
    seconds: float

    @property
    def rate(self) -> float:
        """Units a second of this attempt, 0 before the first is done."""
        return (self.done - self.found) / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimated time to the end, ``None`` before the first unit is done."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None

    def describe(self) -> str:
        """One line for people.

        Example:
            >>> StageProgress("text_embedding", 3000, 9000, 1000, 10.0).describe()
            'text_embedding 3,000 of 9,000, 1,000 found, 200.0 a second, about 30 s left'
        """
        parts = [f"{self.stage} {self.done:,} of {self.total:,}"]
        if self.found:
            parts.append(f"{self.found:,} found")
        if self.rate:
            parts.append(f"{self.rate:,.1f} a second")
        left = self.seconds_left
        if left is not None:
            parts.append(
                f"about {left / 60:.0f} min left" if left >= 90 else f"about {left:.0f} s left"
            )
        return ", ".join(parts)


OnProgress = Callable[[StageProgress], None]
"""Told each time that a stage says how far it is."""


def log_only(progress: StageProgress) -> None:
    """An :data:`OnProgress` for runs that nobody watches: the log has its lines anyway."""


class ProgressOfStage:
    """A :data:`~clairo.core.stage.Progress` of one stage.

    The log gets the first and the last word and one line every quarter of a minute.

    Args:
        stage: The stage's name.
        listener: Told everything.
        clock: Seconds of a clock that never goes back.
    """

    def __init__(
        self, stage: str, listener: OnProgress, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stage = stage
        self._listener = listener
        self._clock = clock
        self._started = self._logged = 0.0
        self._found: int | None = None

    def __call__(self, done: int, total: int) -> None:
        """Takes how many units of how many are done."""
        now = self._clock()
        first = self._found is None
        if self._found is None:
            self._found, self._started = done, now
        progress = StageProgress(self._stage, done, total, self._found, now - self._started)
        if first or done == total or now - self._logged >= _BETWEEN_LINES:
            _log.info("%s", progress.describe())
            self._logged = now
        self._listener(progress)
