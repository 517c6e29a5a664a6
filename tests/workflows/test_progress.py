"""What a person sees: plain lines in a log, one live table in a terminal."""

from __future__ import annotations

import io
import re
import threading

import pytest
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


def test_a_log_gets_a_plain_line_with_the_time_when_a_trial_starts_and_ends() -> None:
    progress, written = display(terminal=False)
    with progress:
        progress.phase("search", 2)
        progress.describe("key-0", "separate, 20 merges")
        progress.on_event(started(0))
        progress.on_event(finished(0, 0.125))
    lines = written.getvalue().splitlines()
    assert len(lines) == 3
    assert all(re.match(r"\d\d:\d\d:\d\d ", line) for line in lines)
    assert "search: 2 trials, 2 at a time" in lines[0]
    assert "search trial 0 starts" in lines[1]
    assert "search 1/2 trial 0 complete valid NDCG@10 0.1250" in lines[2]
    assert all(line.endswith("separate, 20 merges") for line in lines[1:])
    assert "\x1b" not in written.getvalue()


def test_a_log_says_what_is_running_and_how_long_still() -> None:
    progress, written = display(terminal=False)
    progress.phase("search", 4)
    progress.on_event(started(0))
    progress.say_running()
    assert re.search(r"search 0/4; running: trial 0 for \d+ s$", written.getvalue().strip())
    progress.on_event(finished(0, 0.1))
    progress.on_event(started(1))
    progress.on_event(started(2))
    progress.on_event(TrialEvent("rung", 2, "key-2", value=0.05, epoch=3))
    progress.say_running()
    last = written.getvalue().splitlines()[-1]
    assert re.search(
        r"search 1/4, left about \d+ s; running: trial 1 for \d+ s, trial 2 epoch 3 for \d+ s$",
        last,
    )


def test_nothing_is_said_of_what_is_running_where_nothing_runs() -> None:
    progress, written = display(terminal=False)
    progress.phase("search", 1)
    progress.on_event(started(0))
    progress.on_event(finished(0, 0.1))
    before = written.getvalue()
    progress.say_running()
    assert written.getvalue() == before


def test_of_many_running_trials_some_are_named_and_the_rest_is_counted() -> None:
    progress, written = display(terminal=False)
    progress.phase("search", 20)
    for number in range(11):
        progress.on_event(started(number))
    progress.say_running()
    last = written.getvalue().splitlines()[-1]
    assert "trial 7 for" in last
    assert "trial 8" not in last
    assert last.endswith("and 3 more")


@pytest.mark.parametrize("terminal", [False, True])
def test_a_log_hears_of_long_trials_until_the_end_and_a_terminal_does_not(
    terminal: bool,
) -> None:
    heard = threading.Event()

    class Heard(io.StringIO):
        def write(self, text: str) -> int:
            if "running: trial 0" in text:
                heard.set()
            return super().write(text)

    console = Console(file=Heard(), force_terminal=terminal, width=100, color_system=None)
    with Progress(console, workers=1, between_lines=0.01) as progress:
        threads = [t for t in threading.enumerate() if t.name == "progress"]
        assert len(threads) == (0 if terminal else 1)
        progress.phase("search", 1)
        progress.on_event(started(0))
        assert terminal or heard.wait(60)
    assert not any(thread.is_alive() for thread in threads)
    assert heard.is_set() != terminal


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
