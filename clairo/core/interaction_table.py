"""Interactions as they stand in raw files: Parquet partitions, named by their content."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import pyarrow as pa

from clairo.core.errors import ArtifactError
from clairo.core.files import read_json, write_json

INTERACTION_SCHEMA: Final = pa.schema(
    [
        ("user", pa.string()),
        ("item", pa.string()),
        ("rating", pa.float32()),
        ("timestamp", pa.int64()),
        ("position", pa.int64()),
    ]
)
"""One row per interaction. ``rating`` may be null. ``position`` orders all rows of all files."""

LINE_BITS: Final = 40
"""``position`` is the number of the raw file shifted by this, plus the line from 1."""

_MANIFEST: Final = "interactions.json"


@dataclass(frozen=True)
class Partition:
    """Some consecutive rows.

    Attributes:
        name: ``part-<16 hexadecimal digits of the content's sha256>.parquet``.
        sha256: Of the file's bytes.
        rows: Number of interactions.
        source: Name of the raw file.
    """

    name: str
    sha256: str
    rows: int
    source: str


@dataclass(frozen=True)
class InteractionTable:
    """All interactions of a data set before any filter, on disk and never in memory as a whole.

    Attributes:
        folder: Where the partitions lie.
        partitions: In the order of the raw files and their lines.
        facts: ``num_rows``, ``time_unit`` (``s`` or ``ms``), ``files`` in order, and where a
            broken file was salvaged ``salvaged_lines`` and ``lost_bytes``.
    """

    folder: Path
    partitions: tuple[Partition, ...]
    facts: Mapping[str, Any]
    _owner: Any = field(default=None, repr=False, compare=False)
    """Keeps a temporary folder alive as long as the table."""

    def __len__(self) -> int:
        return sum(partition.rows for partition in self.partitions)

    @property
    def paths(self) -> list[Path]:
        """Files of the partitions, in order."""
        return [self.folder / partition.name for partition in self.partitions]

    def save(self, folder: Path) -> None:
        """Puts the partitions into another folder, by a link where the file system can."""
        for path in dict.fromkeys(self.paths):
            _link_or_copy(path, folder / path.name)
        write_json(
            folder / _MANIFEST,
            {"partitions": [asdict(part) for part in self.partitions], "facts": dict(self.facts)},
        )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Opens what :meth:`save` wrote; reads no interaction.

        Raises:
            ArtifactError: A file is missing.
        """
        about = read_json(folder / _MANIFEST)
        table = cls(
            folder, tuple(Partition(**part) for part in about["partitions"]), about["facts"]
        )
        missing = [path.name for path in table.paths if not path.is_file()]
        if missing:
            raise ArtifactError(f"{folder} must hold {missing[0]}, it does not; recompute it.")
        return table


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        # Another file system, or one without links; a full disk fails again, and says so.
        shutil.copyfile(source, target)
