"""``clairo embeddings export``: vectors of a stage with their item ids, for use elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import typer

from clairo.core.artifacts import EmbeddingTable, Modalities
from clairo.core.errors import ConfigError, DataError
from clairo.embeddings.vector_files import require_places, write_vectors
from clairo.workflows.options import SweepOptions
from clairo.workflows.stage_result import ready_pipeline

StageName = Literal["embedding", "reduction", "fusion"]


@dataclass(frozen=True)
class VectorsWanted:
    """Which vectors go where.

    Attributes:
        stage: After which step they are taken.
        modality: ``text``, ``image`` or ``fused``.
        out: The file; its ending says the format.
        force: Whether files that are there may be replaced.
    """

    stage: StageName
    modality: str
    out: Path
    force: bool = False

    def __post_init__(self) -> None:
        if self.stage != "fusion" and self.modality == "fused":
            raise ConfigError(
                f"Fused vectors are made by the fusion, got --stage {self.stage}; take --stage "
                "fusion, or --modality text or image."
            )

    @property
    def stage_name(self) -> str:
        """Of the pipeline's stage."""
        return "fusion" if self.stage == "fusion" else f"{self.modality}_{self.stage}"


def export_embeddings(
    options: SweepOptions,
    config_file: Path | None,
    wanted: VectorsWanted,
    *,
    say: Callable[[str], None] = typer.echo,
) -> EmbeddingTable:
    """Writes vectors from the store, computing them first where they are not there.

    Items without the modality are left out of the file, so that they are missing again where it
    is imported.

    Args:
        options: Data, seed and places.
        config_file: The configuration, ``None`` for the profile's.
        wanted: What, and where to.
        say: Told each line.

    Raises:
        ConfigError: A file is there already, its ending is no format, the configuration has no
            vectors, or the fusion gives others.
        DataError: No item has the modality, or the disk refuses.
    """
    require_places(wanted.out, force=wanted.force)
    pipeline = ready_pipeline(options, config_file)
    if pipeline.config.gives_codes:
        raise ConfigError(
            f"Vectors are exported where codes are made of them, {pipeline.config.dataset.label} "
            "brings its codes; choose another data set, or 'clairo codes export'."
        )
    modalities, record = pipeline.get(wanted.stage_name)
    table = _table(modalities, wanted)
    if not table.present.any():
        raise DataError(f"No item has {wanted.modality} vectors; choose another modality.")
    ids = tuple(np.asarray(table.item_ids, dtype=object)[table.present])
    paths = write_vectors(wanted.out, ids, table.vectors[table.present], force=wanted.force)
    say(f"{record.entry} was {'found' if record.cached else 'made'}")
    say(
        f"{len(ids):,} of {len(table.item_ids):,} items with {table.dims} dims, written to "
        f"{' and '.join(map(str, paths))}"
    )
    if wanted.modality != "fused":
        say(f"To use them: '{wanted.modality}: {{kind: imported, path: {wanted.out}}}'")
    return table


def _table(modalities: Modalities, wanted: VectorsWanted) -> EmbeddingTable:
    if wanted.modality not in modalities.names:
        raise ConfigError(
            f"--modality must be one of {', '.join(modalities.names)}, which this fusion gives, "
            f"got {wanted.modality}; choose one of these."
        )
    return modalities.get(wanted.modality)
