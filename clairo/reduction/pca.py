"""Principal component analysis of one modality."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self

import numpy as np
from jaxtyping import Bool
from pydantic import Field, model_validator

from clairo.core.artifacts import EmbeddingTable
from clairo.core.principal_axes import PrincipalAxes, Solver
from clairo.reduction.base import Reduction, ReductionConfig, reduction_facts, require_width


class PcaConfig(ReductionConfig):
    """Keeps the principal axes that explain a share of the variance, or a number of them.

    Exactly one of ``variance`` and ``dims`` is set; giving ``dims`` alone switches the
    default share off.

    Attributes:
        variance: Share of the variance to keep.
        dims: Number of axes to keep; fewer where the vectors have fewer directions.
        whiten: Scale the kept axes to unit variance, as ActionPiece does (128 dims).
        fit_on: ``all`` items with this modality, or only those in training histories, which
            a claim about cold-start items needs.
        solver: ``exact``, or ``randomized`` for tables that are both wide and long, which
            ``auto`` decides by their size (over 2,048 both ways); the fact ``solver`` says what
            was used.

    Example:
        >>> PcaConfig(dims=128, whiten=True).variance is None
        True
    """

    kind: Literal["pca"] = "pca"
    variance: Annotated[float, Field(gt=0.0, le=1.0)] | None = 0.95
    dims: Annotated[int, Field(ge=1)] | None = None
    whiten: bool = False
    fit_on: Literal["all", "train"] = "all"
    solver: Solver = "auto"

    @model_validator(mode="before")
    @classmethod
    def _dims_replace_the_default(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("dims") is not None:
            return {"variance": None, **values}
        return values

    @model_validator(mode="after")
    def _exactly_one_rule(self) -> Self:
        if (self.variance is None) == (self.dims is None):
            raise ValueError(
                "pca keeps either a share of the variance or a number of dims, got "
                f"variance={self.variance} and dims={self.dims}; set exactly one of them"
            )
        return self

    def fit(self, table: EmbeddingTable, train_items: Bool[np.ndarray, " items"], seed: int) -> Pca:
        """Fits on the present items of ``fit_on``; no seed changes the result.

        Raises:
            DataError: Fewer than two such items, or all their vectors are equal.
        """
        chosen = table.present if self.fit_on == "all" else table.present & train_items
        axes = PrincipalAxes.fit(
            table.vectors[chosen],
            variance=self.variance,
            dims=self.dims,
            whiten=self.whiten,
            solver=self.solver,
        )
        return Pca(axes, int(chosen.sum()))


@dataclass(frozen=True)
class Pca(Reduction):
    """Projection on principal axes.

    Attributes:
        axes: The fitted axes.
        num_fitted: Items that they were fitted on.
    """

    axes: PrincipalAxes
    num_fitted: int

    def transform(self, table: EmbeddingTable) -> EmbeddingTable:
        """Projects present items; missing ones stay zero, which is the mean.

        Facts beside those of every reduction: ``solver`` and ``fitted_on``, a number of items.
        """
        require_width(table, len(self.axes.mean))
        kept = len(self.axes.axes)
        vectors = np.zeros((len(table.vectors), kept), dtype=np.float32)
        vectors[table.present] = self.axes.project(table.vectors[table.present])
        facts = {
            **reduction_facts(table, kept, self.axes.variance_kept),
            "solver": self.axes.solver,
            "fitted_on": self.num_fitted,
        }
        return replace(table, vectors=vectors, facts=facts)
