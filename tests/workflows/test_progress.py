"""What a person sees: plain lines in a log, one live table in a terminal."""

from __future__ import annotations

import io
import re

from rich.console import Console

from clairo.pipeline.trial import TrialOutcome
from clairo.sweep.source import TrialEvent
from clairo.workflows.progress import Progress


def display(*, terminal: bool) -> tuple[Progress, io.StringIO]:
    written = io.StringIO()
    console = Console(file=written, force_terminal=terminal, width=100, color_system=None)
    return Progress(console, workers=2), written


def finished(number: int, value: float | None, state: str = "complete", **more: object):
    key = f"key-{number}"
    outcome = TrialOutcome(key, state, value, saved_seconds=3.0)
    return TrialEvent("finished", number, key, state=state, value=value, outcome=outcome, **more)


def started(number: int) -> TrialEvent:
    return TrialEvent("started", number, f"key-{number}")


def test_a_log_gets_one_plain_line_per_trial_with_the_time() -> None:
    progress, written = display(terminal=False)
    with progress:
        progress.phase("search", 2)
        progress.describe("key-0", "separate, 20 merges")
        progress.on_event(started(0))
        progress.on_event(finished(0, 0.125))
    lines = written.getvalue().splitlines()
    assert len(lines) == 2
    assert all(re.match(r"\d\d:\d\d:\d\d ", line) for line in lines)
    assert "search: 2 trials, 2 at a time" in lines[0]
    assert "search 1/2 trial 0 complete valid NDCG@10 0.1250" in lines[1]
    assert lines[1].endswith("separate, 20 merges")
    assert "\x1b" not in written.getvalue()


def test_brackets_in_a_description_are_text_and_not_markup() -> None:
    progress, written = display(terminal=False)
    progress.say("choice [bold] was removed")
    assert "choice [bold] was removed" in written.getvalue()


def test_a_terminal_shows_the_table_the_best_and_what_the_store_saved() -> None:
    progress, written = display(terminal=True)
    with progress:
        progress.phase("search", 4)
        for number, value in enumerate((0.1, 0.3, 0.2)):
            progress.describe(f"key-{number}", f"configuration {number}")
            progress.on_event(started(number))
            progress.on_event(finished(number, value))
        progress.on_event(started(3))
        progress.on_event(TrialEvent("rung", 3, "key-3", value=0.05, epoch=2))
    shown = written.getvalue()
    assert "search  3/4" in shown
    assert "best valid NDCG@10 0.3000" in shown
    assert "saved by the store 9 s" in shown
    assert "about" in shown
    assert "epoch 2" in shown
    assert "configuration 1" in shown


def test_the_best_is_of_the_search_alone() -> None:
    progress, _ = display(terminal=False)
    progress.phase("search", 1)
    progress.on_event(finished(0, 0.1))
    progress.phase("confirm", 1)
    progress.on_event(finished(1, 0.9))
    assert progress.best is not None
    assert progress.best[0] == 0.1


def test_a_trial_without_a_value_is_never_the_best() -> None:
    progress, _ = display(terminal=False)
    progress.phase("search", 2)
    progress.on_event(finished(0, None, "infeasible", error="collision rate is above the gate"))
    progress.on_event(finished(1, 0.7, "pruned"))
    assert progress.best is None


def test_failures_and_retries_are_said_with_their_reason() -> None:
    progress, written = display(terminal=False)
    progress.phase("search", 1)
    progress.on_event(TrialEvent("retried", 0, "key-0", error="the worker died"))
    progress.on_event(finished(0, None, "failed", error="StageError: the loss is not finite"))
    assert "trial 0 runs again: the worker died" in written.getvalue()
    assert "trial 0 failed: StageError: the loss is not finite" in written.getvalue()


def test_a_phase_starts_counting_anew() -> None:
    progress, written = display(terminal=False)
    progress.phase("search", 1)
    progress.on_event(finished(0, 0.1))
    progress.phase("confirm", 2)
    progress.on_event(finished(1, 0.1))
    assert "confirm 1/2 trial 1" in written.getvalue()
