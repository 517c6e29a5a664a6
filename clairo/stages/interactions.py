"""Raw interaction files to partitions, which all filters and splits of them share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clairo.core.interaction_table import InteractionTable
from clairo.core.stage import Runtime, Stage
from clairo.datasets.raw_dataset import Reading


def _ingest(
    settings: Reading, inputs: Mapping[str, Any], seed: int, runtime: Runtime
) -> InteractionTable:
    return settings.ingest(runtime.num_threads)


INTERACTIONS: Stage[Any, InteractionTable] = Stage(
    name="interactions",
    version=1,
    output=InteractionTable,
    # Asked for by data sets that are made from raw files alone.
    config=lambda pipeline: pipeline.dataset.reading,
    inputs=lambda pipeline: (),
    seeded=lambda settings: False,
    run=_ingest,
    only_to_compute=True,
)
