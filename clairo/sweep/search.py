"""The search: a source of trials that the study database suggests, batch by batch.

A batch is as many trials as there are workers. Its outcomes are recorded as they arrive and
told to the sampler together, in trial order, when the last one is in; and each suggestion has
a random generator of its own, derived from the sweep's seed and the trial's number. So what
is suggested depends on seed, data and number of workers, never on which trial was quicker,
and a sweep that was killed and goes on suggests what the undisturbed one would have.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import optuna

from clairo.core.errors import ConfigError
from clairo.core.fingerprint import hash_json
from clairo.core.seeding import stage_seed
from clairo.sweep.halving import RungRecord
from clairo.sweep.search_space import SearchSpace
from clairo.sweep.source import Assignment, Spec, finite_or_failed
from clairo.sweep.study import Begun, StudyDatabase, StudyTrial, make_sampler

_log = logging.getLogger(__name__)

_TPE_ATTEMPTS, _MAX_ATTEMPTS = 5, 40
"""Duplicates in a row after which the estimator gives way to chance, and the search ends."""


_USABLE = ("complete", "pruned", "infeasible")
"""States that say something about a configuration."""


@dataclass(frozen=True)
class SearchPlan:
    """How much and how to search.

    Attributes:
        budget: Trials in all; duplicates do not count, failures do.
        workers: Trials in a batch.
        seed: Root seed of the sweep.
        eta: One in ``eta`` trials goes on after a rung.
    """

    budget: int
    workers: int
    seed: int = 0
    eta: int = 3

    @property
    def startup(self) -> int:
        """Random trials before the estimator is believed."""
        return max(4, min(10, self.budget // 3))


class Search:
    """A :class:`~clairo.sweep.source.TrialSource` over a study.

    Opening it reconciles the database: what a dead process left running is failed and asked
    again with the same parameters, number and batch; what had ended is kept. Trials that
    failed are asked again only where no trial came to an end in another way.

    Args:
        database: The study.
        space: The narrowed space.
        plan: Budget, batch size, seed.
        build: ``(number, settings) -> trial``; a ``ConfigError`` refuses the settings.
        stop: Asked before each batch; a reason ends the search, ``""`` goes on.

    Attributes:
        ended: Why the search ended, ``""`` while it has not.
    """

    def __init__(
        self,
        database: StudyDatabase,
        space: SearchSpace,
        plan: SearchPlan,
        build: Callable[[int, dict[str, Any]], Spec],
        stop: Callable[[], str] = lambda: "",
    ) -> None:
        self._database = database
        self._space = space
        self._plan = plan
        self._build = build
        self._stop = stop
        self._ids: dict[str, int] = {}
        self._specs: dict[str, Spec] = {}
        self.ended = ""
        self._points = self._list_points()
        with database.errors_explained():
            self._reconcile()

    @property
    def trials(self) -> tuple[StudyTrial, ...]:
        """The trials of the sweep by number, each once: the last start of each."""
        last = {t.number: t for t in self._database.trials() if _counts(t)}
        return tuple(last[number] for number in sorted(last))

    @property
    def duplicates(self) -> int:
        """Suggestions that were answered from the record."""
        return sum(bool(trial.duplicate_of) for trial in self._database.trials())

    @property
    def refused(self) -> tuple[str, ...]:
        """Why suggestions were refused as invalid."""
        return tuple(trial.refused for trial in self._database.trials() if trial.refused)

    def best(self, count: int) -> tuple[StudyTrial, ...]:
        """The complete trials with the highest objective, best first; ties in trial order."""
        complete = [trial for trial in self.trials if trial.state == "complete"]
        return tuple(sorted(complete, key=lambda t: (-(t.value or 0.0), t.number))[:count])

    def settings_of(self, trial: StudyTrial) -> dict[str, Any]:
        """What the trial changes in the profile."""
        return self._space.settings_of(trial.params)

    def next_batch(self) -> Sequence[Assignment]:
        """The unfinished trials of the current batch, or the next batch.

        Raises:
            SweepError: The database refuses.
        """
        with self._database.errors_explained():
            return self._next_batch()

    def _next_batch(self) -> Sequence[Assignment]:
        trials = self.trials
        untold = [trial for trial in trials if not trial.told]
        reason = self._stop() or self._all_failed_alike(trials)
        batch = untold[0].batch if untold else _next(trials, "batch")
        number = _next(trials, "number")
        room = self._plan.workers - len(untold)
        while room > 0 and number < self._plan.budget and not reason and not self.ended:
            if self._suggest(number, batch):
                number, room = number + 1, room - 1
        if not self._ids:
            self.ended = self.ended or reason or "budget"
        judge = self._rungs().snapshot()
        ordered = sorted(self._ids, key=lambda key: self._specs[key].number)
        return [Assignment(self._specs[key], judge) for key in ordered]

    def finished(self, spec: Any, outcome: Any) -> None:
        """Records an outcome; tells the sampler when the whole batch has ended.

        A ``killed`` trial was interrupted by a person: it stays open and is run again when
        the sweep goes on.

        Raises:
            SweepError: The database refuses.
        """
        if outcome.state == "killed":
            return
        with self._database.errors_explained():
            self._database.record(self._ids.pop(spec.key), finite_or_failed(outcome))
            self._specs.pop(spec.key)
            if not self._ids:
                self._close_batch()

    def _all_failed_alike(self, trials: Sequence[StudyTrial]) -> str:
        """Why it is of no use to go on: as many trials as are random all met one error."""
        alike = {trial.error if trial.state == "failed" else None for trial in trials}
        if len(trials) < self._plan.startup or len(alike) > 1 or None in alike:
            return ""
        return f"all {len(trials)} trials failed alike"

    def _suggest(self, number: int, batch: int) -> bool:
        """Tries to open trial ``number``; False when the suggestion was not a new one."""
        history = self._database.trials()
        attempt = sum(trial.number == number and not _counts(trial) for trial in history)
        fixed, known_point = self._next_known(history)
        if attempt >= _MAX_ATTEMPTS or (self._points and fixed is None):
            self.ended = "exhausted"
            return False
        trial = self._database.ask(self._sampler(number, attempt), fixed)
        settings = self._space.suggest(trial)
        try:
            spec = self._build(number, settings)
        except ConfigError as error:
            _log.warning("suggestion refused: %s", error)
            refused = Begun(number, batch, "", refused=str(error), known_point=known_point)
            self._database.begin(trial, refused)
            self._database.record(trial.number, _Ended("infeasible", error=str(error)))
            self._database.tell(trial.number, "infeasible", None)
            return False
        original = _original(history, spec.key)
        repeats = spec.key if original is not None else ""
        begun = Begun(number, batch, spec.key, duplicate_of=repeats, known_point=known_point)
        self._database.begin(trial, begun)
        if original is not None:
            self._answer(trial.number, original)
            return False
        self._ids[spec.key], self._specs[spec.key] = trial.number, spec
        return True

    def _sampler(self, number: int, attempt: int) -> optuna.samplers.BaseSampler:
        seed = stage_seed(self._plan.seed, f"suggest/{number}/{attempt}")
        if attempt >= _TPE_ATTEMPTS:
            return optuna.samplers.RandomSampler(seed=seed)
        return make_sampler(seed, self._plan.startup)

    def _next_known(self, history: Sequence[StudyTrial]) -> tuple[Mapping[str, Any] | None, str]:
        """The next point that needs no sampler: a known configuration, or one of a short list."""
        asked = {trial.known_point for trial in history}
        for point in self._space.default_points:
            name = hash_json(dict(point))[:16]
            if name not in asked:
                return self._space.params_of(point), name
        tried = [trial.params for trial in history]
        return next((point for point in self._points if point not in tried), None), ""

    def _list_points(self) -> list[dict[str, Any]]:
        """All points of a space that the budget covers; otherwise none, and a sampler chooses.

        Optuna's ``BruteForceSampler`` ends its search with ``Study.stop``, which raises
        outside ``optimize``; the list is short, so it is walked here.
        """
        size = self._space.size
        if size is None or size > self._plan.budget:
            return []
        return self._space.points(stage_seed(self._plan.seed, "points"))

    def _answer(self, id: int, original: StudyTrial) -> None:  # noqa: A002 - Optuna's word
        """Answers a duplicate from the record; while its original runs it stays open."""
        if original.told:
            self._database.record(id, original)
            self._database.tell(id, original.state, original.value)

    def _close_batch(self) -> None:
        """Tells the sampler all recorded outcomes, in trial order, then their duplicates."""
        trials = sorted(self._database.trials(), key=lambda trial: (trial.number, trial.id))
        for trial in trials:
            if not trial.told and trial.state != "running":
                self._database.tell(trial.id, trial.state, trial.value)
        for trial in trials:
            if not trial.told and trial.duplicate_of:
                original = _original(self._database.trials(), trial.key)
                assert original is not None, "a duplicate always has an original"
                self._answer(trial.id, original)

    def _rungs(self) -> RungRecord:
        record = RungRecord(self._plan.eta)
        for trial in self.trials:
            if trial.told and trial.state in ("complete", "pruned"):
                record = record.add(trial.rung_values)
        return record

    def _reconcile(self) -> None:
        """Brings the database and this process together after a start; see the class."""
        self._database.abandon_unbegun()
        if not any(trial.state in _USABLE for trial in self.trials):
            # What made all of them fail was a fault of the machine, or has been mended.
            for failed in self.trials:
                if failed.state == "failed":
                    self._restart(failed)
        restarted = set(self._ids.values())
        open_trials = [
            t
            for t in self._database.trials()
            if t.state == "running" and not t.told and t.id not in restarted
        ]
        newest = {(t.number, t.duplicate_of): t.id for t in open_trials}
        for old in open_trials:
            if old.id == newest[old.number, old.duplicate_of]:
                self._restart(old)
            self._database.tell(old.id, "failed", None)
        if not self._ids:
            self._close_batch()

    def _restart(self, old: StudyTrial) -> None:
        """Asks again for a trial that a dead process left open."""
        trial = self._database.ask(self._sampler(old.number, 0), old.params)
        settings = self._space.suggest(trial)
        self._database.begin(trial, Begun(old.number, old.batch, old.key, old.duplicate_of))
        if not old.duplicate_of:
            self._ids[old.key] = trial.number
            self._specs[old.key] = self._build(old.number, settings)


@dataclass(frozen=True)
class _Ended:
    """The outcome of a suggestion that no executor saw."""

    state: str
    value: float | None = None
    rung_values: Mapping[int, float] = field(default_factory=dict)
    error: str = ""
    constraints: Mapping[str, float] = field(default_factory=dict)


def _counts(trial: StudyTrial) -> bool:
    """Whether a suggestion is a trial of the sweep."""
    return not trial.duplicate_of and not trial.refused


def _original(history: Sequence[StudyTrial], key: str) -> StudyTrial | None:
    """The trial of that key, its last start."""
    found = [trial for trial in history if trial.key == key and _counts(trial)]
    return found[-1] if found else None


def _next(trials: Sequence[StudyTrial], name: str) -> int:
    return max((getattr(trial, name) for trial in trials), default=-1) + 1
