"""Whose turn it is: hosts are asked a few times at once, with gaps, and left alone on request."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from clairo.datasets.mirrors import host_of
from clairo.datasets.picture_policy import PicturePolicy


@dataclass(frozen=True)
class Job:
    """One address that is to be asked for.

    Attributes:
        item: Whose picture it is.
        url: The address that the metadata names.
        target: The address that is asked; another one after a redirect.
        trail: Addresses that redirected here, in order.
        attempts: Times that this address failed in a way that may pass.
    """

    item: str
    url: str
    target: str
    trail: tuple[str, ...] = ()
    attempts: int = 0

    @property
    def host(self) -> str:
        """Host and port that are asked."""
        return host_of(self.target)

    def again(self) -> Job:
        """The same after another failure."""
        return replace(self, attempts=self.attempts + 1)

    def redirected(self, target: str) -> Job:
        """The same at another address."""
        return replace(self, target=target, trail=(*self.trail, self.target))


@dataclass
class _Host:
    """What is known of one host, times by the clock of the turns."""

    ready: deque[Job] = field(default_factory=deque)
    later: list[tuple[float, int, Job]] = field(default_factory=list)
    active: int = 0
    next_start: float = 0.0
    failures: int = 0
    reason: str = ""
    is_given_up: bool = False


def retry_after_seconds(value: str, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, ``None`` where it asks for nothing.

    Example:
        >>> now = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
        >>> retry_after_seconds("120", now)
        120.0
        >>> retry_after_seconds("Sat, 31 Jan 2026 12:00:30 GMT", now)
        30.0
    """
    text = value.strip()
    if text.isdecimal():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())


class Turns:
    """Jobs by host, shared by all threads.

    A job of a host that has been given up is handed out at once, so that it can be reported.
    """

    def __init__(self, policy: PicturePolicy, clock: Callable[[], float] = time.monotonic) -> None:
        """Takes the limits.

        Args:
            policy: Connections and gaps per host, and when to give one up.
            clock: Seconds that never go back.
        """
        self._policy = policy
        self._clock = clock
        self._hosts: dict[str, _Host] = {}
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._is_closed = False

    def add(self, job: Job, delay: float = 0.0) -> None:
        """Puts a job into the queue of its host.

        Args:
            job: The job.
            delay: Seconds before it may start.
        """
        with self._changed:
            host = self._hosts.setdefault(job.host, _Host())
            if delay > 0:
                entry = (self._clock() + delay, next(self._numbers), job)
                heapq.heappush(host.later, entry)
            else:
                host.ready.append(job)
            self._changed.notify()

    def take(self) -> Job | None:
        """Waits for a job that may start now, and counts it as started; ``None`` once closed."""
        with self._changed:
            while not self._is_closed:
                job, wait = self.next_job()
                if job is not None:
                    return job
                self._changed.wait(wait)
            return None

    def next_job(self) -> tuple[Job | None, float | None]:
        """A job that may start now, or the seconds until one may (``None``: not by itself)."""
        with self._changed:
            now, soonest = self._clock(), float("inf")
            for name, host in self._hosts.items():
                start = self._start_of(host, now)
                if start <= now:
                    # To the end of the line, so that the hosts take turns.
                    self._hosts[name] = self._hosts.pop(name)
                    return self._started(host, now), None
                soonest = min(soonest, start)
            return None, None if soonest == float("inf") else soonest - now

    def finished(self, job: Job) -> None:
        """Frees the connection of a job that was taken."""
        with self._changed:
            self._hosts[job.host].active -= 1
            self._changed.notify_all()

    def answered(self, host: str) -> None:
        """Forgets the failures of a host that has answered."""
        with self._changed:
            self._hosts[host].failures = 0

    def failed(self, host: str, reason: str) -> None:
        """Counts one more failure in a row, which may be one too many."""
        with self._changed:
            found = self._hosts[host]
            found.failures, found.reason = found.failures + 1, reason
            if found.failures >= self._policy.host_failures:
                self._give_up(found)

    def pause(self, host: str, seconds: float, reason: str) -> None:
        """Leaves a host alone because it asked for that.

        Requests that were on their way and bring the same wish are one failure together.
        """
        with self._changed:
            found, now = self._hosts[host], self._clock()
            is_known = found.next_start - now > self._policy.gap_seconds
            found.next_start = max(found.next_start, now + seconds)
            if seconds > self._policy.longest_wait_seconds:
                found.reason = f"{reason} and asks to wait {seconds:,.0f} s"
                self._give_up(found)
            elif not is_known:
                self.failed(host, reason)

    def given_up(self, host: str) -> str | None:
        """Why a host has been given up, ``None`` for one that has not."""
        with self._changed:
            found = self._hosts.get(host)
            return found.reason if found is not None and found.is_given_up else None

    def all_given_up(self) -> dict[str, str]:
        """Hosts that have been given up, and why."""
        with self._changed:
            hosts = sorted(self._hosts.items())
            return {name: host.reason for name, host in hosts if host.is_given_up}

    def close(self) -> None:
        """Hands out nothing more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _give_up(self, host: _Host) -> None:
        # For good: answers that were on their way do not revive it.
        host.is_given_up = True
        self._changed.notify_all()

    def _start_of(self, host: _Host, now: float) -> float:
        """When the next job of a host may start; infinity where nothing but an event helps."""
        if host.is_given_up:
            return now if host.ready or host.later else float("inf")
        while host.later and host.later[0][0] <= now:
            host.ready.append(heapq.heappop(host.later)[2])
        if host.active >= self._policy.per_host:
            return float("inf")
        if host.ready:
            return host.next_start
        return max(host.next_start, host.later[0][0]) if host.later else float("inf")

    def _started(self, host: _Host, now: float) -> Job:
        host.active += 1
        if host.is_given_up:
            return host.ready.popleft() if host.ready else heapq.heappop(host.later)[2]
        host.next_start = now + self._policy.gap_seconds
        return host.ready.popleft()
