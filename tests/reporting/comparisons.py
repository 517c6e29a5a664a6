"""Made-up runs to compare: their ranks, stages and settings are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from clairo.core.artifacts import Rankings
from clairo.evaluation.ranking import ranking_metrics
from clairo.reporting.compare_info import ComparisonInfo, compute_comparison
from clairo.tracking.records import StageRecord
from clairo.tracking.run_reader import TrackedRun
from tests.reporting.records import demo_summary, trial

SEEDS = (1, 2, 3, 4, 5)
HOSTILE = '<script>alert("x")</script> & co'


def run(
    number: int = 0,
    seed: int = 1,
    level: float = 0.0,
    splits: tuple[str, ...] = ("valid", "test"),
    summary: Mapping[str, Any] | None = None,
    **changes: Any,
) -> TrackedRun:
    """A complete run of configuration ``number`` whose ranks depend on seed and level."""
    made = replace(
        trial(number, "confirm", seed=seed, level=level, splits=splits),
        vocabulary=None,
        **changes,
    )
    return TrackedRun(made, demo_summary(**(summary or {})))


def runs(
    number: int, level: float, seeds: Sequence[int] = SEEDS, **changes: Any
) -> list[TrackedRun]:
    """Several seeds of one configuration."""
    return [run(number, seed, level, **changes) for seed in seeds]


def compared(*sides: list[TrackedRun]) -> ComparisonInfo:
    """Sides, the first one the reference."""
    return compute_comparison([one for side in sides for one in side])


def failed(number: int = 0, seed: int = 1, error: str = "StageError: no codes.") -> TrackedRun:
    """A run that failed before it had results."""
    return TrackedRun(
        replace(trial(number, "confirm", "failed", seed), error=error), demo_summary()
    )


def ranked(
    number: int, seed: int, ranks: Sequence[int], targets: Sequence[int] | None = None
) -> TrackedRun:
    """A run with exactly these ranks on valid."""
    found = make_rankings(ranks, targets)
    metrics = {f"valid/{key}": value for key, value in ranking_metrics(found.ranks).items()}
    return run(number, seed, rankings={"valid": found}, metrics=metrics)


def make_rankings(ranks: Sequence[int], targets: Sequence[int] | None = None) -> Rankings:
    """Ranks of users 0, 1, ... for targets of the same numbers."""
    rows = np.arange(len(ranks), dtype=np.int32)
    wanted = rows if targets is None else np.array(targets, dtype=np.int32)
    return Rankings("valid", rows, wanted, np.array(ranks, np.int32), rows.reshape(-1, 1), {})


def stage(name: str, mark: str, seconds: float = 1.0, /, **facts: Any) -> StageRecord:
    """A stage whose store entry ends with ``mark``; a small letter at its end means cached."""
    cached = mark.endswith("c")
    entry = f"{name}/kind-{mark.removesuffix('c')}"
    return StageRecord(name, "kind", entry, seconds, seconds, cached, 2**20, facts)


def staged(number: int, seed: int, *stages: StageRecord) -> TrackedRun:
    """A run with exactly these stages."""
    return run(number, seed, stages=stages)
