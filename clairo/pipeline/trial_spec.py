"""What a trial is told, where it runs, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clairo.core.fingerprint import hash_json
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.gates import Gates
from clairo.pipeline.plan import Split
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.null import NullTracker
from clairo.tracking.protocol import Tracker
from clairo.tracking.records import TrialRole, TrialState

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
        describe: Whether it logs what its codes and merges mean; confirming trials always do.
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
    describe: bool = False

    @property
    def described(self) -> bool:
        """Whether it logs what its codes and merges mean: a page may show it as the best."""
        return self.describe or self.role == "confirm"

    @property
    def key(self) -> str:
        """16 hexadecimal digits that name configuration and seed."""
        return hash_json({"config": self.config.key, "seed": self.seed})[:16]


@dataclass(frozen=True)
class TrialEnvironment:
    """Where and with what a trial runs; never changes a result.

    Attributes:
        store_root: The stage store.
        sources: Content hashes of the raw files.
        tracking: Where runs are logged, ``None`` logs nothing.
        num_threads: Threads for every native pool.
        device: A torch device string, or ``auto``: what the trial's own process finds, which
            on a cluster is not what the driver has.
        log_file: Where the trial's process appends its log, ``None`` for nowhere.
        data_source: Where the raw files lie, for the tracker.
        reach: By stage name, the greatest length of a result that the trials around this one
            may ask for; see :class:`~clairo.pipeline.runner.StageRunner`.
    """

    store_root: Path
    sources: Mapping[str, str]
    tracking: TrackingConfig | None = None
    num_threads: int = 1
    device: str = "auto"
    log_file: Path | None = None
    data_source: str = ""
    reach: Mapping[str, int] = field(default_factory=dict)

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
        constraints: How far each gate that was measured is violated, at most 0 where it is kept.
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
    constraints: Mapping[str, float] = field(default_factory=dict)
