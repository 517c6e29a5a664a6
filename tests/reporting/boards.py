"""Made-up sweeps for leaderboards: what the light reader gives, without a tracker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from clairo.evaluation.ranking import ranking_metrics
from clairo.tracking.best_reader import BestOfSweep, ConfirmedRun
from clairo.tracking.records import Candidate
from tests.reporting.records import demo_summary

BEAUTY = "Amazon 2014 Beauty"
BEAUTY_FACTS = {
    "num_items": 12101, "num_users": 22363, "num_asked_users": 22363,
    "popularity_test_ndcg_at_10": 0.0046, "popularity_test_recall_at_10": 0.0089,
}  # fmt: skip
PARAMS = {"fusion.kind": "none", "quantization.kind": "opq", "merging.num_merges": "40000"}


def accuracy(level: float, seed: int, users: int = 2000) -> dict[str, float]:
    """Metrics of ranks in which about so many users are hit within ten, most of them early.

    Ranks are drawn so that NDCG@5 / Recall@5 is about 0.67, as published rows have it.
    """
    rng = np.random.default_rng(seed)
    weights = np.arange(1, 11) ** -0.6
    drawn = rng.choice(np.arange(1, 11), users, p=weights / weights.sum())
    ranks = np.where(rng.random(users) < level, drawn, 0)
    return dict(ranking_metrics(ranks.astype(np.int32)))


def confirmed(seed: int, level: float = 0.08, users: int = 2000, **changes: Any) -> ConfirmedRun:
    """A run of a winner on a fresh seed."""
    metrics = {
        **{f"test/{key}": value for key, value in accuracy(level, seed, users).items()},
        **{f"valid/{key}": value for key, value in accuracy(level, seed + 500, users).items()},
        "test/num_users": float(users),
    }
    values: dict[str, Any] = {
        "key": f"confirm-{seed}", "config_key": "c0ffee", "seed": seed, "state": "complete",
        "metrics": metrics, "params": PARAMS, "commit": "0123abcd" * 5, "error": "",
    }  # fmt: skip
    return ConfirmedRun(**{**values, **changes})


def best_of(
    sweep_id: str,
    runs: Sequence[ConfirmedRun],
    *,
    wanted: Sequence[str] | None = None,
    single: bool = False,
    facts: Mapping[str, Any] = BEAUTY_FACTS,
    **summary: Any,
) -> BestOfSweep:
    """The winner of a sweep on Beauty, or on what the summary says."""
    keys = tuple(wanted if wanted is not None else (run.key for run in runs))
    said = demo_summary(
        **{
            "sweep_id": sweep_id, "category": "beauty", "release": "2014", "profile": "paper",
            "dataset_name": BEAUTY, "dataset_digest": "ab12cd34" * 8, "dataset_facts": dict(facts),
            "axes": tuple(PARAMS), "candidates": (Candidate("c0ffee", 0.05, keys),),
            "requested_trials": 64, "command": f"make sweep CATEGORY=beauty SEED={sweep_id[-1]}",
            **summary,
        }
    )  # fmt: skip
    return BestOfSweep(f"run-{sweep_id}", said, single, keys, {run.key: run for run in runs})
