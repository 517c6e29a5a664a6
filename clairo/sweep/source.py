"""Where trials come from, and what an executor does with them.

An executor asks a :class:`TrialSource` for a batch, runs it, hands every outcome back and
asks again; an empty batch ends it. The study is one source, a fixed list another, so search,
confirmation and ablation run through the same executors.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from clairo.sweep.halving import always
from clairo.tracking.records import TrialState

KeepGoing = Callable[[int, float], bool]
"""Asked at every rung with (epoch, value so far); ``False`` prunes the trial."""


class Spec(Protocol):
    """What an executor knows of a trial; :class:`clairo.pipeline.trial.TrialSpec` is one."""

    @property
    def key(self) -> str:
        """Names configuration and seed."""
        ...

    @property
    def number(self) -> int:
        """Order of suggestion, from 0."""
        ...


class Outcome(Protocol):
    """How a trial ended; :class:`clairo.pipeline.trial.TrialOutcome` is one."""

    @property
    def key(self) -> str:
        """Key of the trial."""
        ...

    @property
    def state(self) -> TrialState:
        """How it ended."""
        ...

    @property
    def value(self) -> float | None:
        """The objective of a complete trial."""
        ...

    @property
    def rung_values(self) -> Mapping[int, float]:
        """Objective at each rung that was reached."""
        ...

    @property
    def error(self) -> str:
        """One line for a trial that failed."""
        ...

    @property
    def constraints(self) -> Mapping[str, float]:
        """How far each gate that was measured is violated, at most 0 where it is kept."""
        ...

    @property
    def transient(self) -> bool:
        """Whether the same trial may succeed when it is run again."""
        ...


@dataclass(frozen=True)
class Assignment:
    """A trial to run and the judge of its rungs; both travel to the worker."""

    spec: Any
    judge: KeepGoing = always


class TrialSource(Protocol):
    """Gives trials batch by batch."""

    def next_batch(self) -> Sequence[Assignment]:
        """The next trials; asked when none is running; empty when there is nothing left."""
        ...

    def finished(self, spec: Any, outcome: Any) -> None:
        """Takes an outcome as soon as the trial ends, in any order."""
        ...


class FixedPlan:
    """A source that gives a list of trials once, unpruned: confirmations, ablation arms.

    Attributes:
        outcomes: What came back, by trial key.
    """

    def __init__(self, specs: Sequence[Any]) -> None:
        self._waiting = [Assignment(spec) for spec in specs]
        self.outcomes: dict[str, Any] = {}

    def next_batch(self) -> Sequence[Assignment]:
        """All trials at the first call, none later."""
        batch, self._waiting = self._waiting, []
        return batch

    def finished(self, spec: Any, outcome: Any) -> None:
        """Keeps the outcome."""
        self.outcomes[spec.key] = outcome


@dataclass(frozen=True)
class TrialEvent:
    """Something the person at the terminal may want to see.

    Attributes:
        kind: ``started``, ``rung`` (a value came in), ``retried`` or ``finished``.
        number: Number of the trial.
        key: Its key.
        state: ``running`` until it finished.
        value: Value at the rung, or the objective.
        epoch: Epoch of the rung.
        outcome: The whole outcome, when finished.
        error: Why it failed or is retried.
    """

    kind: Literal["started", "rung", "retried", "finished"]
    number: int
    key: str
    state: TrialState = "running"
    value: float | None = None
    epoch: int | None = None
    outcome: Any = None
    error: str = ""


OnEvent = Callable[[TrialEvent], None]


def ignore_event(event: TrialEvent) -> None:
    """An :data:`OnEvent` for callers that show nothing."""


class Executor(Protocol):
    """Runs the trials of a source, several at a time."""

    def execute(
        self,
        source: TrialSource,
        run: Callable[[Any, KeepGoing], Any],
        on_event: OnEvent = ignore_event,
    ) -> None:
        """Returns when the source has nothing left.

        Args:
            source: Gives trials and takes outcomes.
            run: Runs one trial; picklable, and never raises for a failure of the trial.
            on_event: Told what happens, in the calling thread.

        Raises:
            KeyboardInterrupt: Asked to stop; running trials have been ended.
            SweepError: The executor cannot start.
        """
        ...


class Dispatcher:
    """Hands out the trials of a source, retries what may pass, and reports.

    Failures that may pass (out of memory, a lost worker) are tried again before the source
    hears of them; those of the configuration are not, because they would fail again.
    """

    MAX_ATTEMPTS = 3

    def __init__(self, source: TrialSource, on_event: OnEvent = ignore_event) -> None:
        self._source = source
        self._on_event = on_event
        self._waiting: deque[Assignment] = deque()
        self._attempts: dict[str, int] = {}
        self._running = 0
        self.done = False

    @property
    def running(self) -> int:
        """Trials that were taken and have not ended."""
        return self._running

    def take(self) -> Assignment | None:
        """The next trial; ``None`` while a batch must end first, or when ``done``."""
        if not self._waiting and not self._running and not self.done:
            self._waiting.extend(self._source.next_batch())
            self.done = not self._waiting
        if not self._waiting:
            return None
        assignment = self._waiting.popleft()
        key = assignment.spec.key
        self._attempts[key] = self._attempts.get(key, 0) + 1
        self._running += 1
        if self._attempts[key] == 1:
            self._on_event(TrialEvent("started", assignment.spec.number, key))
        return assignment

    def rung(self, assignment: Assignment, epoch: int, value: float) -> None:
        """Reports the value of a running trial at a rung."""
        spec = assignment.spec
        self._on_event(TrialEvent("rung", spec.number, spec.key, value=value, epoch=epoch))

    def finish(self, assignment: Assignment, outcome: Any) -> None:
        """Takes a trial's end: a retry, or an outcome for the source."""
        spec = assignment.spec
        self._running -= 1
        if outcome.transient and self._attempts[spec.key] < self.MAX_ATTEMPTS:
            self._waiting.appendleft(assignment)
            self._on_event(TrialEvent("retried", spec.number, spec.key, error=outcome.error))
            return
        self._source.finished(spec, outcome)
        self._on_event(
            TrialEvent(
                "finished",
                spec.number,
                spec.key,
                state=outcome.state,
                value=outcome.value,
                outcome=outcome,
                error=outcome.error,
            )
        )


def lost_outcome(spec: Spec, error: str, *, transient: bool) -> Any:
    """The outcome of a trial whose worker could not give one itself."""
    from clairo.pipeline.trial import TrialOutcome

    return TrialOutcome(spec.key, "failed", error=error, transient=transient)


def finite_or_failed(outcome: Any) -> Any:
    """A complete outcome without a finite value is a failure, as is any state but the known."""
    value = outcome.value
    if outcome.state != "complete" or (value is not None and abs(value) < float("inf")):
        return outcome
    error = f"The objective must be finite, got {value}; see the trial's metrics."
    return replace(outcome, state="failed", value=None, error=error, transient=False)
