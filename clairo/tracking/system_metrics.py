"""Processor, memory and GPU use of the process that runs a trial.

MLflow's own monitor is not used: it measures the whole machine, drops what it has sampled when
a run ends within its interval (most quick trials do), and asks the server for the run at each
sample.
"""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Self

import psutil

from clairo.core.errors import SweepError
from clairo.tracking.environment import query_gpus
from clairo.tracking.protocol import Run

_log = logging.getLogger(__name__)

_MEGABYTE = 1e6


class SystemMetrics:
    """Logs ``system/...`` metrics of this process while a ``with`` block runs.

    One sample is logged each interval and one when the block ends; the step counts samples.
    A tracker that stops answering ends the sampling with a warning, not the trial.

    Args:
        run: Where to log.
        interval_seconds: Time between samples.
    """

    def __init__(self, run: Run, interval_seconds: float = 10.0) -> None:
        self._run = run
        self._interval_seconds = interval_seconds
        self._process = psutil.Process()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="system-metrics", daemon=True)
        self._step = 0

    def __enter__(self) -> Self:
        # The first reading of a share is about nothing; what follows is since this one.
        self._process.cpu_percent()
        psutil.cpu_percent()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def sample(self) -> dict[str, float]:
        """Present use; 100 % of ``process_cpu_percent`` is one core."""
        memory = psutil.virtual_memory()
        values = {
            "system/process_cpu_percent": self._process.cpu_percent(),
            "system/process_memory_megabytes": self._process.memory_info().rss / _MEGABYTE,
            "system/cpu_percent": psutil.cpu_percent(),
            "system/memory_percent": memory.percent,
        }
        for index, (use, megabytes) in enumerate(query_gpus("utilization.gpu,memory.used")):
            for name, text in (("utilization_percent", use), ("memory_mebibytes", megabytes)):
                if text.replace(".", "").isdigit():  # "[N/A]" where a GPU does not tell
                    values[f"system/gpu_{index}_{name}"] = float(text)
        return values

    def _watch(self) -> None:
        going = True
        while going:
            going = not self._stop.wait(self._interval_seconds)
            try:
                self._run.log_metrics(self.sample(), step=self._step)
            except SweepError as error:
                _log.warning("System metrics are no longer logged: %s", error)
                return
            self._step += 1
