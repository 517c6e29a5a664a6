"""The parent run of a sweep or an ablation: always ended, by how its block ends."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from clairo.core.errors import SweepError
from clairo.tracking.protocol import Tracker
from clairo.workflows.phase_runner import PhaseRunner

_log = logging.getLogger(__name__)


@contextmanager
def ended(runner: PhaseRunner, tracker: Tracker) -> Iterator[None]:
    """Ends the parent run by how the block ends, and every run that a lost worker left open."""
    try:
        yield
    except BaseException as error:
        stopped = isinstance(error, KeyboardInterrupt)
        try:
            tracker.reconcile(runner.summary.sweep_id)
            runner.parent.finish("killed" if stopped else "failed")
        except SweepError as refusal:
            # What ended the sweep is what a person must hear; the runs are closed when it goes on.
            _log.info("runs could not be closed: %s", refusal)
        raise
    tracker.reconcile(runner.summary.sweep_id)
    runner.parent.finish("complete")


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """A polite kill ends a sweep the way Ctrl-C does."""

    def interrupt(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
