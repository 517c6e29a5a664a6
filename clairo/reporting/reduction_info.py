"""Numbers behind what PCA kept and what it saved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clairo.reporting.health_info import NO_BEST
from clairo.reporting.search_info import Absent
from clairo.reporting.selection import best_trial, shown_number
from clairo.tracking.records import SweepRecord, TrialRecord

_DOWNSTREAM = ("fusion", "quantization")
_BYTES = 4


@dataclass(frozen=True)
class ReducedModality:
    """What a reduction did to one modality.

    Attributes:
        modality: ``text``, ``image`` or, of a reduction after fusion, ``fused``.
        dims_before: Width of the encoder's vectors.
        dims_kept: Width afterwards.
        variance_kept: Share of the variance, ``None`` where it was not logged.
        num_items: Vectors in the table, ``None`` where that is not known.
    """

    modality: str
    dims_before: int
    dims_kept: int
    variance_kept: float | None
    num_items: int | None

    @property
    def saved_share(self) -> float:
        """Share of the bytes that are spared."""
        return 1.0 - self.dims_kept / self.dims_before

    @property
    def saved_bytes(self) -> int | None:
        """Bytes spared in single precision."""
        dropped = self.dims_before - self.dims_kept
        return None if self.num_items is None else _BYTES * dropped * self.num_items


@dataclass(frozen=True)
class DownstreamSeconds:
    """Computing fusion and codes with and without PCA, of the ablation's runs.

    Attributes:
        reduced: Seconds of each run of the unchanged winner.
        whole: Seconds of each run without PCA.
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
    found = (_reduced(record, trial, modality) for modality in ("text", "image", "fused"))
    reduced = tuple(part for part in found if part is not None)
    if not reduced:
        return Absent(f"Trial {number} reduces no vectors, or did not say how many it keeps.")
    return ReductionInfo(number, reduced, compute_downstream(record))


def compute_downstream(record: SweepRecord) -> DownstreamSeconds | Absent:
    """Seconds of fusion and codes in the arms with and without PCA."""
    arms = {arm.name: arm for arm in record.summary.arms}
    if "no_pca" not in arms or "full" not in arms:
        return Absent("Not measured in this sweep: its ablation has no arm without PCA.")
    trials = record.by_key()
    seconds = {
        name: tuple(s for key in arms[name].trial_keys if (s := _seconds(trials.get(key))))
        for name in ("full", "no_pca")
    }
    if not all(seconds.values()):
        return Absent(
            "Not measured in this sweep: no run of the arms with and without PCA logged how long "
            "its codes took."
        )
    return DownstreamSeconds(seconds["full"], seconds["no_pca"])


def _reduced(record: SweepRecord, trial: TrialRecord, modality: str) -> ReducedModality | None:
    # The encoder may have reduced before, under the same names: its own stage is not asked.
    name = "fusion" if modality == "fused" else f"{modality}_reduction"
    facts = next((stage.facts for stage in trial.stages if stage.name == name), {})
    before, kept = facts.get(f"{modality}/dims_before"), facts.get(f"{modality}/dims_kept")
    if not before or not kept:
        return None
    items = record.summary.dataset_facts.get("num_items")
    return ReducedModality(
        modality=modality,
        dims_before=int(before),
        dims_kept=int(kept),
        variance_kept=facts.get(f"{modality}/variance_kept"),
        num_items=items if isinstance(items, int) else None,
    )


def _seconds(trial: TrialRecord | None) -> float:
    """What computing fusion and codes cost when it was done, wherever the results came from."""
    stages = trial.stages if trial else ()
    return sum(stage.computed_seconds for stage in stages if stage.name in _DOWNSTREAM)
