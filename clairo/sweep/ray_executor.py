"""Trials under Ray Tune: it places them on machines and cores; what they do is the same.

Stages are not Ray tasks: a wave of tasks costs seconds on a small machine, and actors that are
reused cost them once. Nothing but the trial's description and its outcome travels; data stay
in the stage store.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from clairo.core.errors import SweepError
from clairo.sweep.guarded_run import Run, run_assignment
from clairo.sweep.ray_session import RayResources, RaySession
from clairo.sweep.source import Dispatcher, OnEvent, TrialSource, ignore_event


class RayExecutor:
    """Runs trials as Ray Tune trials; one Ray for all sources that it executes.

    Args:
        workers: Trials at a time.
        folder: Where Tune keeps its bookkeeping; nothing in it is needed afterwards.
        num_cpus: Cores of a Ray that is started here; ``None`` for all.
        address: Of a running cluster; ``None`` starts one.
    """

    def __init__(
        self,
        workers: int,
        folder: Path,
        num_cpus: int | None = None,
        address: str | None = None,
    ) -> None:
        self.workers = workers
        self._folder = folder
        self._session = RaySession(workers, num_cpus, address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Disconnects; a Ray that was started here ends, with all that runs in it."""
        self._session.close()

    def execute(self, source: TrialSource, run: Run, on_event: OnEvent = ignore_event) -> None:
        """Runs all trials of a source; see :class:`~clairo.sweep.source.Executor`."""
        resources = self._session.start()
        from clairo.sweep.searcher import SourceSearcher

        searcher = SourceSearcher(Dispatcher(source, on_event), self.workers)
        try:
            _fit(searcher, run, resources, self._folder)
        except BaseException:
            # Also Ctrl-C: whatever still runs ends with the connection.
            self.close()
            raise
        if searcher.stopped:
            raise SweepError(searcher.stopped)


def _fit(searcher: Any, run: Run, resources: RayResources, folder: Path) -> None:
    from ray import tune

    wanted = {"cpu": resources.cpus, "gpu": resources.gpus}
    tuner = tune.Tuner(
        tune.with_resources(_trainable(run), wanted),
        tune_config=tune.TuneConfig(
            search_alg=searcher,
            num_samples=-1,
            reuse_actors=True,
            trial_name_creator=_trial_name,
            trial_dirname_creator=_trial_name,
        ),
        run_config=tune.RunConfig(
            name=f"tune-{uuid.uuid4().hex[:8]}",
            storage_path=str(folder.resolve()),
            verbose=0,
            failure_config=tune.FailureConfig(max_failures=0),
        ),
    )
    tuner.fit()


def _trainable(run: Run) -> Callable[[dict[str, Any]], None]:
    """The function that Tune calls in a worker, once a trial."""

    def run_in_worker(config: dict[str, Any]) -> None:
        from ray import tune

        from clairo.sweep.searcher import OUTCOME, PAYLOAD, RUNG, STOP, VALUE

        assignment = config[PAYLOAD].assignment

        def report(epoch: int, value: float) -> None:
            tune.report({RUNG: epoch, VALUE: value})

        try:
            outcome = run_assignment(assignment, run, report)
        except SweepError as error:
            tune.report({STOP: str(error)})
        else:
            tune.report({OUTCOME: outcome})

    return run_in_worker


def _trial_name(trial: Any) -> str:
    """Folder and display name of a Tune trial."""
    return f"trial-{trial.trial_id}"
