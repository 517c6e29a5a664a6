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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from clairo.core.config import Config
from clairo.core.errors import ClairoError
from clairo.core.fingerprint import hash_json
from clairo.core.stage import Runtime
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.gates import Gates
from clairo.pipeline.plan import Split, make_plan
from clairo.pipeline.runner import KeepGoing, StageRunner
from clairo.store import FilesystemStore
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.null import NullTracker
from clairo.tracking.protocol import Run, Tracker
from clairo.tracking.records import StageRecord, TrialRole, TrialState
from clairo.tracking.summary_json import STAGES_FILE, stages_to_json
from clairo.tracking.system_metrics import SystemMetrics

_log = logging.getLogger(__name__)

OBJECTIVE = "valid/ndcg_at_10"


@dataclass(frozen=True)
class TrialSpec:
    """What a trial is to do.

    Attributes:
        sweep_id: The sweep it belongs to.
        number: Order of suggestion, from 0.
        role: Why it runs.
        config: The pipeline.
        seed: Root seed.
        splits: What is read at the end; ``test`` only for confirmed configurations.
        rungs: Epochs at which the scheduler may prune.
        gates: Limits checked before training.
        name: Shown in the tracker.
    """

    sweep_id: str
    number: int
    role: TrialRole
    config: PipelineConfig
    seed: int
    splits: tuple[Split, ...] = ("valid",)
    rungs: tuple[int, ...] = ()
    gates: Gates = field(default_factory=Gates)
    name: str = ""

    @property
    def key(self) -> str:
        """16 hexadecimal digits that name configuration and seed."""
        return hash_json({"config": self.config.identity(), "seed": self.seed})[:16]


@dataclass(frozen=True)
class TrialEnvironment:
    """Where and with what a trial runs; never changes a result.

    Attributes:
        store_root: The stage store.
        sources: Content hashes of the raw files.
        tracking: Where runs are logged, ``None`` logs nothing.
        num_threads: Threads for every native pool.
        device: A torch device string.
    """

    store_root: Path
    sources: Mapping[str, str]
    tracking: TrackingConfig | None = None
    num_threads: int = 1
    device: str = "cpu"

    def connect(self) -> Tracker:
        """The tracker of this environment."""
        return self.tracking.connect() if self.tracking else NullTracker()


@dataclass(frozen=True)
class TrialOutcome:
    """How a trial ended.

    Attributes:
        key: ``trial.key``.
        state: How it ended.
        value: The objective, ``None`` unless complete.
        rung_values: Best objective so far at each rung that was reached.
        metrics: Final metrics, ``valid/...`` and ``test/...``.
        seconds: Wall time.
        saved_seconds: Computation that the store spared.
        error: One line for a failure or an infeasible configuration.
        transient: Whether the same trial may succeed when run again (out of memory).
    """

    key: str
    state: TrialState
    value: float | None = None
    rung_values: Mapping[int, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    saved_seconds: float = 0.0
    error: str = ""
    transient: bool = False


def run_trial(
    spec: TrialSpec, environment: TrialEnvironment, keep_going: KeepGoing
) -> TrialOutcome:
    """Runs and tracks one trial; failures become a ``failed`` outcome, never an exception.

    Raises:
        KeyboardInterrupt: The process was asked to stop; the run is marked KILLED first.
        SweepError: The tracker cannot be reached, so nothing could be recorded.
    """
    started = time.perf_counter()
    tags = {
        "trial.config_key": spec.config.key,
        "trial.number": str(spec.number),
        "trial.role": spec.role,
        "trial.seed": str(spec.seed),
    }
    run = environment.connect().open_trial(spec.sweep_id, spec.key, spec.name or spec.key, tags)
    trial = _TrackedTrial(spec, environment, run, keep_going)
    try:
        with SystemMetrics(run):
            outcome = trial.run()
    except (KeyboardInterrupt, SystemExit):
        trial.log_stages()
        run.finish("killed")
        raise
    except Exception as error:  # noqa: BLE001 - the border of a trial: recorded, then the sweep goes on
        trial.log_stages()
        outcome = _failure(spec, run, error)
    outcome = replace(
        outcome,
        seconds=time.perf_counter() - started,
        saved_seconds=sum(record.saved_seconds for record in trial.records()),
        rung_values=dict(trial.rung_values),
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
        self.keep_going = keep_going
        self.rung_values: dict[int, float] = {}
        self.runner = StageRunner(
            make_plan(spec.config, spec.seed, environment.sources, goals),
            FilesystemStore(environment.store_root),
            Runtime(num_threads=environment.num_threads, device=environment.device),
            spec.seed,
            on_record=self._log_stage,
        )

    def records(self) -> list[StageRecord]:
        return list(self.runner.records.values())

    def log_stages(self) -> None:
        """Stores what every stage did so far."""
        self.tracked.log_text(stages_to_json(tuple(self.records())), STAGES_FILE)

    def run(self) -> TrialOutcome:
        """All stages up to the evaluations, or to the gate or rung that ends the trial."""
        self._log_config()
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

    def _check_gates(self) -> str | None:
        codes = self.runner.get("quantization")
        self._log_artifact("quantization", "codes")
        why = self.spec.gates.check_codes(codes.facts)
        if why:
            return why
        tokenizer = self.runner.get("merging")
        with tempfile.TemporaryDirectory() as folder:
            tokenizer.save_actionpiece(Path(folder) / "actionpiece.json")
            self.tracked.log_folder(Path(folder), "")
        return self.spec.gates.check_tokens(tokenizer.facts)

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

    def _log_stage(self, record: StageRecord) -> None:
        facts = {
            f"{record.name}/{name}": float(value)
            for name, value in record.facts.items()
            if isinstance(value, int | float) and math.isfinite(value)
        }
        if record.name in ("valid_evaluation", "test_evaluation", "dataset"):
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
        self.tracked.set_tags({f"stage.{record.name}": record.entry})

    def _log_training(self) -> None:
        state = self.runner.get("training")
        for epoch, metrics in enumerate(state.curve, start=1):
            named = {_epoch_key(name): value for name, value in metrics.items()}
            self.tracked.log_metrics(named, step=epoch)
        with tempfile.TemporaryDirectory() as folder:
            state.model().save(Path(folder))
            self.tracked.log_folder(Path(folder), "checkpoint")

    def _log_artifact(self, stage: str, path: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.runner.get(stage).save(Path(folder))
            self.tracked.log_folder(Path(folder), path)


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


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as one mapping of dotted names to leaves.

    Example:
        >>> flatten({"fusion": {"kind": "concat"}, "seed": 1})
        {'fusion.kind': 'concat', 'seed': 1}
    """
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping | Config):
            flat |= flatten(dict(value), f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
