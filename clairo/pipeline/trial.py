"""A trial: one configuration with one seed, run through the pipeline and tracked.

The same function runs in this process, in a pool and in a Ray worker, so the executor never
changes the outcome.
"""

from __future__ import annotations

import logging
import math
import tempfile
import time
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import yaml

from clairo.core.config import flatten
from clairo.core.errors import ClairoError, SweepError
from clairo.core.log_file import log_to_file
from clairo.core.stage import Runtime
from clairo.merging.spelling import spell_merges
from clairo.pipeline.gates import Measured, say_broken
from clairo.pipeline.plan import make_plan
from clairo.pipeline.representation import describe_representation
from clairo.pipeline.runner import KeepGoing, StageRunner
from clairo.pipeline.stage_curves import curve_steps
from clairo.pipeline.stage_progress import OnProgress, log_only
from clairo.pipeline.trial_spec import OBJECTIVE, TrialEnvironment, TrialOutcome, TrialSpec
from clairo.pipeline.vocabulary_pictures import with_pictures
from clairo.quantization import GivenConfig
from clairo.stages import PIPELINE
from clairo.store import FilesystemStore
from clairo.tracking.protocol import Run
from clairo.tracking.records import (
    REPRESENTATION_FOLDER,
    VOCABULARY_FOLDER,
    StageRecord,
    TrialState,
)
from clairo.tracking.summary_json import STAGES_FILE, stages_to_json
from clairo.tracking.system_metrics import SystemMetrics

_log = logging.getLogger(__name__)

__all__ = [
    "OBJECTIVE",
    "TrialEnvironment",
    "TrialOutcome",
    "TrialSpec",
    "close_lost",
    "run_trial",
]


def run_trial(
    spec: TrialSpec,
    environment: TrialEnvironment,
    keep_going: KeepGoing,
    on_progress: OnProgress = log_only,
) -> TrialOutcome:
    """Runs and tracks one trial; failures become a ``failed`` outcome, never an exception.

    Args:
        spec: What it is to do.
        environment: Where it runs.
        keep_going: The scheduler's say.
        on_progress: Told how far a long stage is.

    Raises:
        KeyboardInterrupt: The process was asked to stop; the run is marked KILLED first.
        SweepError: The tracker cannot be reached or the disk refuses, which is no fault of this
            trial: it stays open, and the sweep ends and can go on later.
    """
    started = time.perf_counter()
    if environment.log_file is not None:
        log_to_file(environment.log_file)
    run = _open_run(spec, environment)
    trial = _TrackedTrial(spec, environment, run, keep_going)
    trial.runner.on_progress = on_progress
    try:
        with SystemMetrics(run):
            outcome = trial.run()
    except (KeyboardInterrupt, SystemExit):
        trial.log_stages()
        run.finish("killed")
        raise
    except SweepError as error:
        _try_to_close(run, error)
        raise
    except Exception as error:  # noqa: BLE001 - the border of a trial: recorded, then the sweep goes on
        trial.log_stages()
        outcome = _failure(spec, run, error)
    outcome = replace(
        outcome,
        seconds=time.perf_counter() - started,
        saved_seconds=sum(record.saved_seconds for record in trial.records()),
        rung_values=dict(trial.rung_values),
        constraints=dict(trial.constraints),
    )
    run.log_metrics({"seconds": outcome.seconds, "saved_seconds": outcome.saved_seconds})
    run.finish(outcome.state)
    return outcome


class _TrackedTrial:
    """The steps of one trial, each told to the tracker as it ends."""

    def __init__(
        self, spec: TrialSpec, environment: TrialEnvironment, run: Run, keep_going: KeepGoing
    ) -> None:
        goals = tuple(f"{split}_evaluation" for split in spec.splits)
        self.spec = spec
        self.tracked = run
        self.data_source = environment.data_source
        self.keep_going = keep_going
        self.rung_values: dict[int, float] = {}
        self.constraints: dict[str, float] = {}
        self._logged_epochs: set[int] = set()
        self.runner = StageRunner(
            make_plan(spec.config, spec.seed, environment.sources, goals),
            FilesystemStore(environment.store_root),
            Runtime(
                num_threads=environment.num_threads,
                device=find_device() if environment.device == "auto" else environment.device,
                report=self._log_epoch,
            ),
            spec.seed,
            on_record=self._log_stage,
            reach=environment.reach,
        )

    def records(self) -> list[StageRecord]:
        """What every stage did so far, in pipeline order."""
        done = self.runner.records
        return [done[stage.name] for stage in PIPELINE if stage.name in done]

    def log_stages(self) -> None:
        """Stores what every stage did so far."""
        self.tracked.log_text(stages_to_json(tuple(self.records())), STAGES_FILE)

    def run(self) -> TrialOutcome:
        """All stages up to the evaluations, or to the gate or rung that ends the trial."""
        self._log_config()
        self._log_dataset()
        why = self._check_gates()
        if why:
            self.tracked.set_tags({"trial.error": why})
            return self._end("infeasible", error=why)
        finished = self.runner.train(self.spec.rungs, self._ask)
        self._log_training()
        if not finished:
            return self._end("pruned")
        metrics = self._evaluate()
        value = metrics[OBJECTIVE]
        if not math.isfinite(value):
            raise ClairoError(f"{OBJECTIVE} must be finite, got {value}; the model diverged.")
        return self._end("complete", value=value, metrics=metrics)

    def _end(
        self,
        state: TrialState,
        *,
        value: float | None = None,
        metrics: Mapping[str, float] | None = None,
        error: str = "",
    ) -> TrialOutcome:
        self.log_stages()
        return TrialOutcome(self.spec.key, state, value, metrics=metrics or {}, error=error)

    def _ask(self, epoch: int, value: float) -> bool:
        self.rung_values[epoch] = value
        return self.keep_going(epoch, value)

    def _check_gates(self) -> str:
        codes = self.runner.get("quantization")
        self._log_artifact("quantization", "codes")
        why = self._judge(self.spec.gates.measure_codes(codes.facts))
        if self.spec.described:
            self._log_representation()
        if why:
            return why
        tokenizer = self.runner.get("merging")
        with tempfile.TemporaryDirectory() as folder:
            tokenizer.save_actionpiece(Path(folder) / "actionpiece.json")
            self.tracked.log_folder(Path(folder), "")
        why = self._judge(self.spec.gates.measure_tokens(tokenizer.facts))
        if not why and self.spec.described:
            self._log_vocabulary()
        return why

    def _judge(self, measured: tuple[Measured, ...]) -> str:
        """Keeps what the sampler is told of the gates; gives why the trial ends here."""
        found = {gate.name: gate.violation for gate in measured}
        self.constraints |= found
        self.tracked.log_metrics({f"gate/{name}": value for name, value in found.items()})
        return say_broken(measured)

    def _log_representation(self) -> None:
        """What the codes mean, for the same runs and of the same size."""
        given = isinstance(self.spec.config.quantization, GivenConfig)
        insight = None if given else self.runner.get("fusion").insight
        described = describe_representation(
            self.runner.get("quantization"), self.runner.get("dataset"), insight
        )
        with tempfile.TemporaryDirectory() as folder:
            described.save(Path(folder))
            self.tracked.log_folder(Path(folder), REPRESENTATION_FOLDER)

    def _log_vocabulary(self) -> None:
        """What the first merges mean, for runs that a page may show as the best.

        Not for the search, which has many trials: at most 2 MB a run, and seconds of reading.
        """
        dataset = self.runner.get("dataset")
        spelled = spell_merges(self.runner.get("merging"), dataset)
        with tempfile.TemporaryDirectory() as folder:
            with_pictures(spelled, dataset.catalog).save(Path(folder))
            self.tracked.log_folder(Path(folder), VOCABULARY_FOLDER)

    def _evaluate(self) -> dict[str, float]:
        metrics: dict[str, float] = {}
        for split in self.spec.splits:
            rankings = self.runner.get(f"{split}_evaluation")
            metrics |= {f"{split}/{name}": float(v) for name, v in rankings.facts.items()}
            self._log_artifact(f"{split}_evaluation", f"ranks/{split}")
        self.tracked.log_metrics(metrics)
        return metrics

    def _log_config(self) -> None:
        identity = self.spec.config.identity()
        self.tracked.log_params(flatten(identity) | {"seed": self.spec.seed})
        self.tracked.log_text(yaml.safe_dump(identity, sort_keys=False), "config.yaml")

    def _log_dataset(self) -> None:
        dataset = self.runner.get("dataset")
        self.tracked.log_dataset(dataset, str(dataset.facts["digest"]), self.data_source)

    def _log_stage(self, record: StageRecord) -> None:
        facts = {
            f"{record.name}/{name}": float(value)
            for name, value in record.facts.items()
            if isinstance(value, int | float) and math.isfinite(value)
        }
        if record.name in ("valid_evaluation", "test_evaluation", "dataset", "interactions"):
            facts = {}  # logged under their split's name, and once for the sweep
        self.tracked.log_metrics(
            {
                f"stage/{record.name}/seconds": record.seconds,
                f"stage/{record.name}/saved_seconds": record.saved_seconds,
                f"stage/{record.name}/cached": float(record.cached),
                f"stage/{record.name}/bytes": float(record.bytes),
                **facts,
            }
        )
        for epoch, numbers in curve_steps(record.name, record.facts):
            self.tracked.log_metrics(numbers, step=epoch)
        self.tracked.set_tags({f"stage.{record.name}": record.entry})

    def _log_training(self) -> None:
        state = self.runner.get("training")
        for epoch, metrics in enumerate(state.curve, start=1):
            if epoch not in self._logged_epochs:  # it came from the store
                self._log_epoch(epoch, metrics)
        with tempfile.TemporaryDirectory() as folder:
            state.model().save(Path(folder))
            self.tracked.log_folder(Path(folder), "checkpoint")

    def _log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> bool:
        """Logs an epoch as it ends; never stops the training."""
        named = {_epoch_key(name): value for name, value in metrics.items()}
        self.tracked.log_metrics(named, step=epoch)
        self._logged_epochs.add(epoch)
        return True

    def _log_artifact(self, stage: str, path: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.runner.get(stage).save(Path(folder))
            self.tracked.log_folder(Path(folder), path)


def _try_to_close(run: Run, reason: SweepError) -> None:
    """Marks a run as interrupted, if what refused the trial lets us."""
    try:
        run.set_tags({"trial.error": str(reason)[:4000]})
        run.finish("killed")
    except SweepError as error:
        # The reason reaches the terminal; the run is closed when the sweep goes on.
        _log.info("run could not be closed: %s", error)


def _epoch_key(name: str) -> str:
    """Where a metric of one epoch is logged: losses are of training, the rest of valid."""
    return f"epoch/{name}" if name.startswith("train") else f"epoch/valid/{name}"


def _failure(spec: TrialSpec, run: Run, error: Exception) -> TrialOutcome:
    line = f"{type(error).__name__}: {error}"
    _log.warning("trial %s failed: %s", spec.key, line)
    run.log_text(traceback.format_exc(), "error.txt")
    run.set_tags({"trial.error": line[:4000]})
    out_of_memory = isinstance(error, MemoryError) or "out of memory" in str(error).lower()
    return TrialOutcome(spec.key, "failed", error=line, transient=out_of_memory)


def close_lost(spec: TrialSpec, outcome: TrialOutcome, environment: TrialEnvironment) -> None:
    """Ends the run of a trial whose worker was lost before it could do so itself.

    Args:
        spec: The trial.
        outcome: What the executor made of it.
        environment: Where it was tracked.
    """
    run = _open_run(spec, environment)
    run.set_tags({"trial.error": outcome.error[:4000]})
    run.finish("failed")


def _open_run(spec: TrialSpec, environment: TrialEnvironment) -> Run:
    tags = {
        "trial.config_key": spec.config.key,
        "trial.number": str(spec.number),
        "trial.role": spec.role,
        "trial.seed": str(spec.seed),
    }
    tracker = environment.connect()
    return tracker.open_trial(spec.sweep_id, spec.key, spec.name or spec.key, tags)


def find_device() -> str:
    """``cuda`` where torch sees one, else ``cpu``."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
