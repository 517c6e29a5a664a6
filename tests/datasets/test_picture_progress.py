"""How far fetching pictures has come, on a terminal and elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from clairo.datasets import picture_progress as progress


@pytest.mark.parametrize("console", [None, Console(file=io.StringIO())])
def test_lines_are_said_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, console: Console | None
) -> None:
    monkeypatch.setattr(progress, "PICTURES_PER_LINE", 10)
    said: list[str] = []
    with progress.picture_progress(1_025, said.append, console) as reached:
        # Several may be settled by one answer, so a step may be jumped over.
        for done in (9, 10, 11, 1_019, 1_021, 1_025):
            reached(done)
    assert said == [
        "  10 of 1,025 pictures",
        "  1,019 of 1,025 pictures",
        "  1,021 of 1,025 pictures",
    ]


def test_a_terminal_shows_a_bar_and_no_lines() -> None:
    console, said = Console(file=io.StringIO(), force_terminal=True, width=80), list[str]()
    with progress.picture_progress(4, said.append, console) as reached:
        reached(3)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "pictures" in shown
    assert "3/4" in shown
    assert said == []
