"""Cheap checks on codes and tokens that spare an expensive training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from clairo.core.config import Config

Share = Annotated[float, Field(ge=0.0, le=1.0)]


@dataclass(frozen=True)
class Measured:
    """One gate with what was measured for it.

    Attributes:
        name: Of the gate.
        violation: How far the value lies beyond the limit, in the gate's own unit; at most 0
            where the limit is kept.
        why: What is wrong with the value, for people; meaningless where the limit is kept.
    """

    name: str
    violation: float
    why: str

    @property
    def broken(self) -> bool:
        """Whether the limit is not kept."""
        return self.violation > 0


@dataclass(frozen=True)
class _Rule:
    """Where a gate's value stands among the facts of a stage, and how it is printed."""

    gate: str
    fact: str
    words: str
    digits: int = 3
    plural: bool = False

    @property
    def side(self) -> Literal["above", "below"]:
        return "above" if self.gate.startswith("max_") else "below"

    def measure(self, value: float, limit: float) -> Measured:
        violation = value - limit if self.side == "above" else limit - value
        printed = f"{value:.{self.digits}f}"
        subject = f"{printed} {self.words} are" if self.plural else f"{self.words} {printed} is"
        return Measured(self.gate, violation, f"{subject} {self.side} the gate {limit:g}")


_CODES = (
    _Rule("max_collision_rate", "collision_rate", "collision rate"),
    _Rule("min_codebook_usage", "usage_min", "codebook usage"),
    _Rule("min_perplexity_share", "perplexity_share_min", "perplexity by codebook size"),
    _Rule("max_largest_bucket", "largest_bucket", "items with one tuple of codes", 0, plural=True),
    _Rule("max_reconstruction_error", "reconstruction_error_max", "reconstruction error"),
    _Rule("min_neighbor_lift", "neighbors_lift_min", "kept neighbors beyond chance"),
)
_TOKENS = (_Rule("max_tokens_per_item", "tokens_per_item", "tokens per item", 2, plural=True),)


class Gates(Config):
    """Limits that a configuration must keep before its model is trained.

    A gate applies to what was measured: codes that come with the data have no vectors, so neither
    a reconstruction error nor neighbors.

    Attributes:
        max_collision_rate: Largest share of items that share their codes with another item
            before disambiguation.
        min_codebook_usage: Smallest share of a codebook's entries that must be used, over all
            codebooks.
        min_perplexity_share: Smallest perplexity of a codebook as a share of its size, over all
            codebooks: the effective rather than the mere use.
        max_largest_bucket: Most items that may have one tuple of codes before disambiguation.
        max_reconstruction_error: Largest share of the variance that the codes may lose, over all
            modalities.
        min_neighbor_lift: Smallest share of an item's ten nearest neighbors that must have its
            first code beyond chance, ``(kept - chance) / (1 - chance)``, over all modalities. The
            share alone would reward collapse: one code for everything keeps all neighbors.
        max_tokens_per_item: Largest mean number of tokens per item after merging.
    """

    max_collision_rate: Share | None = None
    min_codebook_usage: Share | None = None
    min_perplexity_share: Share | None = None
    max_largest_bucket: Annotated[int, Field(ge=1)] | None = None
    max_reconstruction_error: Annotated[float, Field(ge=0.0)] | None = None
    min_neighbor_lift: Share | None = None
    max_tokens_per_item: Annotated[float, Field(gt=0.0)] | None = None

    def measure_codes(self, facts: Mapping[str, Any]) -> tuple[Measured, ...]:
        """Every gate that these code diagnostics have a value for."""
        return self._measure(_CODES, facts)

    def measure_tokens(self, facts: Mapping[str, Any]) -> tuple[Measured, ...]:
        """Every gate that the facts of a tokenizer have a value for."""
        return self._measure(_TOKENS, facts)

    def _measure(self, rules: tuple[_Rule, ...], facts: Mapping[str, Any]) -> tuple[Measured, ...]:
        limits = ((rule, getattr(self, rule.gate)) for rule in rules)
        return tuple(
            rule.measure(float(facts[rule.fact]), float(limit))
            for rule, limit in limits
            if limit is not None and rule.fact in facts
        )


def say_broken(measured: tuple[Measured, ...]) -> str:
    """Why a configuration is not acceptable, ``""`` if it is.

    Example:
        >>> facts = {"collision_rate": 0.5, "usage_min": 0.01}
        >>> say_broken(Gates(max_collision_rate=0.2, min_codebook_usage=0.0).measure_codes(facts))
        'collision rate 0.500 is above the gate 0.2'
    """
    return "; ".join(gate.why for gate in measured if gate.broken)
