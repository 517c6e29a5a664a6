"""The study database: the only truth about which configuration was tried and what came out.

Optuna's storage holds the trials; this module adds what a sweep needs on top: a study refuses
another direction, space, profile or seed under its name; an outcome is durable from the
moment the trial ends, although the sampler hears of it only when its batch is complete; and
one process at a time drives a study.

A trial passes through::

    ask       RUNNING, with parameters, number, batch and key
    record    the outcome, as an attribute; rung values; violated constraints
    tell      COMPLETE, PRUNED (also for infeasible ones) or FAIL
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import filelock
import optuna
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from clairo.core.errors import SweepError
from clairo.sweep.objective import Objective
from clairo.tracking.records import TrialState

_BEGUN, _OUTCOME = "begun", "outcome"
_IDENTITY = "clairo"
_TOLD = {
    "complete": optuna.trial.TrialState.COMPLETE,
    "pruned": optuna.trial.TrialState.PRUNED,
    "infeasible": optuna.trial.TrialState.PRUNED,
    "failed": optuna.trial.TrialState.FAIL,
}


@dataclass(frozen=True)
class Begun:
    """What a suggestion stands for, written in one piece when it is begun.

    Attributes:
        number: Number in the sweep, from 0.
        batch: The batch it was suggested in.
        key: Key of the trial that it asks for.
        duplicate_of: Key of the trial that it repeats, ``""`` for the trial itself.
        refused: Why its configuration is invalid, ``""`` if it is valid.
        known_point: Name of the known configuration that it tries, ``""`` for a suggestion.
    """

    number: int
    batch: int
    key: str
    duplicate_of: str = ""
    refused: str = ""
    known_point: str = ""


@dataclass(frozen=True)
class StudyTrial:
    """One suggestion as the database knows it.

    Attributes:
        id: Number in Optuna's table; suggestions that were answered from the record and
            restarted ones have numbers of their own there.
        number: Number in the sweep, from 0.
        batch: The batch it was suggested in.
        key: Key of the trial that it asks for.
        params: Parameters by name.
        state: ``running`` until an outcome is recorded.
        value: Objective of a complete trial.
        rung_values: Objective by epoch.
        error: Why it failed.
        duplicate_of: Key of the trial that it repeats, ``""`` for the trial itself.
        refused: Why its configuration is invalid, ``""`` if it is valid.
        known_point: Name of the known configuration that it tries, ``""`` for a suggestion.
        told: Whether the sampler knows the outcome.
        constraints: How far each gate is violated, at most 0 where it is kept.
    """

    id: int
    number: int
    batch: int
    key: str
    params: Mapping[str, Any]
    state: TrialState
    value: float | None
    rung_values: Mapping[int, float]
    error: str
    duplicate_of: str
    refused: str
    known_point: str
    told: bool
    constraints: Mapping[str, float]


class StudyDatabase:
    """One sweep's study in an Optuna storage.

    Args:
        url: Database URL, for example ``sqlite:////folder/study.db``.
        sweep_id: Name of the study.
        identity: Everything that must be equal when the sweep goes on, by name for people.
        objective: What is optimised.

    Raises:
        SweepError: The database cannot be opened, another process drives this sweep, or the
            study was made with other settings.
    """

    def __init__(
        self, url: str, sweep_id: str, identity: Mapping[str, str], objective: Objective
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._url = url
        self._open: dict[int, optuna.Trial] = {}
        self._told: dict[int, StudyTrial] = {}
        self._storage: optuna.storages.RDBStorage | None = None
        self._lock = _lock_study(url, sweep_id)
        try:
            with _database_errors(url):
                self._storage = _open_storage(url)
                self.study = optuna.create_study(
                    study_name=sweep_id,
                    storage=self._storage,
                    direction=objective.direction if _is_new(self._storage, sweep_id) else None,
                    load_if_exists=True,
                )
                self._check_identity(sweep_id, {**identity, "metric": objective.metric}, objective)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def errors_explained(self) -> Iterator[None]:
        """Says what to do where the database refuses: a full disk, a server that is gone.

        Raises:
            SweepError: It refused.
        """
        with _database_errors(self._url):
            yield

    def close(self) -> None:
        """Lets go of the database, so that another process may drive the study."""
        if self._storage is not None:
            self._storage.remove_session()
            self._storage.engine.dispose()
        if self._lock is not None:
            self._lock.release()

    def _check_identity(
        self, sweep_id: str, identity: Mapping[str, str], objective: Objective
    ) -> None:
        stored = self.study.user_attrs.get(_IDENTITY)
        if stored is None and not self.study.get_trials(deepcopy=False):
            self.study.set_user_attr(_IDENTITY, dict(identity))
            stored = dict(identity)
        found = {"direction": self.study.direction.name.lower(), **(stored or {})}
        for name, value in {"direction": objective.direction, **identity}.items():
            if found.get(name) != value:
                raise SweepError(
                    f"A sweep goes on with the {name} it began with, sweep {sweep_id} has "
                    f"{found.get(name)}, got {value}; start a new sweep or restore the {name}."
                )

    def trials(self) -> list[StudyTrial]:
        """Every suggestion that was begun, in order; abandoned ones are left out."""
        found = []
        for frozen in self.study.get_trials(deepcopy=False):
            if _BEGUN not in frozen.user_attrs:
                continue
            trial = self._told.get(frozen.number) or _study_trial(frozen)
            if trial.told:
                self._told[trial.id] = trial
            found.append(trial)
        return found

    def ask(
        self,
        sampler: optuna.samplers.BaseSampler,
        fixed: Mapping[str, Any] | None = None,
    ) -> optuna.Trial:
        """A new trial; parameters that are fixed are not sampled."""
        if fixed is not None:
            self.study.enqueue_trial(dict(fixed))
        self.study.sampler = sampler
        trial = self.study.ask()
        self._open[trial.number] = trial
        return trial

    def begin(self, trial: optuna.Trial, begun: Begun) -> None:
        """Says what an asked trial stands for; from now on it counts."""
        trial.set_user_attr(_BEGUN, asdict(begun))

    def record(self, id: int, outcome: Any) -> None:  # noqa: A002 - Optuna's word for it
        """Makes an outcome durable; the sampler is told later, by :meth:`tell`."""
        trial = self._open.pop(id)
        finite = {r: v for r, v in sorted(outcome.rung_values.items()) if math.isfinite(v)}
        for rung, value in finite.items():
            trial.report(value, rung)
        for name, violation in _constraints(outcome).items():
            trial.set_constraint(name, violation)
        kept = {"state": outcome.state, "value": outcome.value, "error": outcome.error[:2000]}
        trial.set_user_attr(_OUTCOME, json.dumps(kept, allow_nan=False))

    def tell(self, id: int, state: TrialState, value: float | None) -> None:  # noqa: A002
        """Ends a trial with what was recorded."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            told = value if state == "complete" else None
            self.study.tell(id, told, state=_TOLD[state])

    def abandon_unbegun(self) -> None:
        """Fails what a crash left between asking and beginning: it was never run."""
        frozen = self.study.get_trials(deepcopy=False)
        waiting = sum(trial.state == optuna.trial.TrialState.WAITING for trial in frozen)
        for _ in range(waiting):
            self.study.tell(self.study.ask(), state=optuna.trial.TrialState.FAIL)
        for trial in frozen:
            if trial.state == optuna.trial.TrialState.RUNNING and _BEGUN not in trial.user_attrs:
                self.study.tell(trial.number, state=optuna.trial.TrialState.FAIL)


def make_sampler(seed: int, startup: int) -> optuna.samplers.BaseSampler:
    """Tree-structured Parzen estimator for conditional spaces and batches.

    ``group`` samples each set of parameters that are active together jointly (without it they
    fall back to independent sampling); ``constant_liar`` keeps a batch from asking for one
    point several times. Optuna calls ``group`` experimental; the pinned version is tested.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.TPESampler(
            multivariate=True,
            group=True,
            constant_liar=True,
            seed=seed,
            n_startup_trials=startup,
        )


def sqlite_url(path: Path) -> str:
    """URL of a sqlite file."""
    return f"sqlite:///{path.resolve()}"


def _study_trial(trial: optuna.trial.FrozenTrial) -> StudyTrial:
    begun = Begun(**trial.user_attrs[_BEGUN])
    outcome = json.loads(trial.user_attrs.get(_OUTCOME, "{}"))
    superseded = trial.state == optuna.trial.TrialState.FAIL and not outcome
    return StudyTrial(
        id=trial.number,
        number=begun.number,
        batch=begun.batch,
        key=begun.key,
        params=dict(trial.params),
        state="killed" if superseded else outcome.get("state", "running"),
        value=outcome.get("value"),
        rung_values=dict(sorted(trial.intermediate_values.items())),
        error=outcome.get("error", ""),
        duplicate_of=begun.duplicate_of,
        refused=begun.refused,
        known_point=begun.known_point,
        told=trial.state.is_finished(),
        constraints=dict(trial.constraints),
    )


def _constraints(outcome: Any) -> dict[str, float]:
    """Violations by gate; a configuration that never came to the gates violates one rule."""
    found = {name: float(value) for name, value in outcome.constraints.items()}
    refused = outcome.state == "infeasible" and not any(value > 0 for value in found.values())
    return found | ({"valid_configuration": 1.0} if refused else {})


def _open_storage(url: str) -> optuna.storages.RDBStorage:
    sqlite = make_url(url).get_backend_name() == "sqlite"
    if not sqlite:
        return optuna.storages.RDBStorage(url, engine_kwargs={"pool_pre_ping": True})
    storage = optuna.storages.RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 60}})
    event.listen(storage.engine, "connect", _write_ahead)
    storage.engine.dispose()  # what is open was opened without the write-ahead log
    return storage


def _write_ahead(connection: Any, record: object) -> None:
    """Several times quicker, and as safe when a process dies: the log is replayed."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _is_new(storage: optuna.storages.RDBStorage, sweep_id: str) -> bool:
    return all(study.study_name != sweep_id for study in storage.get_all_studies())


def _lock_study(url: str, sweep_id: str) -> filelock.FileLock | None:
    """One driver a study, for the database that is a file; the system frees a dead one's lock."""
    database = make_url(url).database
    if make_url(url).get_backend_name() != "sqlite" or not database:
        return None
    lock = filelock.FileLock(f"{database}.{sweep_id}.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise SweepError(
            f"One process at a time drives a sweep, and another one drives {sweep_id} now; wait "
            "for it or stop it."
        ) from error
    except OSError as error:
        raise _unusable(url, error) from error
    return lock


@contextmanager
def _database_errors(url: str) -> Iterator[None]:
    try:
        yield
    except optuna.exceptions.StorageInternalError as error:
        # Optuna blames the data; what the database said is below.
        refusal = error.__cause__ if isinstance(error.__cause__, SQLAlchemyError) else error
        raise _unusable(url, refusal) from error
    except SQLAlchemyError as error:
        raise _unusable(url, error) from error


def _unusable(url: str, error: Exception) -> SweepError:
    shown = make_url(url).render_as_string(hide_password=True)
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    return SweepError(
        f"The study database must be writable, got {shown} ({reason}); check the folder, the "
        "disk or the server, or choose another OUT. Everything finished before is kept."
    )
