"""A bar for the stage that runs now; where the output is not a terminal, lines now and then."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from clairo.pipeline.stage_progress import StageProgress

_BETWEEN_LINES = 60.0


class StageBar:
    """An :data:`~clairo.pipeline.stage_progress.OnProgress` for people. A context manager.

    Args:
        console: The terminal.
        between_lines: Seconds between two lines where it is none.
    """

    def __init__(self, console: Console, between_lines: float = _BETWEEN_LINES) -> None:
        self._console = console
        self._between_lines = between_lines
        self._told = time.monotonic()
        self._tasks: dict[str, TaskID] = {}
        self._bars = Progress(
            BarColumn(), TextColumn("{task.description}"), console=console, transient=True
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._bars.stop()

    def __call__(self, progress: StageProgress) -> None:
        """Shows how far a stage is; nothing of one that had nothing to do."""
        if self._console.is_terminal:
            self._draw(progress)
        elif time.monotonic() - self._told >= self._between_lines:
            self._console.print(progress.describe(), highlight=False)
            self._told = time.monotonic()

    def _draw(self, progress: StageProgress) -> None:
        line = progress.describe()
        if progress.stage not in self._tasks:
            self._tasks[progress.stage] = self._bars.add_task(line, total=progress.total)
        task = self._tasks[progress.stage]
        self._bars.update(task, completed=progress.done, description=line)
        if progress.done == progress.total:
            self._bars.update(task, visible=False)
