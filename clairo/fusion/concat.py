"""Fusions that put the vectors of an item side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field

from clairo.core.artifacts import EmbeddingTable, Modalities
from clairo.core.principal_axes import PrincipalAxes
from clairo.core.stage import Runtime
from clairo.core.vectors import unit_rows
from clairo.fusion.base import (
    Fusion,
    FusionConfig,
    Source,
    choose,
    has_any,
    joint_facts,
    occurring,
    require_widths,
    widths_of,
)
from clairo.fusion.insight import Weights, shares_of_squares, with_insight


class ConcatConfig(FusionConfig):
    """Concatenates text and image vectors, in this order.

    Attributes:
        normalize: Scale every vector to length 1 first, so that no modality dominates by
            its scale.
    """

    kind: Literal["concat"] = "concat"
    normalize: bool = True

    def needs(self) -> tuple[Source, ...]:
        """Text and images."""
        return ("text", "image")

    def fit(
        self,
        modalities: Modalities,
        train_sequences: Iterable[Int[np.ndarray, " _"]],
        seed: int,
        runtime: Runtime,
    ) -> Concat:
        """Remembers the widths; nothing is learned."""
        chosen = choose(modalities, self.needs(), self.kind)
        return Concat(self.needs(), widths_of(chosen), self.normalize, self.kind)


class ConcatPcaConfig(FusionConfig):
    """Concatenates text and image vectors and rotates them onto joint principal axes.

    Attributes:
        normalize: Scale every vector to length 1 first.
        variance: Share of the joint variance to keep.
        whiten: Scale the kept axes to unit variance.
        fit_on: ``all`` items, or only those that occur in training sequences.
    """

    kind: Literal["concat_pca"] = "concat_pca"
    normalize: bool = True
    variance: Annotated[float, Field(gt=0.0, le=1.0)] = 0.95
    whiten: bool = False
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
    ) -> ConcatPca:
        """Fits the joint axes exactly (no random numbers) on items with either modality."""
        chosen = choose(modalities, self.needs(), self.kind)
        concat = Concat(self.needs(), widths_of(chosen), self.normalize, self.kind)
        joint = concat.join(chosen)
        rows = joint.present.copy()
        if self.fit_on == "train":
            rows &= occurring(train_sequences, len(rows))
        axes = PrincipalAxes.fit(
            joint.vectors[rows], variance=self.variance, dims=None, whiten=self.whiten
        )
        return ConcatPca(concat, axes)


@dataclass(frozen=True)
class Concat(Fusion):
    """Side by side; zeros where an item lacks a modality.

    Attributes:
        sources: Modalities in the order of their columns.
        widths: Width of each at fitting.
        normalize: Whether rows are scaled to length 1 before they are joined.
        kind: The fusion's name, for messages.
    """

    sources: tuple[Source, ...]
    widths: tuple[int, ...]
    normalize: bool
    kind: str

    def transform(self, modalities: Modalities) -> Modalities:
        """One ``fused`` table; an item's weights are shares of its squared length."""
        chosen = choose(modalities, self.sources, self.kind)
        return with_insight(self.join, chosen, self.shares(chosen))

    def join(self, modalities: Modalities) -> EmbeddingTable:
        """The fused table; an item is present when any of its modalities is.

        Raises:
            DataError: A modality is absent.
        """
        chosen = choose(modalities, self.sources, self.kind)
        require_widths(chosen, self.widths, self.kind)
        parts = [t.vectors.astype(np.float32) for t in chosen.tables]
        vectors = np.hstack([unit_rows(p) for p in parts] if self.normalize else parts)
        facts = joint_facts(chosen, vectors.shape[1])
        present = has_any(chosen)
        return EmbeddingTable("fused", chosen.item_ids, vectors, present, facts)

    def shares(self, modalities: Modalities) -> Weights:
        """By modality, its share of the squared length of an item's joint vector."""
        joint = self.join(modalities)
        parts = np.split(joint.vectors, np.cumsum(self.widths)[:-1], axis=1)
        chosen = choose(modalities, self.sources, self.kind)
        return shares_of_squares(chosen, parts)


@dataclass(frozen=True)
class ConcatPca(Fusion):
    """Side by side, then projected on joint principal axes.

    Attributes:
        concat: The first half.
        axes: The second half.
    """

    concat: Concat
    axes: PrincipalAxes

    def transform(self, modalities: Modalities) -> Modalities:
        """One ``fused`` table with fewer columns; weights are those before the rotation."""
        chosen = choose(modalities, self.concat.sources, self.concat.kind)
        return with_insight(self.join, chosen, self.concat.shares(chosen))

    def join(self, modalities: Modalities) -> EmbeddingTable:
        """The fused table."""
        joint = self.concat.join(modalities)
        vectors = np.zeros((len(joint.present), len(self.axes.axes)), dtype=np.float32)
        vectors[joint.present] = self.axes.project(joint.vectors[joint.present])
        facts = {
            **joint.facts,
            "dims": vectors.shape[1],
            "dims_before": joint.dims,
            "dims_kept": vectors.shape[1],
            "variance_kept": self.axes.variance_kept,
        }
        return EmbeddingTable("fused", joint.item_ids, vectors, joint.present, facts)
