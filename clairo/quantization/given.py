"""Codes that came with the data: nothing is fitted, items are only told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from clairo.core.artifacts import CodeTable, GivenCodes, given_modalities
from clairo.core.errors import ConfigError, DataError
from clairo.quantization.code_table import Columns, make_unique
from clairo.quantization.diagnostics import codebook_diagnostics
from clairo.quantization.disambiguation import UniqueConfig
from clairo.quantization.purity import category_purity


class GivenConfig(UniqueConfig):
    """Takes the codes of the data set, for data sets that bring them.

    Attributes:
        modalities: Codes of which modality are used; ``all`` takes every one there is.
        disambiguation: As of every source of codes, but without ``reassign``: which codes are
            near an item is not known where its vector is not.
        num_hash_buckets: As of every source of codes.
    """

    seeded: ClassVar[bool] = True
    """Disambiguation draws permutations."""

    kind: Literal["given"] = "given"
    modalities: Literal["all", "text", "image"] = "all"
    disambiguation: Literal["hash", "counter", "none"] = "hash"
    num_hash_buckets: Annotated[int, Field(ge=1, le=65536)] | None = None

    def select(self, codes: Sequence[GivenCodes]) -> tuple[GivenCodes, ...]:
        """Those of the given codes that are used.

        Raises:
            DataError: The data set brings no codes.
            ConfigError: It brings none of the modality that is asked for.
        """
        if not codes:
            raise DataError(
                "Given codes need a data set that brings them, this one has none; choose a "
                "quantizer that makes them, such as rq_kmeans."
            )
        chosen = tuple(part for part in codes if self.modalities in ("all", part.modality))
        if not chosen:
            raise ConfigError(
                f"quantization.modalities must be all or one of {list(given_modalities(codes))}, "
                f"which the data set has codes of, got {self.modalities!r}; choose one of these."
            )
        return chosen


def build_given_table(
    codes: Sequence[GivenCodes],
    item_ids: tuple[str, ...],
    config: GivenConfig,
    seed: int,
    categories: tuple[str, ...] = (),
) -> CodeTable:
    """Given codes of every item, with a last column of modality ``shared`` as the settings say.

    Args:
        codes: Codes of the data set, rows in catalogue order.
        item_ids: Catalogue ids.
        config: Which of them are used, and how items with equal codes are told apart.
        seed: Seed of the stage.
        categories: Of the items, for the diagnostics; empty where none are known.

    Raises:
        ConfigError: The data set has no codes of the modality that is asked for.
        DataError: It has none at all, or there are too few buckets for the collisions.
    """
    chosen = config.select(codes)
    names = [part.modality for part in chosen for _ in part.column_sizes]
    columns = np.hstack([part.codes for part in chosen]).astype(np.int32)
    sizes = tuple(size for part in chosen for size in part.column_sizes)
    diagnostics: dict[str, Any] = {}
    for column, (modality, size) in enumerate(zip(names, sizes, strict=True)):
        # Two files of one modality are numbered on, as their codes are printed.
        place = names[:column].count(modality)
        for name, value in codebook_diagnostics(columns[:, column], size).items():
            diagnostics[f"{modality}/{place}/{name}"] = value
    for modality in dict.fromkeys(names):
        own = columns[:, [name == modality for name in names]]
        for name, value in category_purity(categories, own, seed).items():
            diagnostics[f"{modality}/{name}"] = value
    before = Columns(columns, tuple(names), sizes, diagnostics)
    return make_unique(item_ids, before, config, seed)
