"""No reduction: the arm of an ablation that shows what PCA is worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool

from clairo.core.artifacts import EmbeddingTable
from clairo.reduction.base import Reduction, ReductionConfig, reduction_facts, require_width


class IdentityReductionConfig(ReductionConfig):
    """Leaves vectors as the encoder gave them."""

    kind: Literal["identity"] = "identity"

    def fit(
        self, table: EmbeddingTable, train_items: Bool[np.ndarray, " items"], seed: int
    ) -> IdentityReduction:
        """Remembers the width only."""
        return IdentityReduction(table.dims)


@dataclass(frozen=True)
class IdentityReduction(Reduction):
    """Gives vectors back unchanged.

    Attributes:
        dims: Width of the vectors it accepts.
    """

    dims: int

    def transform(self, table: EmbeddingTable) -> EmbeddingTable:
        """The same vectors; facts say that nothing was dropped."""
        require_width(table, self.dims)
        return replace(table, facts=reduction_facts(table, table.dims, 1.0))
