"""What a person sees while a sweep runs: one live region in a terminal, plain lines elsewhere."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from clairo.sweep.source import TrialEvent

_ROWS = 14
_NAMED = 8
_BETWEEN_LINES = 60.0
_STYLES = {"complete": "green", "pruned": "yellow", "infeasible": "yellow", "failed": "red"}


@dataclass
class Row:
    """One trial as shown.

    Attributes:
        number: Order of suggestion.
        what: Short description: the searched settings, or the arm.
        state: How it stands.
        value: Objective, or the value at the last rung.
        epoch: Last rung.
        started: Monotonic time.
        seconds: Duration once ended.
    """

    number: int
    what: str
    state: str = "running"
    value: float | None = None
    epoch: int | None = None
    started: float = field(default_factory=time.monotonic)
    seconds: float | None = None


class Progress:
    """A trial table with the best so far and the time left.

    Where the output is not a terminal, a line when a trial starts and when it ends, and one a
    minute on what is running. Use as a context manager; :meth:`say` prints a line above the live
    region, :meth:`phase` starts a part of the sweep, :meth:`on_event` takes the executor's events.
    """

    def __init__(
        self, console: Console, *, workers: int, between_lines: float = _BETWEEN_LINES
    ) -> None:
        self._console = console
        self._workers = workers
        self._live: Live | None = None
        self._between_lines = between_lines
        self._teller: threading.Thread | None = None
        self._ending = threading.Event()
        self._title = ""
        self._total = 0
        self._ended = 0
        self._phase_started = time.monotonic()
        self._rows: dict[str, Row] = {}
        self._what: Mapping[str, str] = {}
        self._saved = 0.0
        self._failures: dict[str, int] = {}
        self.best: tuple[float, str] | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(
                get_renderable=self._render, console=self._console, refresh_per_second=4
            )
            self._live.start()
        else:
            self._ending.clear()
            self._teller = threading.Thread(
                target=self._say_regularly, name="progress", daemon=True
            )
            self._teller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        if self._teller is not None:
            self._teller.join()  # or its last line might follow the result
            self._teller = None
        if self._live is not None:
            self._live.stop()
            self._live = None

    def say(self, line: str) -> None:
        """Prints one line; with a timestamp where the output is not a terminal."""
        if self._console.is_terminal:
            self._console.print(line, highlight=False)
        else:
            now = datetime.now(UTC).strftime("%H:%M:%S")
            self._console.print(f"{now} {line}", highlight=False, markup=False, soft_wrap=True)

    def phase(self, title: str, total: int, what: Mapping[str, str] | None = None) -> None:
        """Starts a part of the sweep.

        Args:
            title: For people, for example ``search``.
            total: Number of trials expected.
            what: Description of trials by key, where they are known beforehand.
        """
        self._title, self._total, self._ended = title, total, 0
        self._phase_started = time.monotonic()
        self._rows.clear()
        self._what = what or {}
        if not self._console.is_terminal:
            self.say(f"{title}: {total} trials, {self._workers} at a time")

    def describe(self, key: str, what: str) -> None:
        """Names a trial that is about to run."""
        self._what = {**self._what, key: what}

    def on_event(self, event: TrialEvent) -> None:
        """Takes one event of the executor."""
        row = self._rows.get(event.key)
        if row is None:
            row = self._rows[event.key] = Row(event.number, self._what.get(event.key, ""))
            if event.kind == "started" and not self._console.is_terminal:
                self.say(f"  {self._title} trial {row.number} starts  {row.what}")
        if event.kind == "rung":
            row.value, row.epoch = event.value, event.epoch
        elif event.kind == "retried":
            self.say(f"trial {event.number} runs again: {event.error}")
        elif event.kind == "finished":
            self._finish(row, event)

    def say_running(self) -> None:
        """Prints which trials run, how far they are and how long still, if any does."""
        running = [row for row in list(self._rows.values()) if row.seconds is None]
        if not running:
            return
        told = [
            f"trial {row.number}{'' if row.epoch is None else f' epoch {row.epoch}'} for "
            f"{time.monotonic() - row.started:.0f} s"
            for row in running[:_NAMED]
        ]
        more = len(running) - len(told)
        left = f", left {self._time_left()}" if self._ended else ""
        self.say(
            f"  {self._title} {self._ended}/{self._total}{left}; running: {', '.join(told)}"
            + (f" and {more} more" if more else "")
        )

    def _say_regularly(self) -> None:
        while not self._ending.wait(self._between_lines):
            self.say_running()

    def _finish(self, row: Row, event: TrialEvent) -> None:
        row.state, row.seconds = event.state, time.monotonic() - row.started
        row.value = event.value if event.value is not None else row.value
        self._ended += 1
        self._saved += getattr(event.outcome, "saved_seconds", 0.0)
        if self._title == "search" and event.state == "complete" and event.value is not None:
            self.best = max(self.best or (event.value, row.what), (event.value, row.what))
        if event.state == "failed":
            logging.getLogger(__name__).info("trial %d failed: %s", event.number, event.error)
            first = self._failures.setdefault(event.error, event.number)
            why = event.error if first == event.number else f"like trial {first}"
            self.say(f"trial {event.number} failed: {why}")
        if not self._console.is_terminal:
            shown = "" if row.value is None else f" valid NDCG@10 {row.value:.4f}"
            self.say(
                f"  {self._title} {self._ended}/{self._total} trial {row.number} {row.state}"
                f"{shown} in {row.seconds:.0f} s  {row.what}"
            )

    def _render(self) -> RenderableType:
        if not self._title:
            return Text("")
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for name, justify in (("trial", "right"), ("state", "left"), ("NDCG@10", "right")):
            table.add_column(name, justify=justify)  # type: ignore[arg-type]
        table.add_column("s", justify="right")
        table.add_column("what", no_wrap=True, overflow="ellipsis")
        for row in list(self._rows.values())[-_ROWS:]:
            table.add_row(*self._cells(row))
        return Group(self._headline(), table)

    def _cells(self, row: Row) -> tuple[Any, ...]:
        seconds = row.seconds if row.seconds is not None else time.monotonic() - row.started
        state = row.state if row.epoch is None or row.seconds else f"epoch {row.epoch}"
        return (
            str(row.number),
            Text(state, style=_STYLES.get(row.state, "cyan")),
            "" if row.value is None else f"{row.value:.4f}",
            f"{seconds:.0f}",
            row.what,
        )

    def _headline(self) -> Text:
        parts = [f"{self._title}  {self._ended}/{self._total}", f"left {self._time_left()}"]
        if self.best is not None:
            parts.append(f"best valid NDCG@10 {self.best[0]:.4f}")
        if self._saved >= 1:
            parts.append(f"saved by the store {self._saved:.0f} s")
        return Text("   ".join(parts), style="bold")

    def _time_left(self) -> str:
        if not self._ended:
            return "…"
        passed = time.monotonic() - self._phase_started
        left = passed / self._ended * (self._total - self._ended)
        return f"about {left / 60:.0f} min" if left >= 90 else f"about {left:.0f} s"
