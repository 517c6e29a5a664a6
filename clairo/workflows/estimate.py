"""What a sweep would cost, from what was measured before in the same output folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from clairo.pipeline.plan import Plan
from clairo.store import FilesystemStore


@dataclass(frozen=True)
class StageCost:
    """Measured cost of one stage.

    Attributes:
        name: Stage name.
        cached: Whether the default configuration's result is in the store.
        seconds: Median seconds of earlier computations, ``None`` if there was none.
        bytes: Median bytes of earlier entries, ``None`` if there was none.
        entries: Number of earlier entries.
    """

    name: str
    cached: bool
    seconds: float | None
    bytes: float | None
    entries: int


def estimate_stages(plan: Plan, store: FilesystemStore) -> tuple[StageCost, ...]:
    """Cost of every stage of a plan, by the store's own manifests."""
    costs = []
    for step in plan.steps:
        name = step.stage.name
        manifests = list(store.manifests(name))
        costs.append(
            StageCost(
                name=name,
                cached=store.has(step.fingerprint),
                seconds=_median(m.seconds for m in manifests),
                bytes=_median(float(m.bytes) for m in manifests),
                entries=len(manifests),
            )
        )
    return tuple(costs)


def _median(values: Iterable[float]) -> float | None:
    kept = list(values)
    return median(kept) if kept else None
