"""Holds the native thread pools of this process to a given size for a while."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def limit_threads(num_threads: int) -> Iterator[None]:
    """Limits every BLAS and OpenMP pool that is loaded by now, and restores them after.

    Methods whose sums depend on how the work was cut use one thread, so that the number of
    cores never changes a result. Import the native libraries first: a pool that is loaded
    later is not limited.

    Args:
        num_threads: Threads per pool, 1 or more.

    Example:
        >>> with limit_threads(1):
        ...     pass
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=num_threads):
        yield


def usable_cpus() -> int:
    """CPUs this process may run on, which in a container or job can be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
