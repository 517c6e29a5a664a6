"""The result of one stage of one configuration: from the store, or computed into it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clairo.core.stage import Runtime
from clairo.core.threads import usable_cpus
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import make_plan
from clairo.pipeline.runner import StageRunner
from clairo.pipeline.trial import find_device
from clairo.store import FilesystemStore
from clairo.tracking.records import StageRecord
from clairo.workflows.locations import store_root
from clairo.workflows.options import SweepOptions
from clairo.workflows.preparation import PreparedData
from clairo.workflows.run import SingleRun, described_data


@dataclass(frozen=True)
class ReadyPipeline:
    """A configuration on its data, of which single stages can be had.

    Attributes:
        config: The whole pipeline.
        prepared: The data.
        store: Where results are kept.
        seed: Root seed.
    """

    config: PipelineConfig
    prepared: PreparedData
    store: FilesystemStore
    seed: int

    def get(self, stage: str) -> tuple[Any, StageRecord]:
        """The result of a stage and what it took; all it is made from is computed if need be.

        Raises:
            ClairoError: A stage failed.
        """
        plan = make_plan(self.config, self.seed, self.prepared.sources, (stage,))
        runtime = Runtime(num_threads=usable_cpus(), device=find_device())
        runner = StageRunner(plan, self.store, runtime, self.seed)
        return runner.get(stage), runner.records[stage]


def ready_pipeline(options: SweepOptions, config_file: Path | None) -> ReadyPipeline:
    """Reads a configuration and its data, as ``clairo run`` does.

    Args:
        options: Data, seed and places.
        config_file: YAML shaped like PipelineConfig without ``dataset``; ``None`` takes the
            profile's.

    Raises:
        ConfigError: The file is not YAML or not a configuration.
        DataError: The data cannot be had.
    """
    run = SingleRun.of(options, config_file)
    prepared = run.prepare(described_data(options, run.values, run.where))
    store = FilesystemStore(store_root(run.out))
    return ReadyPipeline(run.configure(prepared), prepared, store, options.seed)
