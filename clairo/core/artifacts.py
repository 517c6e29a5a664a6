"""The data dictionary: the nouns that stages pass to one another.

``Dataset`` and its parts live in :mod:`clairo.core.dataset` and are named here too. All are
frozen. Every per-item table has one row for every catalogue item, in catalogue order, and
repeats the ids so that a mix-up is an error instead of a wrong pairing.

Files: arrays in safetensors, strings in parquet, facts in JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

import numpy as np
from jaxtyping import Bool, Float, Int, Int32

from clairo.core.checks import require_length
from clairo.core.dataset import (
    Dataset,
    Facts,
    InteractionLog,
    ItemCatalog,
    Splits,
    pack_images,
)
from clairo.core.errors import DataError
from clairo.core.files import (
    read_arrays,
    read_json,
    read_table,
    write_arrays,
    write_json,
    write_table,
)
from clairo.core.fusion_insight import FusionInsight
from clairo.core.given_codes import GivenCodes, GivenModality, given_modalities

__all__ = [
    "PADDING",
    "CodeTable",
    "Dataset",
    "EmbeddingTable",
    "Facts",
    "FusionInsight",
    "GivenCodes",
    "GivenModality",
    "InteractionLog",
    "ItemCatalog",
    "Modalities",
    "Modality",
    "Rankings",
    "Splits",
    "given_modalities",
    "pack_images",
]

Modality = Literal["text", "image", "fused", "shared"]
"""``fused`` is a joint vector of several modalities, ``shared`` belongs to none of them."""

PADDING = 0
"""Token 0 everywhere."""

_ARRAYS, _STRINGS, _FACTS = "arrays.safetensors", "strings.parquet", "facts.json"


@dataclass(frozen=True)
class EmbeddingTable:
    """One vector per item, and whether the item has this modality at all.

    Attributes:
        modality: ``text``, ``image`` or ``fused``.
        item_ids: Catalogue ids, in catalogue order.
        vectors: Finite; rows of missing items are zero.
        present: False where the item lacks the modality.
        facts: For example ``dims``, ``coverage``, ``variance_kept``.
    """

    modality: Modality
    item_ids: tuple[str, ...]
    vectors: Float[np.ndarray, "items dims"]
    present: Bool[np.ndarray, " items"]
    facts: Facts = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_length("vectors", len(self.vectors), len(self.item_ids))
        require_length("present", len(self.present), len(self.item_ids))
        if not np.isfinite(self.vectors).all():
            bad = int((~np.isfinite(self.vectors)).any(axis=1).sum())
            raise DataError(
                f"Embedding vectors must be finite, {bad} {self.modality} rows are not; "
                "check the encoder or mark these items as missing."
            )
        if self.vectors[~self.present].any():
            raise DataError("Rows of missing items must be zero; fill them before this point.")

    @property
    def dims(self) -> int:
        """Width of a vector."""
        return int(self.vectors.shape[1])

    @property
    def coverage(self) -> float:
        """Share of items that have the modality."""
        return float(self.present.mean()) if len(self.present) else 0.0


@dataclass(frozen=True)
class Modalities:
    """The vectors of a catalogue by modality, all for the same items.

    Reductions and fusions take and give this: after a fusion there is one ``fused`` (or one
    single-modality) table, after ``none`` there are still several.

    Attributes:
        tables: One per modality.
        insight: What the fusion that made them tells about itself, ``None`` before a fusion and
            after one that only chooses.
    """

    tables: tuple[EmbeddingTable, ...]
    insight: FusionInsight | None = None

    def __post_init__(self) -> None:
        if not self.tables:
            raise DataError("At least one modality is needed, got none; choose text or image.")
        if any(table.item_ids != self.tables[0].item_ids for table in self.tables):
            raise DataError("Embedding tables must list the same items in the same order.")
        for name, shares in (self.insight.weights if self.insight else {}).items():
            require_length(f"{name} weights", len(shares), len(self.item_ids))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the modalities, in order."""
        return tuple(table.modality for table in self.tables)

    @property
    def item_ids(self) -> tuple[str, ...]:
        """Catalogue ids."""
        return self.tables[0].item_ids

    def get(self, modality: str) -> EmbeddingTable:
        """The table of one modality.

        Raises:
            DataError: There is no such modality.
        """
        for table in self.tables:
            if table.modality == modality:
                return table
        raise DataError(f"No {modality} vectors here, only {list(self.names)}.")

    @property
    def facts(self) -> Facts:
        """Facts of every table, prefixed with its modality."""
        return {f"{t.modality}/{k}": v for t in self.tables for k, v in t.facts.items()}

    def save(self, folder: Path) -> None:
        """Writes all tables."""
        arrays = {f"{t.modality}.vectors": t.vectors for t in self.tables}
        arrays |= {f"{t.modality}.present": t.present for t in self.tables}
        arrays |= self.insight.arrays() if self.insight else {}
        write_arrays(folder / _ARRAYS, arrays)
        write_table(folder / _STRINGS, {"item_ids": self.item_ids})
        write_json(folder / _FACTS, [[t.modality, dict(t.facts)] for t in self.tables])

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what :meth:`save` wrote."""
        arrays, names = read_arrays(folder / _ARRAYS), read_json(folder / _FACTS)
        ids = tuple(read_table(folder / _STRINGS)["item_ids"])
        return cls(
            tuple(
                EmbeddingTable(m, ids, arrays[f"{m}.vectors"], arrays[f"{m}.present"], facts)
                for m, facts in names
            ),
            FusionInsight.from_arrays(arrays),
        )


@dataclass(frozen=True)
class CodeTable:
    """Discrete codes of every item: a unique feature tuple, the item's semantic id.

    Attributes:
        item_ids: Catalogue ids, in catalogue order.
        codes: Non-negative; column ``c`` holds values below ``column_sizes[c]``.
        column_modalities: What each column was made from; the disambiguation column is
            ``shared``.
        column_sizes: Number of values a column may take (a codebook's size, plus one for
            *missing* where items lack the modality).
        diagnostics: Per codebook: usage, perplexity, dead codes, entropy, reconstruction
            error; over all: collision rate before disambiguation, largest bucket.
    """

    item_ids: tuple[str, ...]
    codes: Int32[np.ndarray, "items columns"]
    column_modalities: tuple[Modality, ...]
    column_sizes: tuple[int, ...]
    diagnostics: Facts = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_length("codes", len(self.codes), len(self.item_ids))
        require_length("column_modalities", len(self.column_modalities), self.codes.shape[1])
        require_length("column_sizes", len(self.column_sizes), self.codes.shape[1])

    @property
    def facts(self) -> Facts:
        """The diagnostics."""
        return self.diagnostics

    def save(self, folder: Path) -> None:
        """Writes codes, column descriptions and diagnostics."""
        write_arrays(folder / _ARRAYS, {"codes": self.codes})
        write_table(folder / _STRINGS, {"item_ids": self.item_ids})
        columns = {"modalities": self.column_modalities, "sizes": self.column_sizes}
        write_json(folder / _FACTS, {"columns": columns, "diagnostics": dict(self.diagnostics)})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what :meth:`save` wrote."""
        about = read_json(folder / _FACTS)
        return cls(
            item_ids=tuple(read_table(folder / _STRINGS)["item_ids"]),
            codes=read_arrays(folder / _ARRAYS)["codes"],
            column_modalities=tuple(about["columns"]["modalities"]),
            column_sizes=tuple(about["columns"]["sizes"]),
            diagnostics=about["diagnostics"],
        )


@dataclass(frozen=True)
class Rankings:
    """What one model recommended to each asked user.

    Attributes:
        split: ``valid`` or ``test``.
        users: User index of each row.
        targets: Item index that was to be found.
        ranks: 1-based rank of the target, 0 where it was not retrieved.
        top_items: Recommended item indices, best first; -1 fills a list that is too short.
        facts: Metrics (``ndcg_at_10`` ...), beam width, ensemble size, invalid share.
    """

    split: Literal["valid", "test"]
    users: Int32[np.ndarray, " rows"]
    targets: Int32[np.ndarray, " rows"]
    ranks: Int32[np.ndarray, " rows"]
    top_items: Int[np.ndarray, "rows k"]
    facts: Facts = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("targets", "ranks", "top_items"):
            require_length(name, len(getattr(self, name)), len(self.users))

    def save(self, folder: Path) -> None:
        """Writes all arrays and the metrics."""
        names = ("users", "targets", "ranks", "top_items")
        write_arrays(folder / _ARRAYS, {name: getattr(self, name) for name in names})
        write_json(folder / _FACTS, {"split": self.split, "facts": dict(self.facts)})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what :meth:`save` wrote."""
        about = read_json(folder / _FACTS)
        return cls(split=about["split"], facts=about["facts"], **read_arrays(folder / _ARRAYS))
