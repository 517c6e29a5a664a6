"""How far a transfer has come: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

Announce = Callable[[str], None]
"""Receives one line for people."""

_STEP_BYTES: Final = 20_000_000


def size_text(num_bytes: int | None) -> str:
    """A size for people.

    Example:
        >>> size_text(2_500_000), size_text(1_200), size_text(None)
        ('2.5 MB', '1.2 kB', 'size unknown')
    """
    if num_bytes is None:
        return "size unknown"
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if num_bytes >= factor:
            return f"{num_bytes / factor:.1f} {unit}"
    return f"{num_bytes} bytes"


class TransferProgress(Protocol):
    """Is told about one file after another."""

    def began(self, name: str, done: int, total: int | None) -> None:
        """A file begins, or goes on after a break.

        Args:
            name: The file.
            done: Bytes that are there already.
            total: Bytes of the whole, where the server says so.
        """
        ...

    def reached(self, done: int) -> None:
        """So many bytes of the file are there now."""
        ...

    def say(self, line: str) -> None:
        """A line for people in between."""
        ...


class ProgressLines:
    """A line each time another step of a file is complete."""

    def __init__(self, say: Announce, step_bytes: int = _STEP_BYTES) -> None:
        """Takes what prints.

        Args:
            say: Prints a line.
            step_bytes: Bytes between two lines.
        """
        self._say = say
        self._step_bytes = step_bytes
        self._name, self._done = "", 0
        self._total: int | None = None

    def began(self, name: str, done: int, total: int | None) -> None:
        """Remembers the file."""
        self._name, self._done, self._total = name, done, total

    def reached(self, done: int) -> None:
        """Prints a line where a step has been completed."""
        if done // self._step_bytes > self._done // self._step_bytes:
            of_total = f" of {self._total / 1e6:,.0f}" if self._total else ""
            self._say(f"  {self._name}: {done / 1e6:,.0f}{of_total} MB")
        self._done = done

    def say(self, line: str) -> None:
        """Prints a line."""
        self._say(line)


class ProgressBars:
    """A bar per file with bytes, speed and time left; use it as a context manager."""

    def __init__(self, console: Console) -> None:
        """Takes the terminal."""
        self._bars = Progress(
            TextColumn("  {task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._name = ""

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def began(self, name: str, done: int, total: int | None) -> None:
        """Shows a bar; after a break the same one goes on."""
        self._name = name
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total, completed=done)
        self._bars.update(self._tasks[name], total=total, completed=done)

    def reached(self, done: int) -> None:
        """Moves the bar of the present file."""
        self._bars.update(self._tasks[self._name], completed=done)

    def say(self, line: str) -> None:
        """Prints a line above the bars."""
        self._bars.console.print(line, markup=False, highlight=False, soft_wrap=True)
