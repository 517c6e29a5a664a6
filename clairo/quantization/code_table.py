"""From vectors to the code table: quantize each modality, mark the missing, make ids unique."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Int32

from clairo.core.artifacts import CodeTable, EmbeddingTable, Facts, Modalities, Modality
from clairo.core.errors import ConfigError, DataError
from clairo.core.seeding import stage_seed
from clairo.core.stage import Runtime
from clairo.quantization.base import QuantizerConfig
from clairo.quantization.diagnostics import (
    bits_per_item,
    codebook_diagnostics,
    collision_diagnostics,
    reconstruction_error,
)
from clairo.quantization.disambiguation import (
    UniqueConfig,
    counter_column,
    hash_column,
    needed_buckets,
)
from clairo.quantization.meaning import KnownOfItems, worst_of
from clairo.quantization.reassignment import CodedVectors, reassign


def build_code_table(
    modalities: Modalities,
    config: QuantizerConfig,
    train_items: Bool[np.ndarray, " items"],
    seed: int,
    runtime: Runtime,
    categories: tuple[str, ...] = (),
) -> CodeTable:
    """Codes of every item, made unique as ``disambiguation`` says.

    Each modality has a quantizer of its own, with its own seed, so that one modality's codes
    do not depend on whether there is another. An item that lacks a modality gets the code
    value ``codebook_size`` in all columns of it, which stands for *missing* and is not one
    of the centroids.

    A column that tells items apart is the last one and of modality ``shared``. Where
    ``num_hash_buckets`` is ``None`` and the codes tell all items apart, there is none: a digit
    that is the same for all items says nothing and would be merged all the same.

    Args:
        modalities: One table, or one per modality where codebooks are separate.
        config: Settings of the quantizer.
        train_items: Which items occur in training histories.
        seed: Seed of the stage.
        runtime: Resources.
        categories: Of the items, for the diagnostics; empty where none are known.

    Raises:
        ConfigError: Shared codebooks for several modalities, or separate ones for a joint
            vector.
        DataError: Too few items for the codebooks, vectors that are all equal, too few buckets
            for the collisions, or no code that is free for an item that must move.
    """
    _require_matching_codebooks(modalities, config)
    known = KnownOfItems(categories, modalities.insight)
    columns = [
        _quantize(table, config, train_items, seed, runtime, known) for table in modalities.tables
    ]
    return make_unique(modalities.item_ids, beside(columns), config, seed)


@dataclass(frozen=True)
class Columns:
    """Codes before items with equal ones are told apart.

    Attributes:
        codes: One row per item.
        modalities: What each column was made from.
        sizes: Number of values each column may take.
        diagnostics: What is known of each codebook, ``<modality>/<place>/<name>``.
        coded: Where the codes came from, none where they were given.
    """

    codes: Int32[np.ndarray, "items columns"]
    modalities: tuple[Modality, ...]
    sizes: tuple[int, ...]
    diagnostics: Facts
    coded: tuple[CodedVectors, ...] = ()


def beside(parts: Sequence[Columns]) -> Columns:
    """Columns one after another."""
    return Columns(
        codes=np.hstack([part.codes for part in parts]),
        modalities=tuple(name for part in parts for name in part.modalities),
        sizes=tuple(size for part in parts for size in part.sizes),
        diagnostics={name: value for part in parts for name, value in part.diagnostics.items()},
        coded=tuple(vectors for part in parts for vectors in part.coded),
    )


def make_unique(
    item_ids: tuple[str, ...], before: Columns, settings: UniqueConfig, seed: int
) -> CodeTable:
    """The code table, its items told apart as the settings say.

    Args:
        item_ids: Catalogue ids.
        before: The codes.
        settings: How items with equal codes are told apart, if at all.
        seed: Seed of the stage.

    Raises:
        DataError: More items share their codes than there are buckets, or no code is free for
            an item that must move.
    """
    names, sizes = before.modalities, before.sizes
    codes, values, found = tell_apart(before.codes, before.coded, settings, seed)
    if values:
        names, sizes = (*names, "shared"), (*sizes, values)
    return CodeTable(
        item_ids=item_ids,
        codes=codes,
        column_modalities=names,
        column_sizes=sizes,
        diagnostics={**_diagnose(before, sizes), **found},
    )


def tell_apart(
    codes: Int32[np.ndarray, "items columns"],
    coded: Sequence[CodedVectors],
    settings: UniqueConfig,
    seed: int,
) -> tuple[Int32[np.ndarray, "items _"], int, Facts]:
    """Codes that tell items apart as the settings say; see :func:`make_unique`.

    Args:
        codes: The codes before.
        coded: Where they came from, in the order of their columns.
        settings: How items with equal codes are told apart, if at all.
        seed: Seed of the stage.

    Returns:
        The codes, the number of values of a last column that was added (0 for none), and what
        was found on the way.
    """
    found: Facts = {}
    if settings.disambiguation == "reassign":
        codes, found = reassign(codes, coded)
    column, values = _digits(codes, settings, seed)
    whole = np.column_stack([codes, column]) if values else codes
    return whole.astype(np.int32), values, found


def _digits(
    codes: Int32[np.ndarray, "items columns"], settings: UniqueConfig, seed: int
) -> tuple[Int32[np.ndarray, " items"], int]:
    """The column that tells items apart, and its number of values, 0 for no column."""
    none = np.zeros(len(codes), dtype=np.int32)
    if settings.disambiguation == "counter":
        column = counter_column(codes)
        return column, int(column.max(initial=0)) + 1
    if settings.disambiguation != "hash":
        return none, 0
    buckets = settings.num_hash_buckets or needed_buckets(codes)
    if settings.num_hash_buckets is None and buckets == 1:
        return none, 0
    return hash_column(codes, buckets, stage_seed(seed, "disambiguation")), buckets


def _require_matching_codebooks(modalities: Modalities, config: QuantizerConfig) -> None:
    joint = config.codebooks == "separate" and "fused" in modalities.names
    apart = config.codebooks == "shared" and len(modalities.tables) > 1
    if joint or apart:
        raise ConfigError(
            "Separate codebooks go with modalities that stay apart, shared ones with one "
            f"vector per item, got codebooks={config.codebooks} for {list(modalities.names)}; "
            "use fusion none with separate, any other fusion with shared."
        )


def fit_vectors(
    table: EmbeddingTable,
    config: QuantizerConfig,
    train_items: Bool[np.ndarray, " items"],
    seed: int,
    runtime: Runtime,
) -> CodedVectors:
    """The quantizer of one modality, with its own seed, beside the vectors it was fitted for.

    Args:
        table: Vectors of one modality, or joint ones.
        config: Settings of the quantizer.
        train_items: Which items occur in training histories.
        seed: Seed of the stage.
        runtime: Resources.

    Raises:
        DataError: Too few items for the codebooks.
    """
    quantizer = config.fit(table, train_items, _seed_of(table, seed), runtime)
    return CodedVectors(quantizer, table, config.codebook_size)


def encode_table(
    coded: CodedVectors, table: EmbeddingTable
) -> Int32[np.ndarray, "items codebooks"]:
    """Codes of vectors by a fitted quantizer; its codebook size, *missing*, where there is none.

    Args:
        coded: The quantizer.
        table: What is coded, at least one item of it present.
    """
    found = coded.quantizer.encode(table.vectors[table.present])
    codes = np.full((len(table.present), found.shape[1]), coded.size, dtype=np.int32)
    codes[table.present] = found
    return codes


def _seed_of(table: EmbeddingTable, seed: int) -> int:
    return stage_seed(seed, f"quantization/{table.modality}")


def _quantize(
    table: EmbeddingTable,
    config: QuantizerConfig,
    train_items: Bool[np.ndarray, " items"],
    seed: int,
    runtime: Runtime,
    known: KnownOfItems,
) -> Columns:
    """Fits on one table and encodes it."""
    own_seed = _seed_of(table, seed)
    rows = table.vectors[table.present]
    distinct = len({row.tobytes() for row in rows})
    if distinct == 1 < len(rows):
        raise DataError(
            f"Codes need vectors that differ, got {len(rows)} equal {table.modality} vectors; "
            "check the encoder's input, or leave this modality out."
        )
    coded = fit_vectors(table, config, train_items, seed, runtime)
    quantizer, size = coded.quantizer, coded.size
    codes = encode_table(coded, table)
    present_codes = codes[table.present]
    found: dict[str, Any] = dict(quantizer.facts)
    found["distinct_vectors"] = distinct
    found["missing_items"] = int((~table.present).sum())
    found["reconstruction_error"] = reconstruction_error(rows, quantizer.decode(present_codes))
    found |= known.describe(table, quantizer, codes, own_seed)
    for column in range(config.num_codebooks):
        about = codebook_diagnostics(present_codes[:, column], size)
        found |= {f"{column}/{name}": value for name, value in about.items()}
    values = size if table.present.all() else size + 1
    diagnostics = {f"{table.modality}/{name}": value for name, value in found.items()}
    depth = config.num_codebooks
    return Columns(codes, (table.modality,) * depth, (values,) * depth, diagnostics, (coded,))


def _diagnose(before: Columns, sizes: tuple[int, ...]) -> Facts:
    """Everything of each codebook, and the summary over all."""
    parts = before.diagnostics
    usages = [value for name, value in parts.items() if name.endswith("/usage")]
    perplexities = [value for name, value in parts.items() if name.endswith("/perplexity")]
    return {
        **parts,
        **collision_diagnostics(before.codes),
        **worst_of(parts),
        "usage_min": min(usages),
        "perplexity_mean": float(np.mean(perplexities)),
        "bits_per_item": bits_per_item(sizes),
    }
