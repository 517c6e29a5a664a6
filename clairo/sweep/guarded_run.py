"""Running one trial where it runs: in this process, in a pool, or in a Ray worker.

Kept light, because every worker process imports it before its thread counts are set.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from clairo.core.errors import SweepError
from clairo.sweep.source import Assignment, KeepGoing, lost_outcome

Run = Callable[[Any, KeepGoing], Any]
"""``(spec, keep_going) -> outcome``."""

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def run_assignment(assignment: Assignment, run: Run, report: Callable[[int, float], None]) -> Any:
    """The outcome of one trial; an exception that it let through becomes a failed one.

    Args:
        assignment: The trial and the judge of its rungs.
        run: Runs it.
        report: Told each rung value before it is judged.

    Raises:
        SweepError: The sweep itself cannot go on, for example because the tracker is gone.
    """

    def keep_going(epoch: int, value: float) -> bool:
        report(epoch, value)
        return assignment.judge(epoch, value)

    try:
        return run(assignment.spec, keep_going)
    except SweepError:
        raise
    except Exception as error:  # noqa: BLE001 - the border of a worker: told to the driver
        transient = isinstance(error, MemoryError)
        message = f"{type(error).__name__}: {error}"
        return lost_outcome(assignment.spec, message, transient=transient)


def thread_variables(num_threads: int) -> dict[str, str]:
    """Environment that bounds every native thread pool of a worker."""
    return dict.fromkeys(_THREAD_VARIABLES, str(num_threads))


@contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """Sets environment variables, and restores what was there."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
