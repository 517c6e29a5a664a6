"""Whose turn it is, on a clock that the tests move."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from clairo.datasets.picture_policy import PicturePolicy
from clairo.datasets.picture_turns import Job, Turns, retry_after_seconds


class _Clock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


def _turns(clock: _Clock, **settings: float) -> Turns:
    policy = {"gap_seconds": 0, "per_host": 2, "host_failures": 3, **settings}
    return Turns(PicturePolicy.model_validate(policy), clock)


def _job(name: str, host: str = "a.example") -> Job:
    url = f"http://{host}/{name}"
    return Job(name, url, url)


def test_a_host_gets_so_many_requests_at_once_and_no_more(clock: _Clock) -> None:
    turns = _turns(clock)
    jobs = [_job(str(number)) for number in range(3)]
    for job in jobs:
        turns.add(job)
    assert turns.next_job() == (jobs[0], None)
    assert turns.next_job() == (jobs[1], None)
    assert turns.next_job() == (None, None)
    turns.finished(jobs[0])
    assert turns.next_job() == (jobs[2], None)


def test_requests_to_one_host_keep_a_gap_and_another_host_does_not_wait(clock: _Clock) -> None:
    turns = _turns(clock, gap_seconds=2.0)
    one, two, other = _job("1"), _job("2"), _job("3", "b.example")
    for job in (one, two, other):
        turns.add(job)
    assert turns.next_job()[0] == one
    assert turns.next_job()[0] == other
    assert turns.next_job() == (None, 2.0)
    clock.now += 2.0
    assert turns.next_job()[0] == two


def test_hosts_take_turns(clock: _Clock) -> None:
    turns = _turns(clock, per_host=9)
    for number in range(3):
        turns.add(_job(f"a{number}", "a.example"))
        turns.add(_job(f"b{number}", "b.example"))
    found = [turns.next_job()[0] for _ in range(6)]
    assert [job.item for job in found if job] == ["a0", "b0", "a1", "b1", "a2", "b2"]


def test_a_job_that_is_put_off_starts_no_earlier(clock: _Clock) -> None:
    turns = _turns(clock)
    turns.add(_job("1"), delay=5.0)
    assert turns.next_job() == (None, 5.0)
    clock.now += 4.0
    assert turns.next_job() == (None, 1.0)
    clock.now += 1.0
    assert turns.next_job()[0] == _job("1")


def test_a_pause_holds_for_all_jobs_of_the_host(clock: _Clock) -> None:
    turns = _turns(clock)
    turns.add(_job("1"))
    turns.add(_job("2"))
    turns.next_job()
    turns.pause("a.example", 30.0, "it answers 429")
    assert turns.next_job() == (None, 30.0)
    clock.now += 30.0
    assert turns.next_job()[0] == _job("2")


def test_requests_that_meet_the_same_pause_are_one_failure(clock: _Clock) -> None:
    turns = _turns(clock, host_failures=2)
    turns.add(_job("1"))
    for _ in range(8):
        turns.pause("a.example", 30.0, "it answers 429")
    assert turns.given_up("a.example") is None
    clock.now += 30.0
    turns.pause("a.example", 30.0, "it answers 429")
    assert turns.given_up("a.example") == "it answers 429"


def test_a_host_that_asks_for_a_longer_pause_than_is_kept_is_given_up(clock: _Clock) -> None:
    turns = _turns(clock, longest_wait_seconds=60)
    turns.add(_job("1"))
    turns.pause("a.example", 60.0, "it answers 503")
    assert turns.given_up("a.example") is None
    turns.pause("a.example", 61.0, "it answers 503")
    assert turns.given_up("a.example") == "it answers 503 and asks to wait 61 s"


def test_a_host_is_given_up_after_failures_in_a_row_and_not_revived(clock: _Clock) -> None:
    turns = _turns(clock, host_failures=3)
    turns.add(_job("1"))
    for _ in range(2):
        turns.failed("a.example", "no answer")
    turns.answered("a.example")
    for _ in range(2):
        turns.failed("a.example", "no answer")
    assert turns.all_given_up() == {}
    turns.failed("a.example", "silence")
    turns.answered("a.example")
    assert turns.all_given_up() == {"a.example": "silence"}


def test_jobs_of_a_host_that_is_given_up_come_at_once_to_be_reported(clock: _Clock) -> None:
    turns = _turns(clock, host_failures=1, per_host=1)
    for number in range(2):
        turns.add(_job(str(number)))
    turns.add(_job("late"), delay=1_000.0)
    turns.failed("a.example", "silence")
    assert [turns.next_job()[0] for _ in range(3)] == [_job("0"), _job("1"), _job("late")]


def test_who_waits_for_a_job_is_woken_by_one_and_by_the_end() -> None:
    turns = Turns(PicturePolicy())
    found: list[Job | None] = []
    waiting = threading.Thread(target=lambda: found.extend((turns.take(), turns.take())))
    waiting.start()
    turns.add(_job("1"))
    turns.close()
    waiting.join(timeout=30)
    assert not waiting.is_alive()
    # The end may come before the job was seen; nothing is handed out after it.
    assert found in ([_job("1"), None], [None, None])


def test_a_redirected_job_waits_at_its_new_host_and_remembers_its_way() -> None:
    job = _job("1").again().redirected("http://b.example/x").redirected("http://c.example/x")
    assert (job.host, job.attempts) == ("c.example", 1)
    assert job.trail == ("http://a.example/1", "http://b.example/x")
    assert job.url == "http://a.example/1"


NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        ("Sat, 31 Jan 2026 12:01:30", 90.0),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
    ],
)
def test_a_pause_is_asked_for_in_seconds_or_by_a_date(value: str, expected: float | None) -> None:
    assert retry_after_seconds(value, NOW) == expected
