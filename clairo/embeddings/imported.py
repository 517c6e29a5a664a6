"""Vectors that were made elsewhere, joined to the items by id."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field

from clairo.core.artifacts import EmbeddingTable, ItemCatalog, Modality
from clairo.core.errors import DataError
from clairo.core.stage import Runtime
from clairo.embeddings.base import EncoderConfig, place_rows
from clairo.embeddings.local_weights import weights_identity
from clairo.embeddings.vector_files import VectorFile, read_vectors, require_format
from clairo.embeddings.vector_ids import find_ids_file

_SHOWN: Final = 3


class ImportedConfig(EncoderConfig):
    """Takes the vectors of a file instead of making them.

    Rows belong to items by their id, wherever they stand. Items that are not in the file are
    missing; rows of ids that the data set does not have are counted and left out.

    Attributes:
        path: ``.npy``, ``.parquet`` or ``.safetensors``, as
            :mod:`clairo.embeddings.vector_files` describes. It counts by its content: the same
            file elsewhere is the same encoder, and a changed one is another.
        ids: File with the ids of the rows, ``.json``, ``.txt`` or ``.npy``; ``None`` takes those
            in the file or beside it.
        zero_rows: What a row of zeros is: ``missing``, since that is how others mark items
            without a picture, or ``present``.
    """

    kind: Literal["imported"] = "imported"
    path: Annotated[str, Field(min_length=1)]
    ids: Annotated[str, Field(min_length=1)] | None = None
    zero_rows: Literal["missing", "present"] = "missing"

    def identity(self) -> dict[str, Any]:
        """As of every configuration; files count by content, not by path.

        Ids that lie beside the vectors count as if they were named.

        Raises:
            DataError: Several files of ids lie beside the vectors.
        """
        ids = find_ids_file(self._path, self._ids)
        return {
            **super().identity(),
            "path": weights_identity(self.path),
            "ids": weights_identity(str(ids)) if ids is not None else None,
        }

    def require_weights(self) -> None:
        """As of every encoder: here, that the files are there.

        Raises:
            ConfigError: The file is of no format that is read.
            DataError: A file is not there.
        """
        require_format(self._path)
        for path in filter(None, (self._path, find_ids_file(self._path, self._ids))):
            if not path.is_file():
                raise DataError(
                    f"Imported {self.modality} vectors need a file, there is none at {path}; "
                    f"correct {self.modality}.path or {self.modality}.ids."
                )

    def encode(self, catalog: ItemCatalog, seed: int, runtime: Runtime) -> EmbeddingTable:
        """Vectors of the items that are in the file, as 32-bit floats.

        Facts: ``num_rows`` (of the file), ``num_unknown_rows`` (of ids that are no items),
        ``num_not_in_file`` (items without a row) and ``num_zero_rows`` (items whose row is
        zero).

        Raises:
            DataError: A file is missing, damaged or holds something else than finite vectors
                with distinct ids; or no item has a vector.
        """
        self.require_weights()
        file = read_vectors(self._path, self._ids)
        places = self._join(file, catalog)
        present = places >= 0
        rows = np.asarray(file.vectors[places[present]], dtype=np.float32)
        has_value = rows.any(axis=1)
        facts = {
            "num_rows": len(file.item_ids),
            "num_unknown_rows": len(file.item_ids) - int(present.sum()),
            "num_not_in_file": int((~present).sum()),
            "num_zero_rows": int((~has_value).sum()),
        }
        if self.zero_rows == "missing":
            present[present] = has_value
            rows = rows[has_value]
        if not present.any():
            raise DataError(
                f"{self.path}: one item must have a {self.modality} vector that is not zero, got 0 "
                f"of {len(catalog)}; check the file, or choose a fusion without this modality."
            )
        return place_rows(self.modality, catalog, present, rows, facts)

    def _join(self, file: VectorFile, catalog: ItemCatalog) -> Int[np.ndarray, " items"]:
        """Row of every item, -1 for those that have none."""
        row_of = {name: row for row, name in enumerate(file.item_ids)}
        places = np.array([row_of.get(name, -1) for name in catalog.item_ids], dtype=np.int64)
        if not (places >= 0).any():
            raise DataError(
                f"{self.path}: rows are found by the ids of the data set, got 0 of {len(catalog)} "
                f"items in {len(file.item_ids)} rows; the file has ids such as "
                f"{list(file.item_ids[:_SHOWN])}, the data set {list(catalog.item_ids[:_SHOWN])}; "
                "save the file with the ids of the data set."
            )
        return places

    @property
    def _path(self) -> Path:
        return Path(self.path).expanduser()

    @property
    def _ids(self) -> Path | None:
        return Path(self.ids).expanduser() if self.ids is not None else None


class ImportedTextConfig(ImportedConfig):
    """Text vectors of a file."""

    modality: ClassVar[Modality] = "text"


class ImportedImageConfig(ImportedConfig):
    """Image vectors of a file."""

    modality: ClassVar[Modality] = "image"
