"""The codes that a trained model reads of items whose modality is masked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import Bool, Int32

from clairo.core.checks import require_length
from clairo.core.dataset import Facts
from clairo.core.files import (
    read_arrays,
    read_json,
    read_table,
    write_arrays,
    write_json,
    write_table,
)

_ARRAYS, _STRINGS, _FACTS = "arrays.safetensors", "strings.parquet", "facts.json"


@dataclass(frozen=True)
class MaskedCodes:
    """Codes of every item with one modality masked, each a value that some item really has.

    They name no item: several may share a row, which may also be that of another item.

    Attributes:
        item_ids: Catalogue ids, in catalogue order.
        codes: Columns as in the code table of the same pipeline.
        unknown: True where the value that the quantizer gave occurs in no item, so that the
            model has no token for it, and the nearest one that occurs stands there instead.
        facts: ``changed_items`` and ``unknown_items``, shares of the catalogue with any such
            code.
    """

    item_ids: tuple[str, ...]
    codes: Int32[np.ndarray, "items columns"]
    unknown: Bool[np.ndarray, "items columns"]
    facts: Facts = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_length("codes", len(self.codes), len(self.item_ids))
        require_length("unknown", len(self.unknown), len(self.item_ids))
        require_length("unknown columns", self.unknown.shape[1], self.codes.shape[1])

    def save(self, folder: Path) -> None:
        """Writes codes, marks and facts."""
        write_arrays(folder / _ARRAYS, {"codes": self.codes, "unknown": self.unknown})
        write_table(folder / _STRINGS, {"item_ids": self.item_ids})
        write_json(folder / _FACTS, dict(self.facts))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what :meth:`save` wrote."""
        ids = tuple(read_table(folder / _STRINGS)["item_ids"])
        return cls(ids, facts=read_json(folder / _FACTS), **read_arrays(folder / _ARRAYS))
