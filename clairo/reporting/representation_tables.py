"""Tables of a representation: codebooks, what is kept, what PCA saved."""

from __future__ import annotations

from clairo.reporting.fusion_info import FusionCurvesInfo, RelianceInfo
from clairo.reporting.health_info import HealthInfo
from clairo.reporting.labels import DASH, number, percent
from clairo.reporting.reduction_info import ReductionInfo
from clairo.reporting.table import Cell, Column, Table


def health_table(info: HealthInfo) -> Table:
    """Usage, perplexity, dead codes and entropy of each codebook."""
    rows = tuple(
        (
            Cell.of(f"{level.modality} {level.index + 1}"),
            Cell(f"{level.size:,}", level.size),
            Cell(percent(level.usage, 1), level.usage, tone="bad" if level.collapsed else ""),
            Cell(f"{level.dead:,}", level.dead),
            Cell(number(level.perplexity, 1), level.perplexity),
            Cell(number(level.entropy, 2), level.entropy),
            Cell(f"{level.largest:,}", level.largest),
            Cell.of("collapsed" if level.collapsed else "in use"),
        )
        for level in info.levels
    )
    columns = (
        Column("Codebook"),
        Column("Codes", numeric=True),
        Column("Used", numeric=True, help="Share of the codes that any item has."),
        Column("Dead codes", numeric=True, help="Codes that no item has."),
        Column("Perplexity", numeric=True, help="Effective number of codes."),
        Column("Entropy (bits)", numeric=True),
        Column("Largest code (items)", numeric=True),
        Column("State"),
    )
    caption = (
        f"Codebooks of trial {info.trial} ({info.kind}), over all items that have the modality."
    )
    note = (
        "Collapsed: fewer than half of the codes are used, or the perplexity is below a tenth of "
        "their number."
    )
    return Table("codebook_health", caption, columns, rows, notes=(note,))


def kept_table(info: HealthInfo) -> Table:
    """Reconstruction error and kept neighbours by modality, collisions over all."""
    rows = [
        (
            Cell.of(kept.modality),
            Cell(percent(kept.reconstruction_error, 1), kept.reconstruction_error),
            Cell(percent(kept.neighbors, 1), kept.neighbors),
            Cell(percent(kept.chance, 1), kept.chance),
            Cell.of(DASH),
            Cell.of(DASH),
        )
        for kept in info.kept
    ]
    rows.append((
        Cell.of("all codes"), Cell.of(DASH), Cell.of(DASH), Cell.of(DASH),
        Cell(percent(info.collision_rate, 1), info.collision_rate),
        Cell(number(info.largest_bucket, 0), info.largest_bucket),
    ))  # fmt: skip
    columns = (
        Column("Codes"),
        Column("Variance lost", numeric=True, help="0 is lossless, 100 % no better than the mean."),
        Column("Neighbours kept", numeric=True, help="Ten nearest by cosine, same first code."),
        Column("By chance", numeric=True, help="Any two items with the same first code."),
        Column("Collisions", numeric=True, help="Items whose codes another one has already."),
        Column("Largest bucket (items)", numeric=True, help="Most items with one tuple of codes."),
    )  # fmt: skip
    caption = f"What the codes of trial {info.trial} keep, before items are told apart."
    return Table("codes_keep", caption, columns, tuple(rows))


def reduction_table(info: ReductionInfo) -> Table:
    """Dimensions and variance kept, bytes saved."""
    rows = tuple(
        (
            Cell.of(part.modality),
            Cell(f"{part.dims_before:,}", part.dims_before),
            Cell(f"{part.dims_kept:,}", part.dims_kept),
            Cell(percent(part.variance_kept, 1), part.variance_kept),
            Cell(percent(part.saved_share, 1), part.saved_share),
            Cell(_megabytes(part.saved_bytes), part.saved_bytes),
        )
        for part in info.modalities
    )
    columns = (
        Column("Vectors"),
        Column("Dims before", numeric=True),
        Column("Dims kept", numeric=True),
        Column("Variance kept", numeric=True),
        Column("Bytes saved", numeric=True),
        Column("Saved (MB)", numeric=True, help="Of the stored table, 10^6 bytes."),
    )
    caption = f"What the reduction of trial {info.trial} keeps and saves."
    return Table("reduction", caption, columns, rows)


def reliance_table(info: RelianceInfo) -> Table:
    """Items with another first code and with any other code, by exchanged modality."""
    rows = tuple(
        (
            Cell.of(reliance.modality),
            Cell(percent(reliance.first, 1), reliance.first),
            Cell(percent(reliance.changed, 1), reliance.changed),
        )
        for reliance in info.reliances
    )
    columns = (
        Column("Exchanged"),
        Column("Other first code", numeric=True, help="Share of the probed items."),
        Column("Any other code", numeric=True, help="Grows with the number of codes."),
    )
    caption = f"What exchanging one modality changes in the codes of trial {info.trial}."
    return Table("reliance_shares", caption, columns, rows)


def fusion_table(info: FusionCurvesInfo) -> Table:
    """First and last number of each curve of the fusion's training."""
    rows = tuple(
        (
            Cell.of(curve.name),
            Cell(str(curve.epochs[-1]), curve.epochs[-1]),
            Cell(number(curve.values[0]), curve.values[0]),
            Cell(number(curve.values[-1]), curve.values[-1]),
        )
        for curve in (*info.losses, *info.others)
    )
    columns = (
        Column("Number"),
        Column("Last epoch", numeric=True),
        Column("First", numeric=True),
        Column("Last", numeric=True),
    )
    caption = f"Training of the fusion ({info.kind}) of trial {info.trial}."
    return Table("fusion_training", caption, columns, rows)


def _megabytes(count: int | None) -> str:
    return DASH if count is None else number(count / 1e6, 1)
