"""What a configuration and a seed need to run: the stages, in order, with their fingerprints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from clairo.core.config import Config
from clairo.core.fingerprint import Fingerprint, make_fingerprint
from clairo.core.seeding import stage_seed
from clairo.core.stage import Stage
from clairo.datasets.base import DatasetConfig
from clairo.datasets.raw_dataset import Reading
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.sources import source_fingerprints
from clairo.stages import PIPELINE, STAGES, TrainingSettings

Split = Literal["valid", "test"]


@dataclass(frozen=True)
class PlannedStage:
    """One stage with everything that names its result.

    Attributes:
        stage: The stage.
        settings: Its own settings.
        seed: Its seed; also handed to stages that ignore it.
        inputs: Fingerprint of each input by stage name.
        fingerprint: Names the result.
    """

    stage: Stage[Any, Any]
    settings: Config
    seed: int
    inputs: Mapping[str, Fingerprint]
    fingerprint: Fingerprint


@dataclass(frozen=True)
class Plan:
    """Stages in running order, only those that the configuration needs."""

    steps: tuple[PlannedStage, ...]

    def step(self, name: str) -> PlannedStage:
        """The planned stage of that name."""
        return next(step for step in self.steps if step.stage.name == name)

    def names(self) -> tuple[str, ...]:
        """Names of the stages, in order."""
        return tuple(step.stage.name for step in self.steps)


def make_plan(
    config: PipelineConfig,
    seed: int,
    sources: Mapping[str, str],
    goals: tuple[str, ...] = ("valid_evaluation",),
) -> Plan:
    """Plans the stages that the goals need.

    Args:
        config: The pipeline.
        seed: Root seed.
        sources: Content hashes from :func:`clairo.pipeline.sources.hash_sources`.
        goals: Stage names whose results are wanted.
    """
    needed = _closure(config, goals)
    fingerprints: dict[str, Fingerprint] = {}
    steps = []
    for stage in PIPELINE:
        if stage.name not in needed:
            continue
        settings = stage.config(config)
        inputs = {name: fingerprints[name] for name in stage.inputs(config)}
        inputs |= source_fingerprints(_raw_inputs(settings, sources))
        step = _plan_stage(stage, settings, seed, inputs)
        fingerprints[stage.name] = step.fingerprint
        steps.append(step)
    return Plan(tuple(steps))


def _raw_inputs(settings: Config, sources: Mapping[str, str]) -> Mapping[str, str]:
    """Of the raw files, by name, those that a stage with such settings reads itself."""
    if isinstance(settings, Reading):
        names = {path.name for path in settings.paths}
        return {name: digest for name, digest in sources.items() if name in names}
    return sources if isinstance(settings, DatasetConfig) else {}


def training_until(step: PlannedStage, seed: int, epoch: int) -> PlannedStage:
    """The training step that stops after an epoch; the same plan for fewer epochs."""
    assert isinstance(step.settings, TrainingSettings)
    settings = step.settings.model_copy(update={"until_epoch": epoch})
    return _plan_stage(step.stage, settings, seed, step.inputs)


def length_of(stage: Stage[Any, Any], settings: Config) -> int | None:
    """How long the result is asked to be; ``None`` where it has no length."""
    return stage.prefix.length(settings) if stage.prefix else None


def extend_step(step: PlannedStage, seed: int, length: int) -> PlannedStage:
    """The same step with its result up to another length.

    Args:
        step: A step whose result has a length.
        seed: Root seed of its plan.
        length: The other length.
    """
    assert step.stage.prefix is not None
    settings = step.stage.prefix.extend(step.settings, length)
    return _plan_stage(step.stage, settings, seed, step.inputs)


def reach_of(configs: Iterable[PipelineConfig]) -> dict[str, int]:
    """The greatest length that configurations ask of each stage whose results have one."""
    reach: dict[str, int] = {}
    for config in configs:
        for stage in PIPELINE:
            # Others may have no settings in this configuration at all.
            length = length_of(stage, stage.config(config)) if stage.prefix else None
            if length is not None:
                reach[stage.name] = max(length, reach.get(stage.name, 0))
    return reach


def _plan_stage(
    stage: Stage[Any, Any], settings: Config, seed: int, inputs: Mapping[str, Fingerprint]
) -> PlannedStage:
    drawn = stage_seed(seed, stage.seed_of or stage.name)
    fingerprint = make_fingerprint(
        stage=stage.name,
        version=stage.version,
        kind=str(getattr(settings, "kind", stage.name)),
        identity=settings.identity(),
        seed=drawn if stage.seeded(settings) else None,
        inputs=inputs,
    )
    return PlannedStage(stage, settings, drawn, inputs, fingerprint)


def _closure(config: PipelineConfig, goals: tuple[str, ...]) -> set[str]:
    """Names of the goals and of everything they are made from."""
    needed: set[str] = set()
    waiting = list(goals)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting.extend(STAGES[name].inputs(config))
    return needed
