"""A tracker that keeps nothing on disk but refuses what any tracker refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clairo.core.dataset import Dataset
from clairo.core.errors import SweepError
from clairo.tracking.logged_values import finite_metrics, param_texts, require_key, tag_texts
from clairo.tracking.protocol import Run
from clairo.tracking.records import SweepSummary, TrialState


@dataclass
class NullRun:
    """A run that remembers its settings and its state, as long as the process lives.

    Attributes:
        run_id: Not known to any server.
        state: Last state.
        params: What was logged, to refuse a change.
    """

    run_id: str
    state: TrialState = "running"
    params: dict[str, str] = field(default_factory=dict)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Checks the settings.

        Raises:
            SweepError: One was logged before with another value.
        """
        texts = param_texts(params)
        refuse_changes(self.params, texts)
        self.params.update(texts)

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """Checks the numbers."""
        finite_metrics(metrics)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Checks the names."""
        tag_texts(tags)

    def log_text(self, text: str, path: str) -> None:
        """Keeps nothing."""

    def log_folder(self, folder: Path, path: str) -> None:
        """Keeps nothing."""

    def log_dataset(self, dataset: Dataset, digest: str, source: str) -> None:
        """Keeps nothing."""

    def finish(self, state: TrialState) -> None:
        """Ends the run.

        Raises:
            SweepError: ``state`` is ``running``.
        """
        require_end(state)
        self.state = state


class NullTracker:
    """A :class:`~clairo.tracking.protocol.Tracker` in memory."""

    def __init__(self) -> None:
        self._sweeps: dict[str, NullRun] = {}
        self._trials: dict[str, dict[str, NullRun]] = {}

    def open_sweep(self, summary: SweepSummary) -> Run:
        """The parent run of a sweep."""
        require_key("sweep id", summary.sweep_id)
        run = self._sweeps.setdefault(summary.sweep_id, NullRun(summary.sweep_id))
        run.state = "running"
        return run

    def open_trial(self, sweep_id: str, trial_key: str, name: str, tags: Mapping[str, str]) -> Run:
        """A nested run; there need not be a parent."""
        require_key("trial key", trial_key)
        tag_texts(tags)
        trials = self._trials.setdefault(sweep_id, {})
        run = trials.setdefault(trial_key, NullRun(f"{sweep_id}/{trial_key}"))
        run.state = "running"
        return run

    def reconcile(self, sweep_id: str) -> tuple[str, ...]:
        """Ends the trials that are still running."""
        running = {k: r for k, r in self._trials.get(sweep_id, {}).items() if r.state == "running"}
        for run in running.values():
            run.finish("killed")
        return tuple(running)


def refuse_changes(logged: Mapping[str, str], params: Mapping[str, str]) -> None:
    """Settings of a run are logged once.

    Raises:
        SweepError: A setting has another value than was logged.
    """
    for key, value in params.items():
        if logged.get(key, value) != value:
            raise SweepError(
                f"Parameters of a run are logged once, {key} was {logged[key]!r} and is now "
                f"{value!r}; give the other configuration a trial of its own."
            )


def require_end(state: TrialState) -> None:
    """A finished run is not running.

    Raises:
        SweepError: It is said to be.
    """
    if state == "running":
        raise SweepError(
            "A run ends as complete, pruned, infeasible, failed or killed, got 'running'; "
            "say how it ended."
        )
