"""Which executor runs the trials of a sweep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from clairo.sweep.source import Executor


@contextmanager
def open_executor(
    name: Literal["ray", "local"],
    *,
    workers: int,
    num_threads: int,
    out: Path,
    address: str | None = None,
) -> Iterator[Executor]:
    """An executor for all phases of one sweep.

    Args:
        name: ``ray`` places trials on machines and cores; ``local`` needs no Ray.
        workers: Trials at a time.
        num_threads: Threads of each local worker; Ray gives its workers what they ask for.
        out: The sweep's output folder.
        address: A running Ray cluster, ``None`` starts one here.

    Raises:
        SweepError: Ray cannot be reached or started.
    """
    if name == "local":
        from clairo.sweep.local_executor import LocalExecutor

        yield LocalExecutor(workers, num_threads)
        return
    from clairo.sweep.ray_executor import RayExecutor

    with RayExecutor(workers, out / "ray", address=address) as executor:
        yield executor
