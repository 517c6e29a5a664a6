"""How many pictures have been settled: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from clairo.datasets.transfer_progress import Announce

PICTURES_PER_LINE: Final = 500

Reached = Callable[[int], None]
"""Is told how many pictures are settled."""


@contextmanager
def picture_progress(total: int, announce: Announce, console: Console | None) -> Iterator[Reached]:
    """Shows how far a run has come.

    Args:
        total: Pictures in all.
        announce: Prints a line where there is no terminal.
        console: A terminal, if it is one.
    """
    if console is None or not console.is_terminal:
        yield _lines(total, announce)
        return
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bars:
        task = bars.add_task("pictures", total=total)
        yield lambda done: bars.update(task, completed=done)


def _lines(total: int, announce: Announce) -> Reached:
    last = 0

    def reached(done: int) -> None:
        nonlocal last
        if done // PICTURES_PER_LINE > last // PICTURES_PER_LINE and done < total:
            announce(f"  {done:,} of {total:,} pictures")
        last = done

    return reached
