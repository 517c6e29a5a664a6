"""Hosts that fail several times in a row are given up for good."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from clairo.core.errors import DataError


class DownloadError(DataError):
    """An address that could not be had.

    Attributes:
        permanent: Whether the server said so, so that asking again is of no use.
    """

    def __init__(self, message: str, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


class RefusedError(DownloadError):
    """An address to which the server answered that it has nothing there for us."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


@dataclass
class Hosts:
    """Failures in a row of each host, shared by all threads."""

    limit: int
    _counts: dict[str, int] = field(default_factory=dict)
    _reasons: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def require(self, host: str) -> None:
        """Refuses a host that has been given up.

        Raises:
            DownloadError: It has been.
        """
        with self._lock:
            count, reason = self._counts.get(host, 0), self._reasons.get(host, "")
        if count >= self.limit:
            message = f"{host} is given up after {count} failures, lastly: {reason}"
            raise DownloadError(message, permanent=False)

    def failed(self, host: str, reason: str) -> None:
        """Counts one more failure of a host."""
        with self._lock:
            self._counts[host] = self._counts.get(host, 0) + 1
            self._reasons[host] = reason

    def answered(self, host: str) -> None:
        """Forgets the failures of a host that has answered."""
        with self._lock:
            # A host given up stays so: answers that were on their way do not revive it.
            if self._counts.get(host, 0) < self.limit:
                self._counts[host] = 0

    def all_given_up(self) -> tuple[str, ...]:
        """Hosts that failed too often."""
        with self._lock:
            return tuple(sorted(h for h, count in self._counts.items() if count >= self.limit))
