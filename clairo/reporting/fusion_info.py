"""Numbers behind whom a fusion listens to: weights, training, and reliance on one modality."""

from __future__ import annotations

from dataclasses import dataclass

from clairo.quantization.fact_names import CURVE, reliance_fact
from clairo.quantization.representation import FusionWeights
from clairo.reporting.health_info import NO_BEST, levels_of
from clairo.reporting.search_info import Absent
from clairo.reporting.selection import best_trial, number_fact, shown_number
from clairo.tracking.records import SweepRecord, TrialRecord

DECISIVE, IDLE = 0.9, 0.15
"""Codes rely on one modality alone where exchanging it changes the first code of at least the
first share of items, and exchanging another one that of less than the second share.

The first code is judged because it carries the meaning: whether *any* code changes grows with the
number of codes, since later ones quantize what is next to noise."""

OUTWEIGHS = 10.0
"""They also do where exchanging it changes the first code of so many times as many items. With few
codes an exchanged item often has the same first code by chance, so that none reaches the share
that is decisive."""

_MODALITIES = ("text", "image")


@dataclass(frozen=True)
class WeightsInfo:
    """Weights of the fusion of one configuration.

    Attributes:
        trial: Number of the trial shown.
        seed: Seed of the run.
        kind: The fusion.
        weights: How they spread.
    """

    trial: int
    seed: int
    kind: str
    weights: FusionWeights


@dataclass(frozen=True)
class Reliance:
    """What exchanging one modality changes.

    Attributes:
        modality: The one exchanged for another item's.
        changed: Share of probed items with any other code.
        by_level: Share with another code, level by level; at least the first.
    """

    modality: str
    changed: float
    by_level: tuple[float, ...]

    @property
    def first(self) -> float:
        """Share with another first code."""
        return self.by_level[0]


@dataclass(frozen=True)
class RelianceInfo:
    """How far the codes of one configuration rely on each modality.

    Attributes:
        trial: Number of the trial shown.
        kind: The fusion.
        reliances: One for each exchanged modality.
    """

    trial: int
    kind: str
    reliances: tuple[Reliance, ...]

    @property
    def leaning(self) -> tuple[Reliance, Reliance] | None:
        """The modality that decides and the one that hardly matters, ``None`` where none does."""
        most = max(self.reliances, key=lambda reliance: reliance.first)
        least = min(self.reliances, key=lambda reliance: reliance.first)
        decisive = most.first >= DECISIVE or most.first >= OUTWEIGHS * least.first
        return (most, least) if decisive and most.first > 0 and least.first < IDLE else None


@dataclass(frozen=True)
class FusionCurve:
    """One number of a fusion's training, epoch by epoch.

    Attributes:
        name: As the fusion calls it, for example ``loss``.
        epochs: From 1.
        values: At each.
    """

    name: str
    epochs: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class FusionCurvesInfo:
    """Training of the fusion of one configuration.

    Attributes:
        trial: Number of the trial shown.
        kind: The fusion.
        losses: Curves that are losses, which have one axis.
        others: All other curves.
    """

    trial: int
    kind: str
    losses: tuple[FusionCurve, ...]
    others: tuple[FusionCurve, ...]


def compute_weights(record: SweepRecord) -> WeightsInfo | Absent:
    """Weights of the best configuration's fusion."""
    trial = best_trial(record)
    if trial is None:
        return Absent(NO_BEST)
    number, kind = shown_number(record, trial), fusion_of(trial)
    if trial.representation is None:
        return Absent(
            trial.representation_error
            or f"Trial {number} logged no weights: only runs on fresh seeds do, and older versions "
            "did not."
        )
    weights = trial.representation.weights
    if weights is None:
        return Absent(f"The fusion of trial {number} ({kind or 'none'}) learns no weights.")
    if not weights.num_items:
        return Absent(f"No item of trial {number} has several modalities to weigh.")
    return WeightsInfo(number, trial.seed, kind, weights)


def compute_reliance(record: SweepRecord) -> RelianceInfo | Absent:
    """How far the codes of the best configuration change when one modality is exchanged."""
    trial = best_trial(record)
    if trial is None:
        return Absent(NO_BEST)
    number, kind = shown_number(record, trial), fusion_of(trial)
    found = tuple(r for name in _MODALITIES if (r := _reliance(trial, name)) is not None)
    if len(found) < 2:
        return Absent(
            f"The fusion of trial {number} ({kind or 'none'}) joins no modalities, or keeps no "
            "probes of exchanged ones."
        )
    return RelianceInfo(number, kind, found)


def compute_fusion_curves(record: SweepRecord) -> FusionCurvesInfo | Absent:
    """Training of the best configuration's fusion."""
    trial = best_trial(record)
    if trial is None:
        return Absent(NO_BEST)
    number, kind = shown_number(record, trial), fusion_of(trial)
    # Codes have a curve under the same name; the fusion's own stage is asked first.
    own = tuple(stage for stage in trial.stages if stage.name == "fusion")
    facts = own[0].facts if own else {}
    curve = tuple(facts.get(f"fused/{CURVE}") or facts.get(CURVE) or ())
    names = dict.fromkeys(name for epoch in curve for name in epoch)
    if not names:
        return Absent(f"The fusion of trial {number} ({kind or 'none'}) is not trained by epochs.")
    curves = [_curve(curve, name) for name in names]
    return FusionCurvesInfo(
        trial=number,
        kind=kind,
        losses=tuple(c for c in curves if "loss" in c.name),
        others=tuple(c for c in curves if "loss" not in c.name),
    )


def fusion_of(trial: TrialRecord) -> str:
    """Name of a run's fusion, ``""`` where it has none."""
    return next((stage.kind for stage in trial.stages if stage.name == "fusion"), "")


def _curve(epochs: tuple[dict[str, float], ...], name: str) -> FusionCurve:
    points = [(place, epoch[name]) for place, epoch in enumerate(epochs, start=1) if name in epoch]
    places, values = zip(*points, strict=True)
    return FusionCurve(name, places, values)


def _reliance(trial: TrialRecord, modality: str) -> Reliance | None:
    changed = number_fact(trial, f"fused/{reliance_fact(modality)}")
    depth = sum(level.modality == "fused" for level in levels_of(trial))
    found = (number_fact(trial, f"fused/{reliance_fact(modality, d)}") for d in range(depth))
    shares = tuple(share for share in found if share is not None)
    return Reliance(modality, changed, shares) if changed is not None and shares else None
