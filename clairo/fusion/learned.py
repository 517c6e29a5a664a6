"""What learned fusions share: settings, scaling, fitting without labels, and applying."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int
from pydantic import Field, model_validator

from clairo.core.artifacts import EmbeddingTable, Facts, Modalities
from clairo.core.errors import DataError
from clairo.core.stage import Runtime
from clairo.fusion.base import (
    Fusion,
    FusionConfig,
    Source,
    choose,
    has_any,
    joint_facts,
    occurring,
    presence,
    require_widths,
    widths_of,
)
from clairo.fusion.insight import with_insight
from clairo.fusion.neighbors import Neighbors, ragged

if TYPE_CHECKING:
    from clairo.fusion.networks import JointNetwork

LossWeight = Annotated[float, Field(ge=0.0, le=100.0)]


class LearnedConfig(FusionConfig):
    """Settings of a fusion that is learned from the vectors and the training sequences.

    No label is used. The joint vector must rebuild each modality; the views of an item must
    find each other and its joint vector among those of other items; and it must be near that
    of items that stand near it in training sequences.

    Attributes:
        dims: Width of the joint vector.
        hidden: Width inside the projections in and out.
        epochs: Passes over the items.
        min_steps_per_epoch: An epoch passes over a small catalogue as often as it takes to
            make so many steps.
        batch_size: Items of a step; they are each other's negatives.
        learning_rate: Of AdamW at the beginning; it falls to 0 along half a cosine.
        weight_decay: Of AdamW.
        temperature: Divides the cosines of both contrasts.
        modality_dropout: Share of the items with both modalities that lose one, drawn anew in
            each step, so that the joint vector does not lean on one alone.
        reconstruction_weight: Of the squared error, in shares of the variance.
        alignment_weight: Of the contrast of an item's views, in nats.
        cooccurrence_weight: Of the contrast of neighbors, in nats. Where no two items stand
            near each other this part is 0, and the fact ``cooccurring_items`` says so.
        window: How many steps away in a sequence a neighbor may be.
        fit_on: ``all`` items, or only those in training sequences, which a claim about
            cold-start items needs.
    """

    seeded: ClassVar[bool] = True

    kind: str
    dims: Annotated[int, Field(ge=2, le=4096)] = 128
    hidden: Annotated[int, Field(ge=1, le=16384)] = 256
    epochs: Annotated[int, Field(ge=1, le=10_000)] = 20
    min_steps_per_epoch: Annotated[int, Field(ge=1, le=10_000)] = 20
    batch_size: Annotated[int, Field(ge=2, le=65_536)] = 256
    learning_rate: Annotated[float, Field(gt=0.0, le=1.0)] = 0.002
    weight_decay: Annotated[float, Field(ge=0.0, le=10.0)] = 0.01
    temperature: Annotated[float, Field(ge=0.01, le=10.0)] = 0.1
    modality_dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.2
    reconstruction_weight: LossWeight = 1.0
    alignment_weight: LossWeight = 0.2
    cooccurrence_weight: LossWeight = 0.2
    window: Annotated[int, Field(ge=1, le=1000)] = 3
    fit_on: Literal["all", "train"] = "all"

    @model_validator(mode="after")
    def _something_is_learned(self) -> Self:
        if not self.reconstruction_weight + self.alignment_weight + self.cooccurrence_weight:
            raise ValueError(
                f"{self.kind} needs something to learn, got a weight of 0 for reconstruction, "
                "alignment and co-occurrence; raise one of them"
            )
        return self

    def needs(self) -> tuple[Source, ...]:
        """Text and images."""
        return ("text", "image")

    @abstractmethod
    def network(self, widths: tuple[int, ...]) -> JointNetwork:
        """An untrained network for vectors of these widths."""

    def fit(
        self,
        modalities: Modalities,
        train_sequences: Iterable[Int[np.ndarray, " _"]],
        seed: int,
        runtime: Runtime,
    ) -> Learned:
        """Trains on the items of ``fit_on`` that have either modality, in one thread.

        Raises:
            DataError: A modality has no item to train on or vectors that are all equal, or no
                item has both while ``alignment_weight`` asks for it.
        """
        from clairo.fusion.training import TrainingRows, train

        chosen = choose(modalities, self.needs(), self.kind)
        sequences, present = ragged(train_sequences), presence(chosen)
        known = np.ones(len(present), dtype=bool)
        if self.fit_on == "train":
            known = occurring(sequences, len(present))
        self._require_both(present[known])
        scaling = tuple(Scaling.of(table, known, self.kind) for table in chosen.tables)
        usable = known & present.any(axis=1)
        neighbors = Neighbors.of(sequences, usable, self.window)
        inputs = tuple(s.apply(t) for s, t in zip(scaling, chosen.tables, strict=True))
        widths = widths_of(chosen)
        rows = TrainingRows(chosen.names, inputs, present, np.flatnonzero(usable), neighbors)
        network, curve = train(self, lambda: self.network(widths), rows, seed, runtime)
        facts = {
            "fitted_on": int(usable.sum()),
            "cooccurring_items": neighbors.num_items,
            "final_loss": curve[-1]["loss"],
            "curve": curve,
        }
        return Learned(self.needs(), widths, self.kind, scaling, facts, network)

    def _require_both(self, present: Bool[np.ndarray, "known modalities"]) -> None:
        both = int(present.all(axis=1).sum())
        if self.alignment_weight and both < 2:
            raise DataError(
                f"Fusion {self.kind} aligns items that have text and image, at least 2, got "
                f"{both} of {len(present)}; set alignment_weight to 0, or choose text_only or "
                "image_only."
            )


@dataclass(frozen=True)
class Scaling:
    """Centers the vectors of a modality and gives them unit variance as a whole.

    One factor for all columns: what a reduction kept strong stays strong.

    Attributes:
        mean: Of the fitted vectors.
        spread: Root mean square of all their centered entries.
    """

    mean: Float64[np.ndarray, " dims"]
    spread: float

    @classmethod
    def of(cls, table: EmbeddingTable, known: Bool[np.ndarray, " items"], kind: str) -> Self:
        """Fits on the present items among the known ones.

        Raises:
            DataError: None is present, or their vectors are all equal.
        """
        rows = table.vectors[known & table.present].astype(np.float64)
        if not len(rows):
            raise DataError(
                f"Fusion {kind} needs training items with {table.modality}, got 0 of "
                f"{int(known.sum())}; fit on all items, or leave this modality out."
            )
        mean = rows.mean(axis=0)
        spread = float(np.sqrt(np.square(rows - mean).mean()))
        if spread <= 1e-7 * float(np.abs(rows).max()):
            raise DataError(
                f"Fusion {kind} needs {table.modality} vectors that differ, got {len(rows)} "
                "equal ones; check the encoder's input, or choose a fusion that leaves it out."
            )
        return cls(mean, spread)

    def apply(self, table: EmbeddingTable) -> Float32[np.ndarray, "items dims"]:
        """Scaled vectors; zero where missing."""
        scaled: Float[np.ndarray, "items dims"] = (table.vectors - self.mean) / self.spread
        scaled[~table.present] = 0
        return scaled.astype(np.float32)


@dataclass(frozen=True)
class Learned(Fusion):
    """A trained fusion.

    Attributes:
        sources: Modalities, in order.
        widths: Width of each at fitting.
        kind: The fusion's name, for messages.
        scaling: Of each modality.
        facts: ``fitted_on``, ``cooccurring_items``, ``final_loss``, ``curve``.
        network: Trained weights.
    """

    sources: tuple[Source, ...]
    widths: tuple[int, ...]
    kind: str
    scaling: tuple[Scaling, ...]
    facts: Facts
    network: JointNetwork = field(repr=False)

    def transform(self, modalities: Modalities) -> Modalities:
        """One ``fused`` table of vectors of length 1, with the weights of every item."""
        chosen = choose(modalities, self.sources, self.kind)
        require_widths(chosen, self.widths, self.kind)
        _, shares = self._apply(chosen)
        weights = {name: shares[:, at] for at, name in enumerate(chosen.names)}
        return with_insight(self.join, chosen, weights)

    def join(self, modalities: Modalities) -> EmbeddingTable:
        """The fused table alone."""
        vectors, _ = self._apply(modalities)
        facts = {**joint_facts(modalities, vectors.shape[1]), **self.facts}
        present = has_any(modalities)
        return EmbeddingTable("fused", modalities.item_ids, vectors, present, facts)

    def _apply(
        self, modalities: Modalities
    ) -> tuple[Float32[np.ndarray, "items dims"], Float32[np.ndarray, "items modalities"]]:
        """Joint vectors and weights; rows of zeros for items that have nothing."""
        from clairo.fusion.training import apply

        present = presence(modalities)
        rows = present.any(axis=1)
        inputs = tuple(
            scaling.apply(table)[rows]
            for scaling, table in zip(self.scaling, modalities.tables, strict=True)
        )
        vectors = np.zeros((len(present), self.network.dims), dtype=np.float32)
        weights = np.zeros(present.shape, dtype=np.float32)
        vectors[rows], weights[rows] = apply(self.network, inputs, present[rows])
        return vectors, weights
