"""Runs planned stages from the store: what is there is loaded, what is not is computed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from clairo.core.artifacts import Dataset
from clairo.core.errors import ClairoError, ConfigError
from clairo.core.fingerprint import Fingerprint
from clairo.core.stage import Runtime
from clairo.core.threads import usable_cpus
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import (
    Plan,
    PlannedStage,
    extend_step,
    length_of,
    make_plan,
    training_until,
)
from clairo.pipeline.stage_progress import OnProgress, ProgressOfStage, log_only
from clairo.stages import STAGES
from clairo.store import FilesystemStore, StoreResult
from clairo.store.partial_results import PartialResults
from clairo.store.protocol import CUT_FROM
from clairo.tracking.records import StageRecord

_log = logging.getLogger(__name__)

KeepGoing = Callable[[int, float], bool]
"""Asked after each rung with (epoch, best valid NDCG@10 so far); ``False`` prunes the trial."""


def always(epoch: int, value: float) -> bool:
    """A :data:`KeepGoing` that never prunes."""
    return True


@dataclass
class StageRunner:
    """Gives stage results for one plan, computing each at most once.

    Attributes:
        plan: What may be asked for.
        store: Where results are kept.
        runtime: Resources, and whom training tells.
        seed: Root seed of the plan.
        on_record: Told when a stage has been loaded or computed.
        on_progress: Told how far a long stage is.
        reach: By stage name, the greatest length that trials which share this store's results
            may ask for: shorter results are cut from one of that length, or from a longer one
            that is there. Never part of an identity; a stage that is not named is computed as
            long as it is asked for.
        records: What each stage did so far, by name, in order.
    """

    plan: Plan
    store: FilesystemStore
    runtime: Runtime
    seed: int
    on_record: Callable[[StageRecord], None] = lambda record: None
    on_progress: OnProgress = log_only
    reach: Mapping[str, int] = field(default_factory=dict)
    records: dict[str, StageRecord] = field(default_factory=dict)
    _results: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """The artifact of one stage, with everything it is made from."""
        if name not in self._results:
            step = self.plan.step(name)
            artifact, record = self._produce(step, self._inputs(step))
            self._keep(name, artifact, record)
        return self._results[name]

    def train(self, rungs: tuple[int, ...], keep_going: KeepGoing) -> bool:
        """Trains rung by rung; gives whether the training went to its end.

        Each rung is an entry of its own in the store, so a pruned trial's epochs are never
        computed twice.

        Args:
            rungs: Ascending epochs at which ``keep_going`` is asked; the model's full number
                of epochs is always the last stop and is not asked about.
            keep_going: The scheduler's say.
        """
        step = self.plan.step("training")
        last = step.settings.until_epoch  # type: ignore[attr-defined]
        stops = (*(rung for rung in rungs if rung < last), last)
        inputs, state = self._inputs(step), None
        parts: list[StageRecord] = []
        for epoch in stops:
            rung = training_until(step, self.seed, epoch)
            before: dict[str, Any] = {} if state is None else {"training": state}
            state, record = self._produce(rung, inputs | before)
            parts.append(record)
            if state.finished or epoch == last:
                break
            if state.best_value is None:
                raise ConfigError(
                    f"A rung must be a validated epoch, {epoch} is none; make rungs multiples of "
                    "model.validate_every."
                )
            if not keep_going(epoch, state.best_value):
                self._keep("training", state, _join(parts))
                return False
        self._keep("training", state, _join(parts))
        return True

    def _inputs(self, step: PlannedStage) -> dict[str, Any]:
        names = [
            name
            for name in step.inputs
            if not name.startswith("raw/") and not STAGES[name].only_to_compute
        ]
        return _Inputs(self.get, {name: self.get(name) for name in names})

    def _keep(self, name: str, artifact: Any, record: StageRecord) -> None:
        self._results[name] = artifact
        self.records[name] = record
        self.on_record(record)

    def _produce(self, step: PlannedStage, inputs: Mapping[str, Any]) -> tuple[Any, StageRecord]:
        started = time.perf_counter()
        longer = self._longer(step)
        result = self._compute(step, inputs) if longer is None else self._cut(step, longer, inputs)
        record = _record(step, result, time.perf_counter() - started)
        return result.artifact, record

    def _longer(self, step: PlannedStage) -> PlannedStage | None:
        """What the step's result is cut from: the shortest that will do of those in the store.

        Where there is none, the one that reaches as far as trials may ask for; ``None`` where
        that is the step itself.
        """
        own = length_of(step.stage, step.settings)
        if own is None:
            return None
        for length in self.store.noted_lengths(self._family(step)):
            longer = extend_step(step, self.seed, length)
            if length > own and self.store.has(longer.fingerprint):
                return longer
        reach = self.reach.get(step.stage.name, 0)
        return extend_step(step, self.seed, reach) if reach > own else None

    def _family(self, step: PlannedStage) -> Fingerprint:
        """Names all results that differ from the step's in length alone."""
        return extend_step(step, self.seed, 0).fingerprint

    def _compute(self, step: PlannedStage, inputs: Mapping[str, Any]) -> StoreResult[Any]:
        parts = PartialResults(self.store.root, step.fingerprint)
        progress = ProgressOfStage(step.stage.name, self.on_progress)
        runtime = replace(self.runtime, parts=parts, progress=progress)
        result = self.store.get_or_compute(
            step.fingerprint,
            step.stage.output,
            lambda: step.stage.run(step.settings, inputs, step.seed, runtime),
            _about(step),
        )
        parts.remove()  # also where it was found: who made it may have been stopped before this
        length = length_of(step.stage, step.settings)
        # Also where it was found: who made it may have been stopped before noting it.
        if length is not None:
            self.store.note_length(self._family(step), length)
        _log.info("%s %s", "found" if result.cached else "made", step.fingerprint)
        return result

    def _cut(
        self, step: PlannedStage, longer: PlannedStage, inputs: Mapping[str, Any]
    ) -> StoreResult[Any]:
        """The step's result, cut from the longer one's, which is computed if need be."""
        prefix = step.stage.prefix
        assert prefix is not None
        result = self.store.get_or_cut(
            step.fingerprint,
            step.stage.output,
            lambda: self._compute_for(step, longer, inputs),
            lambda whole: prefix.cut(whole, step.settings, inputs),
            _about(step),
        )
        how = "found" if result.cached else f"cut from {longer.fingerprint}:"
        _log.info("%s %s", how, step.fingerprint)
        return result

    def _compute_for(
        self, step: PlannedStage, longer: PlannedStage, inputs: Mapping[str, Any]
    ) -> StoreResult[Any]:
        """The longer result; a failure says that it was another length than asked for."""
        try:
            return self._compute(longer, inputs)
        except Exception as error:
            error.add_note(f"{longer.fingerprint} was being made to cut {step.fingerprint} from.")
            raise


class _Inputs(dict[str, Any]):
    """Inputs of a step; those that only computing needs are got when they are asked for.

    A worker then needs the data set's own entry, and neither raw files nor what was made of
    them on the way.
    """

    def __init__(self, get: Callable[[str], Any], there: Mapping[str, Any]) -> None:
        super().__init__(there)
        self._get = get

    def __missing__(self, name: str) -> Any:
        self[name] = self._get(name)
        return self[name]


def _about(step: PlannedStage) -> dict[str, Any]:
    """What the fingerprint of a step was made from."""
    return {
        "config": step.settings.identity(),
        "inputs": {name: print_.digest for name, print_ in step.inputs.items()},
        "seed": step.seed if step.stage.seeded(step.settings) else None,
        "stage_version": step.stage.version,
    }


def _record(step: PlannedStage, result: StoreResult[Any], seconds: float) -> StageRecord:
    """What a step did: a longer result counts as this trial's own where this trial made it."""
    source, longer = result.about.get(CUT_FROM, {}), result.longer
    made_longer = longer is not None and not longer.cached
    whole = float(source.get("seconds", 0.0))
    record = StageRecord(
        name=step.stage.name,
        kind=step.fingerprint.kind,
        entry=step.fingerprint.entry,
        seconds=seconds,
        computed_seconds=result.computed_seconds + (whole if made_longer else 0.0),
        cached=result.cached,
        bytes=result.bytes,
        facts=dict(result.artifact.facts),
        cut_from=source.get("entry", ""),
    )
    if not whole:
        return record
    spared = max(0.0, whole + result.computed_seconds - seconds)
    return replace(record, borrowed_seconds=spared - record.saved_seconds)


def _join(parts: list[StageRecord]) -> StageRecord:
    """One record for a training that was made of several rungs."""
    return replace(
        parts[-1],
        seconds=sum(part.seconds for part in parts),
        computed_seconds=sum(part.computed_seconds for part in parts),
        cached=all(part.cached for part in parts),
        bytes=sum(part.bytes for part in parts),
    )


def load_dataset(
    config: PipelineConfig, store: FilesystemStore, sources: Mapping[str, str]
) -> tuple[Dataset, StageRecord]:
    """The data set of a pipeline, from the store or from its raw files.

    Raises:
        ClairoError: The raw files cannot be read.
    """
    # The number of threads never changes a data set.
    runtime = Runtime(num_threads=usable_cpus())
    runner = StageRunner(make_plan(config, 0, sources, ("dataset",)), store, runtime, 0)
    dataset = runner.get("dataset")
    if not isinstance(dataset, Dataset):
        raise ClairoError(f"The dataset stage must give a Dataset, got {type(dataset).__name__}.")
    return dataset, runner.records["dataset"]
