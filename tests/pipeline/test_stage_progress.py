"""What is told of a long stage, by a clock that the test turns."""

from __future__ import annotations

import logging

import pytest

from clairo.pipeline.stage_progress import ProgressOfStage, StageProgress


class Clock:
    """Seconds that pass when the test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_rate_and_time_left_count_this_attempt_alone(caplog: pytest.LogCaptureFixture) -> None:
    clock, told = Clock(), []
    progress = ProgressOfStage("image_embedding", told.append, clock)
    progress(400, 1000)
    clock.now += 10.0
    progress(500, 1000)
    assert told[0].rate == 0.0
    assert told[0].seconds_left is None
    assert told[1].rate == (500 - 400) / 10.0
    assert told[1].seconds_left == (1000 - 500) / 10.0


def test_the_log_has_the_first_and_the_last_word_and_few_between(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, told = Clock(), []
    progress = ProgressOfStage("text_embedding", told.append, clock)
    with caplog.at_level(logging.INFO):
        progress(0, 50)
        for done in range(1, 51):
            clock.now += 1.0
            progress(done, 50)
    assert len(told) == 51
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "text_embedding 0 of 50",
        "text_embedding 15 of 50, 1.0 a second, about 35 s left",
        "text_embedding 30 of 50, 1.0 a second, about 20 s left",
        "text_embedding 45 of 50, 1.0 a second, about 5 s left",
        "text_embedding 50 of 50, 1.0 a second, about 0 s left",
    ]


def test_long_times_are_told_in_minutes() -> None:
    line = StageProgress("image_embedding", 1_000, 1_000_000, 0, 10.0).describe()
    assert line == "image_embedding 1,000 of 1,000,000, 100.0 a second, about 166 min left"
