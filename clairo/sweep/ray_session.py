"""One connection to Ray for a whole sweep: started here, or joined at an address."""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from clairo.core.errors import SweepError
from clairo.core.threads import usable_cpus
from clairo.distributed.ray_settings import inherited_variables, prepare_ray
from clairo.sweep.guarded_run import environment, thread_variables

_PROBE_SECONDS = 5.0
_HEALTH_SECONDS = 20.0
_OBJECT_STORE_BYTES = 150 * 2**20


@dataclass(frozen=True)
class RayResources:
    """What each trial gets.

    Attributes:
        cpus: CPU cores, at least 1.
        gpus: GPUs, a fraction when trials share one. Bookkeeping, not isolation.
    """

    cpus: int
    gpus: float


class RaySession:
    """A Ray that is up between :meth:`start` and :meth:`close`.

    Args:
        workers: Trials at a time.
        num_cpus: Cores of a Ray that is started here; ``None`` for all.
        address: Of a running cluster; ``None`` starts one that listens on this machine only.
    """

    def __init__(
        self, workers: int, num_cpus: int | None = None, address: str | None = None
    ) -> None:
        self._workers = workers
        self._num_cpus = num_cpus or usable_cpus()
        self._address = address
        self._ours = False

    def start(self) -> RayResources:
        """Connects, unless that has been done, and says what each trial gets.

        Raises:
            SweepError: Nothing answers at the address, or Ray cannot start.
        """
        prepare_ray()
        import ray

        if not ray.is_initialized():
            if self._address:
                check_address(self._address)
            self._init(ray)
            self._ours = True
        return self._share(ray)

    def close(self) -> None:
        """Ends what :meth:`start` began, running trials included."""
        if not self._ours:
            return
        import ray

        ray.shutdown()
        self._ours = False

    def _init(self, ray: Any) -> None:
        options: dict[str, Any] = {
            "include_dashboard": False,
            "log_to_driver": False,
            "logging_level": logging.ERROR,
        }
        threads = thread_variables(max(1, self._num_cpus // self._workers))
        if self._address:
            variables = threads | inherited_variables()
            options |= {"address": self._address, "runtime_env": {"env_vars": variables}}
        else:
            # Trials beyond the cores still run at the same time: workers is what was asked.
            cpus = max(self._num_cpus, self._workers)
            options |= {"address": "local", "num_cpus": cpus}
            options["object_store_memory"] = _OBJECT_STORE_BYTES
        try:
            # A Ray that is started here hands its environment down, and a worker that waits
            # ready is used; one with a runtime environment of its own would be started anew.
            with environment({} if self._address else threads), _own_sigterm():
                ray.init(**options)
        except (ConnectionError, RuntimeError, TimeoutError, ValueError) as error:
            where = self._address or "this machine"
            raise SweepError(
                f"Ray must be reachable, got {where} ({' '.join(str(error).split())}); check "
                "RAY_ADDRESS, or leave it out to start one here."
            ) from error

    def _share(self, ray: Any) -> RayResources:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        cpus = int(sum(node.get("CPU", 0) for node in nodes))
        gpus = sum(node.get("GPU", 0.0) for node in nodes)
        largest = int(max(node.get("CPU", 0) for node in nodes))
        share = gpus / self._workers
        # Whole GPUs where there is one for each trial; several trials share one otherwise.
        return RayResources(
            cpus=max(1, min(cpus // self._workers, largest)),
            gpus=float(int(share)) if share >= 1 else share,
        )


@contextmanager
def _own_sigterm() -> Iterator[None]:
    """Gives SIGTERM back to this program afterwards.

    Ray's native code puts a handler of its own below Python's, which aborts the driver with a
    stack trace: nothing could be closed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals belong to the main thread, and so does their handler
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def check_address(address: str) -> None:
    """Finds out within seconds whether a Ray answers at an address.

    Ray itself retries for a minute and then ends the process instead of raising.

    Raises:
        SweepError: Nothing listens there, or it is not a Ray.
    """
    if address in ("auto", "local"):
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    cure = "check RAY_ADDRESS, or leave it out to start one here"
    if not host or not port.isdigit():
        raise SweepError(f"RAY_ADDRESS must be host:port, got {address}; {cure}.")
    try:
        socket.create_connection((host, int(port)), timeout=_PROBE_SECONDS).close()
    except OSError as error:
        raise SweepError(f"Ray must be reachable, got {address} ({error}); {cure}.") from error
    if address.startswith("ray://"):
        return
    command = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        answer = subprocess.run(command, capture_output=True, timeout=_HEALTH_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise SweepError(f"Ray must answer at {address}, got silence; {cure}.") from error
    if answer.returncode != 0:
        raise SweepError(f"A Ray must run at {address}, something else answers there; {cure}.")
