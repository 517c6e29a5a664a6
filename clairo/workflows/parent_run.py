"""How sweeps and ablations end: their parent run always, and by a person with a word."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from clairo.core.errors import SweepError
from clairo.tracking.protocol import Tracker
from clairo.workflows.options import SweepOptions
from clairo.workflows.phase_runner import PhaseRunner
from clairo.workflows.progress import Progress

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


@contextmanager
def stoppable(console: Console, options: SweepOptions) -> Iterator[Progress]:
    """The display of a command that a person may stop and ask again.

    Raises:
        SystemExit: Stopped by Ctrl-C or SIGTERM, with code 130, saying how to go on.
    """
    with sigterm_as_interrupt(), Progress(console, workers=options.num_workers) as progress:
        try:
            yield progress
        except KeyboardInterrupt:
            progress.say(
                f"Stopped. What was finished is safe in {options.out}; "
                f"'{options.resume_command()}' goes on from there."
            )
            raise SystemExit(130) from None
