"""The bridge between Ray Tune and a trial source: thin, and stateless beyond what runs now."""

from __future__ import annotations

from typing import Any

from ray.tune.search import Searcher

from clairo.core.errors import SweepError
from clairo.sweep.source import Assignment, Dispatcher, lost_outcome

PAYLOAD, RUNG, VALUE, OUTCOME, STOP = "trial", "rung", "value", "outcome", "stop"
"""Keys between driver and worker: in the trial's config, and in what it reports."""


class Payload:
    """An assignment inside a Tune configuration, with a short name.

    Tune writes the text of every configuration value into tags and folder names.
    """

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment

    def __repr__(self) -> str:
        return str(self.assignment.spec.key)


class SourceSearcher(Searcher):  # type: ignore[misc]  # ray has no types
    """Answers Tune from a :class:`~clairo.sweep.source.Dispatcher`.

    ``suggest`` gives ``None`` while a batch has to end first and ``FINISHED`` when nothing is
    left. Nothing is saved with the experiment: the study database is the truth, and a restart
    builds a new searcher on it.

    Args:
        dispatcher: Hands out trials and takes their ends.
        workers: Trials at a time.

    Attributes:
        stopped: Why the sweep cannot go on, ``""`` while it can.
    """

    def __init__(self, dispatcher: Dispatcher, workers: int) -> None:
        super().__init__()
        self._dispatcher = dispatcher
        self._workers = workers
        self._taken: dict[str, Assignment] = {}
        self.stopped = ""

    def suggest(self, trial_id: str) -> Any:
        """Configuration of the next trial, ``None`` to be asked again, or ``FINISHED``."""
        if self.stopped:
            return Searcher.FINISHED
        if self._dispatcher.running >= self._workers:
            return None
        try:
            assignment = self._dispatcher.take()
        except SweepError as error:
            self.stopped = str(error)
            return Searcher.FINISHED
        if assignment is None:
            return Searcher.FINISHED if self._dispatcher.done else None
        self._taken[trial_id] = assignment
        return {PAYLOAD: Payload(assignment)}

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Passes a rung value on."""
        if RUNG in result and trial_id in self._taken and OUTCOME not in result:
            self._dispatcher.rung(self._taken[trial_id], result[RUNG], result[VALUE])

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Takes the outcome; a trial without one lost its worker."""
        assignment = self._taken.pop(trial_id)
        result = result or {}
        if STOP in result:
            # No fault of the trial: it stays open and is run when the sweep goes on.
            self.stopped = self.stopped or str(result[STOP])
            return
        outcome = None if error else result.get(OUTCOME)
        if outcome is None:
            message = "A worker must outlive its trial, this one died (see the Ray logs)."
            outcome = lost_outcome(assignment.spec, message, transient=True)
        try:
            self._dispatcher.finish(assignment, outcome)
        except SweepError as refused:
            # Tune would wrap it in an error of its own, traceback and all.
            self.stopped = self.stopped or str(refused)

    def save(self, checkpoint_path: str) -> None:
        """Writes nothing; see the class."""

    def restore(self, checkpoint_path: str) -> None:
        """Reads nothing; see the class."""

    def __reduce__(self) -> tuple[type[Searcher], tuple[()]]:
        # Tune pickles the searcher into its experiment folder, database handle and all.
        return (Searcher, ())

    def __deepcopy__(self, memo: dict[int, Any]) -> SourceSearcher:
        return self
