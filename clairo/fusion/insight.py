"""What any fusion of several modalities can tell: shares per item, and probes of its leaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from jaxtyping import Float, Float32, Int64

from clairo.core.artifacts import EmbeddingTable, FusionInsight, Modalities
from clairo.fusion.base import has_all, presence

Weights = Mapping[str, Float32[np.ndarray, " items"]]
"""By modality, its share in each item's joint vector."""

MAX_PROBES: Final = 1024
"""Items that are probed at most: enough to know a share of changed codes within 3 points."""

_PROBE_SEED: Final = 0


def with_insight(
    join: Callable[[Modalities], EmbeddingTable], modalities: Modalities, weights: Weights
) -> Modalities:
    """The fused table with weights and probes.

    The probed items, and whose vector each is given, are drawn from a fixed seed: fusions of
    one catalogue are asked the same question, whatever the seed of the experiment. Where fewer
    than two items have all modalities there is nothing to exchange and no probe.

    Args:
        join: Makes the fused table, row by row, of all or some items.
        modalities: What is joined.
        weights: Shares of the modalities in every item; may be empty.

    Returns:
        One ``fused`` table. Facts gain ``mean_weight/<modality>`` over items that have all.
    """
    fused = join(modalities)
    both = has_all(modalities)
    means = {
        f"mean_weight/{name}": float(shares[both].mean())
        for name, shares in weights.items()
        if both.any()
    }
    items, partners = draw_probes(np.flatnonzero(both))
    probes = {
        name: join(_exchanged(modalities, name, items, partners)).vectors
        for name in (modalities.names if len(items) else ())
    }
    fused = replace(fused, facts={**fused.facts, **means})
    present = {str(table.modality): table.present for table in modalities.tables}
    return Modalities((fused,), FusionInsight(dict(weights), present, items, probes))


def draw_probes(
    candidates: Int64[np.ndarray, " candidates"],
) -> tuple[Int64[np.ndarray, " probed"], Int64[np.ndarray, " probed"]]:
    """Items to probe, ascending, and for each another one of them; no two share a partner.

    Example:
        >>> items, partners = draw_probes(np.array([3, 5, 8]))
        >>> items.tolist(), sorted(partners.tolist()), bool((items == partners).any())
        ([3, 5, 8], [3, 5, 8], False)
    """
    if len(candidates) < 2:
        nobody = np.zeros(0, dtype=np.int64)
        return nobody, nobody
    rng = np.random.default_rng(_PROBE_SEED)
    items = rng.choice(candidates, min(MAX_PROBES, len(candidates)), replace=False)
    # In a circle everyone has a successor, and nobody is their own.
    partners = np.roll(items, 1)
    order = np.argsort(items)
    return items[order].astype(np.int64), partners[order].astype(np.int64)


def shares_of_squares(
    modalities: Modalities, parts: Sequence[Float[np.ndarray, "items _"]]
) -> dict[str, Float32[np.ndarray, " items"]]:
    """Shares of the squared lengths of each modality's part of a joint vector.

    Example:
        >>> tables = tuple(
        ...     EmbeddingTable(name, ("a",), np.ones((1, 1)), np.array([True]))
        ...     for name in ("text", "image")
        ... )
        >>> parts = [np.array([[1.0]]), np.array([[0.0, 3.0]])]
        >>> shares_of_squares(Modalities(tables), parts)["image"].round(3) == np.float32(0.9)
        array([ True])
    """
    return shares_of(modalities, np.stack([np.square(part).sum(axis=1) for part in parts], axis=1))


def shares_of(
    modalities: Modalities, amounts: Float[np.ndarray, "items modalities"]
) -> dict[str, Float32[np.ndarray, " items"]]:
    """Amounts scaled to sum to 1 over the modalities that an item has.

    An item whose present modalities all amount to nothing (vectors of zeros) counts them alike,
    and one that has none gives every modality 0.
    """
    present = presence(modalities)
    counted = np.where(present, amounts, 0).astype(np.float64)
    nothing = counted.sum(axis=1) <= 0
    counted[nothing] = present[nothing]
    shares = counted / np.maximum(counted.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return {name: shares[:, at].astype(np.float32) for at, name in enumerate(modalities.names)}


def _exchanged(
    modalities: Modalities,
    name: str,
    items: Int64[np.ndarray, " probed"],
    partners: Int64[np.ndarray, " probed"],
) -> Modalities:
    """The probed items alone, with one modality taken from their partners."""
    ids = tuple(modalities.item_ids[item] for item in items)
    return Modalities(
        tuple(
            EmbeddingTable(
                table.modality,
                ids,
                table.vectors[partners if table.modality == name else items],
                table.present[items],
            )
            for table in modalities.tables
        )
    )
