"""Raw files, or a generator, to a data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clairo.core.artifacts import Dataset
from clairo.core.stage import Runtime, Stage
from clairo.datasets.base import DatasetConfig
from clairo.datasets.raw_dataset import RawDatasetConfig


def _read(
    settings: DatasetConfig, inputs: Mapping[str, Any], seed: int, runtime: Runtime
) -> Dataset:
    if isinstance(settings, RawDatasetConfig):
        table = inputs["interactions"] if settings.has_interactions else None
        return settings.prepare(table, runtime.num_threads)
    return settings.read()


def _inputs(pipeline: Any) -> tuple[str, ...]:
    is_raw = isinstance(pipeline.dataset, RawDatasetConfig)
    return ("interactions",) if is_raw and pipeline.dataset.has_interactions else ()


DATASET: Stage[Any, Dataset] = Stage(
    name="dataset",
    version=2,
    output=Dataset,
    config=lambda pipeline: pipeline.dataset,
    inputs=_inputs,
    # A generated world is named by the seed in its own settings, so all runs share it.
    seeded=lambda settings: False,
    run=_read,
)
