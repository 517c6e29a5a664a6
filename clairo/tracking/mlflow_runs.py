"""Runs in MLflow, through its client only: no process-wide active run, safe for many writers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from mlflow.entities import (
    Dataset as DatasetEntity,
)
from mlflow.entities import (
    DatasetInput,
    InputTag,
    Metric,
    Param,
    RunTag,
)
from mlflow.entities import (
    Run as MlflowRunEntity,
)

from clairo.core.dataset import Dataset
from clairo.core.errors import SweepError
from clairo.core.provenance import running_commit
from clairo.tracking.addresses import shown
from clairo.tracking.connection import Connection
from clairo.tracking.logged_values import (
    cut,
    finite_metrics,
    param_texts,
    require_key,
    tag_texts,
)
from clairo.tracking.null import refuse_changes, require_end
from clairo.tracking.protocol import Run
from clairo.tracking.records import SweepSummary, TrialState
from clairo.tracking.summary_json import write_summary

T = TypeVar("T")

LEVEL_TAG = "clairo.run"
"""``sweep`` on a parent run, ``trial`` on a nested one."""

_STATUS: Mapping[TrialState, str] = {
    "complete": "FINISHED",
    "pruned": "FINISHED",
    "infeasible": "FINISHED",
    "failed": "FAILED",
    "killed": "KILLED",
}
_MAX_TAGS, _MAX_PARAMS, _MAX_METRICS = 100, 100, 1000
_MAX_DIGEST_CHARACTERS = 36
_PROFILED = (
    "split", "chosen_settings", "time_unit", "num_asked_users", "tied_test_targets",
    "text_coverage", "image_coverage", "content_digest", "settings_digest",
)  # fmt: skip
"""Facts of a data set that its profile shows."""

_MAX_SOURCE_CHARACTERS = 60_000


@dataclass(frozen=True)
class MlflowRun:
    """One run.

    Attributes:
        run_id: Id in MLflow.
        connection: Where it is.
        state_tag: ``trial.state``, or ``sweep.state`` of a parent.
    """

    run_id: str
    connection: Connection
    state_tag: str = "trial.state"

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Logs settings once, a hundred at a time.

        Raises:
            SweepError: A setting was logged before with another value.
        """
        texts = param_texts(params)
        try:
            for batch in _batches(list(texts.items()), _MAX_PARAMS):
                self._log_batch(params=[Param(key, value) for key, value in batch])
        except SweepError:
            client = self.connection.client
            refuse_changes(self.connection.call(client.get_run, self.run_id).data.params, texts)
            raise

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """Logs finite numbers, a thousand at a time.

        Raises:
            SweepError: A number is not finite or its name has a character such as ``@``.
        """
        now = int(time.time() * 1000)
        for batch in _batches(list(finite_metrics(metrics).items()), _MAX_METRICS):
            self._log_batch(metrics=[Metric(key, value, now, step) for key, value in batch])

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Sets or overwrites tags."""
        for batch in _batches(list(tag_texts(tags).items()), _MAX_TAGS):
            self._log_batch(tags=[RunTag(key, value) for key, value in batch])

    def log_text(self, text: str, path: str) -> None:
        """Stores a text file."""
        self.connection.call(self.connection.client.log_text, self.run_id, text, path)

    def log_folder(self, folder: Path, path: str) -> None:
        """Stores a folder's files under ``path``, ``""`` for the run's own folder."""
        log = self.connection.client.log_artifacts
        self.connection.call(log, self.run_id, str(folder), path or None)

    def log_dataset(self, dataset: Dataset, digest: str, source: str) -> None:
        """Registers the dataset input.

        MLflow keeps 36 characters of a digest; the tag ``dataset.digest`` keeps all.
        """
        facts = {name: dataset.facts[name] for name in _PROFILED if name in dataset.facts}
        profile = {
            "items": len(dataset.catalog),
            "users": len(dataset.log.user_ids),
            "interactions": len(dataset.log),
            **facts,
        }
        entity = DatasetEntity(
            name=dataset.name,
            digest=digest[:_MAX_DIGEST_CHARACTERS],
            source_type="local",
            source=cut(json.dumps({"uri": source}), _MAX_SOURCE_CHARACTERS),
            profile=json.dumps(profile),
        )
        given = DatasetInput(entity, tags=[InputTag("mlflow.data.context", "sweep")])
        self.connection.call(self.connection.client.log_inputs, self.run_id, [given])
        self.set_tags({"dataset.digest": digest})

    def finish(self, state: TrialState) -> None:
        """Ends the run.

        Raises:
            SweepError: ``state`` is ``running``.
        """
        require_end(state)
        self.set_tags({self.state_tag: state})
        client = self.connection.client
        self.connection.call(client.set_terminated, self.run_id, status=_STATUS[state])

    def reopen(self, tags: Mapping[str, str], name: str) -> None:
        """Makes an ended run a running one."""
        client = self.connection.client
        self.connection.call(client.update_run, self.run_id, status="RUNNING", name=name)
        self.set_tags({**tags, self.state_tag: "running"})

    def _log_batch(
        self,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
    ) -> None:
        self.connection.call(
            self.connection.client.log_batch, self.run_id, metrics=metrics, params=params, tags=tags
        )


class MlflowTracker:
    """A :class:`~clairo.tracking.protocol.Tracker` in one MLflow experiment."""

    def __init__(self, connection: Connection, experiment_id: str) -> None:
        self.connection = connection
        self.experiment_id = experiment_id

    def open_sweep(self, summary: SweepSummary) -> Run:
        """The parent run, created or continued, with its ``sweep.json`` written anew."""
        found = self.find_sweep(summary.sweep_id)
        tags = {
            LEVEL_TAG: "sweep",
            "sweep.id": summary.sweep_id,
            "sweep.category": summary.category,
            "sweep.release": summary.release,
            "sweep.profile": summary.profile,
        }
        run = self._open(found, tags, summary.sweep_id, "sweep.state")
        write_summary(run, summary)
        return run

    def open_trial(self, sweep_id: str, trial_key: str, name: str, tags: Mapping[str, str]) -> Run:
        """A nested run, created or continued.

        Raises:
            SweepError: The sweep has no parent run.
        """
        require_key("trial key", trial_key)
        parent = self.find_sweep(sweep_id)
        if parent is None:
            raise SweepError(
                f"A trial is nested in its sweep, {shown(self.connection.uri)} has no sweep "
                f"{sweep_id!r}; open the sweep first."
            )
        found = self._search(sweep_id, "trial", f"tags.`trial.key` = '{trial_key}'")
        own = {
            LEVEL_TAG: "trial",
            "sweep.id": sweep_id,
            "trial.key": trial_key,
            "mlflow.parentRunId": parent.info.run_id,
        }
        return self._open(next(iter(found), None), {**tags, **own}, name, "trial.state")

    def reconcile(self, sweep_id: str) -> tuple[str, ...]:
        """Marks nested runs that nobody runs any more as KILLED.

        Called by the driver while no worker of the sweep lives.
        """
        left = self._search(sweep_id, "trial", "attributes.status = 'RUNNING'")
        for run in left:
            MlflowRun(run.info.run_id, self.connection).finish("killed")
        return tuple(run.data.tags["trial.key"] for run in left)

    def run(self, run_id: str) -> Run:
        """A run that is there already, ended or not, to add artifacts to."""
        return MlflowRun(run_id, self.connection)

    def find_sweep(self, sweep_id: str) -> MlflowRunEntity | None:
        """The parent run of a sweep."""
        return next(iter(self._search(sweep_id, "sweep")), None)

    def sweeps(self) -> list[MlflowRunEntity]:
        """All parent runs."""
        return self.connection.search(self.experiment_id, f"tags.`{LEVEL_TAG}` = 'sweep'")

    def trials(self, sweep_id: str) -> list[MlflowRunEntity]:
        """All nested runs of a sweep."""
        return self._search(sweep_id, "trial")

    def all_trials(self) -> list[MlflowRunEntity]:
        """All nested runs of all sweeps."""
        return self.connection.search(self.experiment_id, f"tags.`{LEVEL_TAG}` = 'trial'")

    def _search(self, sweep_id: str, level: str, more: str = "") -> list[MlflowRunEntity]:
        require_key("sweep id", sweep_id)
        where = f"tags.`sweep.id` = '{sweep_id}' and tags.`{LEVEL_TAG}` = '{level}'"
        return self.connection.search(self.experiment_id, f"{where} and {more}" if more else where)

    def _open(
        self,
        found: MlflowRunEntity | None,
        tags: Mapping[str, str],
        name: str,
        state_tag: str,
    ) -> MlflowRun:
        # Also on a run that goes on: its code is what runs now.
        code = {"mlflow.source.git.commit": running_commit()} if running_commit() else {}
        if found is not None:
            run = MlflowRun(found.info.run_id, self.connection, state_tag)
            run.reopen({**code, **tags}, name)
            return run
        more = {state_tag: "running", "mlflow.source.name": "clairo", **code}
        created = self.connection.call(
            self.connection.client.create_run,
            self.experiment_id,
            tags=tag_texts({**more, **tags}),
            run_name=name,
        )
        return MlflowRun(created.info.run_id, self.connection, state_tag)


def _batches(values: Sequence[T], size: int) -> Iterator[list[T]]:
    remaining = iter(values)
    while batch := list(islice(remaining, size)):
        yield batch
