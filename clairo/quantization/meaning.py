"""What the codes of one modality mean, beyond how evenly they are used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int, Int32

from clairo.core.artifacts import EmbeddingTable, Facts
from clairo.core.fusion_insight import FusionInsight
from clairo.quantization.base import Quantizer
from clairo.quantization.fact_names import neighbors_fact, reliance_fact
from clairo.quantization.neighborhoods import neighbor_preservation
from clairo.quantization.purity import category_purity


@dataclass(frozen=True)
class KnownOfItems:
    """What else is known of the items whose codes are looked at.

    Attributes:
        categories: One per item, ``""`` where unknown; empty where nothing is known.
        insight: What the fusion that made the vectors tells about itself.
    """

    categories: tuple[str, ...] = ()
    insight: FusionInsight | None = None

    def describe(
        self,
        table: EmbeddingTable,
        quantizer: Quantizer,
        codes: Int32[np.ndarray, "items codebooks"],
        seed: int,
    ) -> dict[str, float]:
        """Kept neighbours, purity of categories and reliance on single modalities.

        Args:
            table: What was quantized.
            quantizer: Fitted on it.
            codes: Of all items; only those with the modality are looked at.
            seed: Of samples and of chance levels.
        """
        present = table.present
        found = neighbor_preservation(table.vectors[present], codes[present], seed)
        if self.categories:
            known = [name for name, there in zip(self.categories, present, strict=True) if there]
            found |= category_purity(known, codes[present], seed)
        if self.insight is not None and table.modality == "fused":
            found |= reliance(self.insight, quantizer, codes)
        return found


def reliance(
    insight: FusionInsight, quantizer: Quantizer, codes: Int[np.ndarray, "items codebooks"]
) -> dict[str, float]:
    """How far the codes of an item change when one of its modalities is another item's.

    Returns:
        By exchanged modality the share of probed items with any other code,
        ``reliance/<modality>``, and with another one at a level, ``reliance/<modality>/<level>``.
    """
    found: dict[str, float] = {}
    if not len(insight.probe_items):
        return found
    before = codes[insight.probe_items]
    for modality, vectors in insight.probes.items():
        changed = quantizer.encode(np.ascontiguousarray(vectors, dtype=np.float32)) != before
        found[reliance_fact(modality)] = float(changed.any(axis=1).mean())
        for level, share in enumerate(changed.mean(axis=0).tolist()):
            found[reliance_fact(modality, level)] = share
    return found


def worst_of(parts: Facts) -> dict[str, float]:
    """The worst codebook or modality in each respect, which is what a gate asks for.

    Args:
        parts: Diagnostics of all codebooks, ``<modality>/<place>/<name>``.

    Returns:
        ``perplexity_share_min`` (perplexity / codebook size), and where they were measured
        ``reconstruction_error_max`` and ``neighbors_lift_min`` (share of nearest neighbours with
        the same first code beyond chance, see :func:`lift_over_chance`).

    Example:
        >>> parts = {"text/0/perplexity": 3.0, "text/0/counts": [2, 1, 1, 0],
        ...          "text/reconstruction_error": 0.25}
        >>> worst_of(parts)
        {'perplexity_share_min': 0.75, 'reconstruction_error_max': 0.25}
    """
    shares = [
        value / len(parts[name.removesuffix("perplexity") + "counts"])
        for name, value in parts.items()
        if name.endswith("/perplexity")
    ]
    found = {"perplexity_share_min": min(shares)}
    lost = _ending(parts, "/reconstruction_error")
    name, by_chance = f"/{neighbors_fact(1)}", f"/{neighbors_fact(1, chance=True)}"
    lifts = [
        lift_over_chance(float(kept), float(parts[key.removesuffix(name) + by_chance]))
        for key, kept in parts.items()
        if key.endswith(name)
    ]
    found |= {"reconstruction_error_max": max(lost)} if lost else {}
    return found | ({"neighbors_lift_min": min(lifts)} if lifts else {})


def lift_over_chance(kept: float, chance: float) -> float:
    """How much of what chance leaves is kept: 1 is all, 0 no more than chance, below 0 less.

    Where chance keeps everything, as with one code for all items, nothing can be gained: 0.

    Example:
        >>> lift_over_chance(0.75, 0.5), lift_over_chance(1.0, 1.0)
        (0.5, 0.0)
    """
    return (kept - chance) / (1.0 - chance) if chance < 1.0 else 0.0


def _ending(parts: Mapping[str, Any], end: str) -> list[float]:
    return [float(value) for name, value in parts.items() if name.endswith(end)]
