"""What segments need, kept once per data set under the parent run of a sweep or ablation."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from clairo.core.artifacts import Dataset
from clairo.evaluation.segments import SEGMENTS_FILE, SegmentIndex
from clairo.tracking.protocol import Run

if TYPE_CHECKING:
    from clairo.tracking.run_files import RunFiles

SEGMENTS_FOLDER = "segments"
"""Artifacts of the parent run: an index, or one in a folder per group."""


def log_segments(parent: Run, dataset: Dataset, group: str = "") -> None:
    """Stores the index of a data set with the parent run, over what was there.

    Args:
        parent: The parent run.
        dataset: The data that its trials, or those of one group, are asked about.
        group: Name of the :class:`clairo.tracking.records.ArmGroup`, ``""`` where there is one
            data set.
    """
    path = f"{SEGMENTS_FOLDER}/{group}" if group else SEGMENTS_FOLDER
    with tempfile.TemporaryDirectory() as folder:
        SegmentIndex.of(dataset).save(Path(folder))
        parent.log_folder(Path(folder), path)


def read_segments(files: RunFiles) -> dict[str, SegmentIndex]:
    """Every index that the parent run holds, by group; empty where it logged none.

    Raises:
        ArtifactError: What lies there is no index.
    """
    folder = files.folder(SEGMENTS_FOLDER)
    if folder is None:
        return {}
    found = sorted(folder.rglob(SEGMENTS_FILE))
    return {_group(path.parent, folder): SegmentIndex.load(path.parent) for path in found}


def _group(place: Path, folder: Path) -> str:
    return "" if place == folder else place.relative_to(folder).as_posix()
