"""A sweep in a process of its own, to be killed: ``python -m tests.sweep.driver FOLDER NAME``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from clairo.sweep.executors import open_executor
from clairo.sweep.search import SearchPlan
from tests.sweep.fakes import FakeRun, open_search

PLAN = SearchPlan(budget=8, workers=2, seed=7)


def interrupt(number: int, frame: object) -> None:
    """SIGTERM as the sweep command takes it: like Ctrl-C."""
    raise KeyboardInterrupt


def main(folder: Path, name: str) -> None:
    signal.signal(signal.SIGTERM, interrupt)
    search, _ = open_search(folder, PLAN)
    with open_executor(name, workers=2, num_threads=1, out=folder) as executor:  # type: ignore[arg-type]
        executor.execute(search, FakeRun(delay=0.6, folder=folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
