"""Raw files, or a generator, to a data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clairo.core.artifacts import Dataset
from clairo.core.stage import Runtime, Stage
from clairo.datasets.base import DatasetConfig


def _read(
    settings: DatasetConfig, inputs: Mapping[str, Any], seed: int, runtime: Runtime
) -> Dataset:
    return settings.read()


DATASET: Stage[Any, Dataset] = Stage(
    name="dataset",
    version=1,
    output=Dataset,
    config=lambda pipeline: pipeline.dataset,
    inputs=lambda pipeline: (),
    # A generated world is named by the seed in its own settings, so all runs share it.
    seeded=lambda settings: False,
    run=_read,
)
