"""Canonical correlation: the directions in which text and images of an item agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int
from pydantic import Field

from clairo.core.artifacts import EmbeddingTable, Facts, Modalities
from clairo.core.errors import DataError
from clairo.core.principal_axes import PrincipalAxes
from clairo.core.stage import Runtime
from clairo.core.threads import limit_threads
from clairo.fusion.base import (
    Fusion,
    FusionConfig,
    Source,
    choose,
    has_all,
    has_any,
    joint_facts,
    occurring,
    presence,
    require_widths,
    widths_of,
)
from clairo.fusion.insight import shares_of_squares, with_insight


class CcaConfig(FusionConfig):
    """Projects both modalities onto their canonical directions and takes the mean.

    Each modality is first whitened on the principal axes that keep ``variance`` of it. On
    whitened vectors scikit-learn's ``PLSSVD`` is canonical correlation exactly, by one singular
    value decomposition that needs no iterations and cannot fail to converge. Leaving weak axes
    out is the regularization: with as many axes as items, any two tables correlate perfectly.

    Fitted on items with both modalities. An item with one of them is the mean that is to be
    expected from it: two components of unit variance with correlation ``r`` have the mean
    ``(1 + r) / 2`` times the one that is known, if the other depends on it linearly. Its squared
    length is on average the sum of ``((1 + r) / 2)^2`` over components, and that of an item with
    both is the sum of ``(1 + r) / 2``: what nobody knows of an item does not move it away from
    the middle. What the modalities do not share is lost on purpose; it is the fusion to compare
    others with, not the one for items that only one modality tells apart.

    Attributes:
        num_components: Canonical directions; fewer where a modality has fewer kept axes, which
            the fact ``dims`` then says.
        variance: Share of each modality's variance that is kept before.
        fit_on: ``all`` items with both modalities, or only those in training sequences.

    References:
        Hotelling (1936), "Relations between two sets of variates".
    """

    kind: Literal["cca"] = "cca"
    num_components: Annotated[int, Field(ge=1, le=4096)] = 64
    variance: Annotated[float, Field(gt=0.0, le=1.0)] = 0.95
    fit_on: Literal["all", "train"] = "all"

    def needs(self) -> tuple[Source, ...]:
        """Text and images."""
        return ("text", "image")

    def fit(
        self,
        modalities: Modalities,
        train_sequences: Iterable[Int[np.ndarray, " _"]],
        seed: int,
        runtime: Runtime,
    ) -> Cca:
        """Fits exactly (no random numbers), in one thread.

        Raises:
            DataError: Too few items have both modalities, or all vectors of one are equal.
        """
        chosen = choose(modalities, self.needs(), self.kind)
        rows = has_all(chosen)
        if self.fit_on == "train":
            rows &= occurring(train_sequences, len(rows))
        if rows.sum() <= self.num_components:
            raise DataError(
                "Fusion cca needs more items with both modalities than components, got "
                f"{int(rows.sum())} for {self.num_components}; lower num_components, or use "
                "concat."
            )
        axes = tuple(_whitening(table, rows, self.variance) for table in chosen.tables)
        whitened = [a.project(t.vectors[rows]) for a, t in zip(axes, chosen.tables, strict=True)]
        rotations, correlations = _rotations(whitened, self.num_components)
        facts = {
            "fitted_on": int(rows.sum()),
            "correlation_first": float(correlations[0]),
            "correlation_mean": float(correlations.mean()),
        }
        return Cca(self.needs(), widths_of(chosen), axes, rotations, correlations, facts)


@dataclass(frozen=True)
class Cca(Fusion):
    """Fitted canonical directions.

    Attributes:
        sources: Modalities, in order.
        widths: Width of each at fitting.
        axes: Whitening of each.
        rotations: From the whitened axes of each to the shared components.
        correlations: Of the two projections onto each component, at fitting.
        facts: Correlations at fitting.
    """

    sources: tuple[Source, ...]
    widths: tuple[int, ...]
    axes: tuple[PrincipalAxes, ...]
    rotations: tuple[Float64[np.ndarray, "kept components"], ...]
    correlations: Float64[np.ndarray, " components"]
    facts: Facts

    def transform(self, modalities: Modalities) -> Modalities:
        """One ``fused`` table; weights are shares of the projections' squared lengths."""
        chosen = choose(modalities, self.sources, "cca")
        require_widths(chosen, self.widths, "cca")
        return with_insight(self.join, chosen, shares_of_squares(chosen, self._project(chosen)))

    def join(self, modalities: Modalities) -> EmbeddingTable:
        """The fused table: the mean of both projections, expected from one where one is there."""
        vectors = np.stack(self._project(modalities)).astype(np.float64).mean(axis=0)
        # The mean with the zeros of the missing one has halved a lone projection already.
        alone = presence(modalities).sum(axis=1) == 1
        vectors[alone] *= 1 + self.correlations
        facts = {**joint_facts(modalities, vectors.shape[1]), **self.facts}
        joint = vectors.astype(np.float32)
        return EmbeddingTable("fused", modalities.item_ids, joint, has_any(modalities), facts)

    def _project(self, modalities: Modalities) -> list[Float32[np.ndarray, "items components"]]:
        """Projections of each modality, zero where it is missing."""
        projections = []
        with limit_threads(1):
            for table, axes, rotation in zip(
                modalities.tables, self.axes, self.rotations, strict=True
            ):
                projected = np.zeros((len(table.present), rotation.shape[1]), dtype=np.float32)
                projected[table.present] = axes.project(table.vectors[table.present]) @ rotation
                projections.append(projected)
        return projections


def _whitening(
    table: EmbeddingTable, rows: Bool[np.ndarray, " items"], variance: float
) -> PrincipalAxes:
    fitted = table.vectors[rows]
    if (fitted == fitted[0]).all():
        raise DataError(
            f"Fusion cca needs {table.modality} vectors that differ, got {len(fitted)} equal "
            "ones; check the encoder's input, or choose a fusion that leaves it out."
        )
    return PrincipalAxes.fit(fitted, variance=variance, dims=None, whiten=True)


def _rotations(
    whitened: list[Float[np.ndarray, "rows _"]], num_components: int
) -> tuple[tuple[Float64[np.ndarray, "kept components"], ...], Float64[np.ndarray, " components"]]:
    """Rotations onto the shared components, strongest first, and their correlations."""
    from sklearn.cross_decomposition import PLSSVD

    text, image = (part.astype(np.float64) for part in whitened)
    components = min(num_components, text.shape[1], image.shape[1])
    with limit_threads(1):
        fitted: Any = PLSSVD(n_components=components, scale=False).fit(text, image)
        rotations = (np.asarray(fitted.x_weights_), np.asarray(fitted.y_weights_))
        products = (text @ rotations[0]) * (image @ rotations[1])
    return rotations, products.sum(axis=0) / (len(text) - 1)
