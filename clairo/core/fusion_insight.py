"""What a fusion tells about itself, item by item: whom it listened to, and how much it leans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from jaxtyping import Bool, Float, Int64

from clairo.core.checks import require_length
from clairo.core.errors import DataError


@dataclass(frozen=True)
class FusionInsight:
    """Weights of the modalities in every item, and vectors made from exchanged modalities.

    The vectors answer how far one modality decides: of some items, one modality is taken from
    another item and the rest is left, and what comes out is kept, so that a quantizer can be
    asked whether their codes change.

    Attributes:
        weights: By modality, its share in the item's joint vector, 0 to 1; the shares of an item
            sum to 1, and an item that lacks a modality gives it 0. Empty where the fusion
            weighs nothing.
        present: By modality, which item has it. Weights do not tell: an item may have a modality
            that the fusion gives a weight of 0.
        probe_items: Indices of the items that were probed, ascending.
        probes: By modality that was exchanged, the joint vectors of the probed items.
    """

    weights: Mapping[str, Float[np.ndarray, " items"]] = field(default_factory=dict)
    present: Mapping[str, Bool[np.ndarray, " items"]] = field(default_factory=dict)
    probe_items: Int64[np.ndarray, " probed"] = field(
        default_factory=lambda: np.zeros(0, dtype=np.int64)
    )
    probes: Mapping[str, Float[np.ndarray, "probed dims"]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, vectors in self.probes.items():
            require_length(f"{name} probes", len(vectors), len(self.probe_items))
        for name, shares in self.weights.items():
            if not np.isfinite(shares).all() or (shares < 0).any() or (shares > 1 + 1e-6).any():
                raise DataError(
                    f"Fusion weights must be shares from 0 to 1, those of {name} are not; "
                    "normalize them over the modalities of each item."
                )
            if name not in self.present:
                raise DataError(
                    f"Weighted modalities must say which items have them, {name} does not (only "
                    f"{list(self.present)} do); give its mask, or fuse anew what is stored."
                )
            require_length(f"{name} mask", len(self.present[name]), len(shares))

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything by a flat name, for a file."""
        named = {f"insight.weights.{name}": shares for name, shares in self.weights.items()}
        named |= {f"insight.present.{name}": mask for name, mask in self.present.items()}
        named |= {f"insight.probes.{name}": vectors for name, vectors in self.probes.items()}
        return {**named, "insight.probe_items": self.probe_items}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self | None:
        """What :meth:`arrays` named, found among other arrays; ``None`` where there is none.

        Example:
            >>> everybody = np.array([True, True])
            >>> kept = FusionInsight({"text": np.array([0.25, 1.0])}, {"text": everybody})
            >>> FusionInsight.from_arrays(kept.arrays()).weights["text"].tolist()
            [0.25, 1.0]
        """
        if "insight.probe_items" not in arrays:
            return None
        return cls(
            _named(arrays, "insight.weights."),
            _named(arrays, "insight.present."),
            arrays["insight.probe_items"],
            _named(arrays, "insight.probes."),
        )


def _named(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
