"""Numbers behind what PCA kept and what it saved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clairo.reporting.health_info import NO_BEST
from clairo.reporting.search_info import Absent
from clairo.reporting.selection import best_trial, shown_number
from clairo.tracking.records import SweepRecord, TrialRecord

_DOWNSTREAM = ("fusion", "quantization")


@dataclass(frozen=True)
class ReducedModality:
    """What a reduction did to one modality.

    Attributes:
        modality: ``text``, ``image`` or, of a reduction after fusion, ``fused``.
        dims_before: Width of the encoder's vectors.
        dims_kept: Width afterwards.
        variance_kept: Share of the variance, ``None`` where it was not logged.
        bytes_before: Of the table of vectors, ``None`` where it was not logged.
        bytes_after: The same afterwards.
    """

    modality: str
    dims_before: int
    dims_kept: int
    variance_kept: float | None
    bytes_before: int | None
    bytes_after: int | None

    @property
    def saved_share(self) -> float:
        """Share of the bytes that are spared: all dims take equally many."""
        return 1.0 - self.dims_kept / self.dims_before

    @property
    def saved_bytes(self) -> int | None:
        """Bytes spared, ``None`` where they were not logged."""
        if self.bytes_before is None or self.bytes_after is None:
            return None
        return self.bytes_before - self.bytes_after


@dataclass(frozen=True)
class DownstreamSeconds:
    """Computing fusion and codes with and without PCA, of the ablation's runs.

    Attributes:
        reduced: Seconds of each run of the unchanged winner, when they were spent.
        whole: Seconds of each run without PCA, on the same seeds.
    """

    reduced: tuple[float, ...]
    whole: tuple[float, ...]

    @property
    def saved_share(self) -> float:
        """Share of the seconds that PCA spares, negative where it costs some."""
        return 1.0 - float(np.mean(self.reduced)) / float(np.mean(self.whole))


@dataclass(frozen=True)
class ReductionInfo:
    """What PCA did in one configuration.

    Attributes:
        trial: Number of the trial shown.
        modalities: What it reduced.
        seconds: What it saved downstream, or why that is not known.
    """

    trial: int
    modalities: tuple[ReducedModality, ...]
    seconds: DownstreamSeconds | Absent


def compute_reduction(record: SweepRecord) -> ReductionInfo | Absent:
    """What the reduction of the best configuration kept and saved."""
    trial = best_trial(record)
    if trial is None:
        return Absent(NO_BEST)
    number = shown_number(record, trial)
    found = (_reduced(trial, modality) for modality in ("text", "image", "fused"))
    reduced = tuple(part for part in found if part is not None)
    if not reduced:
        return Absent(f"Trial {number} reduces no vectors, or did not say how many it keeps.")
    return ReductionInfo(number, reduced, compute_downstream(record))


def compute_downstream(record: SweepRecord) -> DownstreamSeconds | Absent:
    """Seconds of fusion and codes in the arms with and without PCA, on the seeds of both."""
    arms = {arm.name: arm for arm in record.summary.arms}
    if "no_pca" not in arms or "full" not in arms:
        return Absent("Not measured in this sweep: its ablation has no arm without PCA.")
    reduced, whole = (_by_seed(record, arms[name].trial_keys) for name in ("full", "no_pca"))
    seeds = sorted(reduced.keys() & whole.keys())
    if not seeds:
        return Absent(
            "Not measured in this sweep: no run of the arms with and without PCA on the same seed "
            "logged how long its codes took."
        )
    return DownstreamSeconds(
        tuple(reduced[seed] for seed in seeds), tuple(whole[seed] for seed in seeds)
    )


def _reduced(trial: TrialRecord, modality: str) -> ReducedModality | None:
    # The encoder may have reduced before, under the same names: its own stage is not asked.
    name = "fusion" if modality == "fused" else f"{modality}_reduction"
    facts = next((stage.facts for stage in trial.stages if stage.name == name), {})
    before, kept = facts.get(f"{modality}/dims_before"), facts.get(f"{modality}/dims_kept")
    if not before or not kept:
        return None
    sizes = (facts.get(f"{modality}/bytes_{when}") for when in ("before", "after"))
    bytes_before, bytes_after = (None if size is None else int(size) for size in sizes)
    return ReducedModality(
        modality=modality,
        dims_before=int(before),
        dims_kept=int(kept),
        variance_kept=facts.get(f"{modality}/variance_kept"),
        bytes_before=bytes_before,
        bytes_after=bytes_after,
    )


def _by_seed(record: SweepRecord, keys: tuple[str, ...]) -> dict[int, float]:
    """By seed what fusion and codes cost when computed, also where they came from the store.

    Runs whose codes tell no such seconds are left out.
    """
    trials = record.by_key()
    found: dict[int, float] = {}
    for trial in (trials[key] for key in keys if key in trials):
        spent = {s.name: s.computed_seconds for s in trial.stages if s.name in _DOWNSTREAM}
        if spent.get("quantization"):
            found[trial.seed] = sum(spent.values())
    return found
