"""What a person sees of a long stage."""

from __future__ import annotations

import io

from rich.console import Console

from clairo.pipeline.stage_progress import StageProgress
from clairo.workflows.stage_bar import StageBar

HALF = StageProgress("image_embedding", 50, 100, 0, 10.0)


def shown(*, terminal: bool, between_lines: float = 0.0) -> str:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=120)
    with StageBar(console, between_lines) as bar:
        bar(HALF)
    return stream.getvalue()


def test_a_terminal_gets_a_bar_with_rate_and_time_left() -> None:
    text = shown(terminal=True)
    assert "image_embedding 50 of 100, 5.0 a second, about 10 s left" in text
    assert "\x1b[" in text


def test_elsewhere_a_line_comes_now_and_then() -> None:
    line = "image_embedding 50 of 100, 5.0 a second, about 10 s left\n"
    assert shown(terminal=False) == line
    assert shown(terminal=False, between_lines=600.0) == ""
