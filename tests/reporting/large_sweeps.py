"""Sweeps of any size, as long as real ones are: many metrics, curves, stages, arms and users."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from clairo.tracking.records import Arm, Candidate, SweepRecord, TrialRecord, TrialRole
from tests.reporting.records import OBJECTIVE, config_of, demo_summary, rankings, trial

EPOCHS = 20
CURVES = ("epoch/train_loss", f"epoch/{OBJECTIVE}", "epoch/valid/recall_at_10", "epoch/valid/loss")
CONFIRM_SEEDS = (21, 22, 23, 24, 25)
ABLATION_SEEDS = (101, 102, 103, 104, 105)
_STAGE_METRICS = 12


def large_record(num_trials: int, num_arms: int = 16, users: int = 1200) -> SweepRecord:
    """A sweep of so many runs in all: the search, three candidates and arms on five seeds.

    Args:
        num_trials: Runs of the search, of the confirmation and of the ablation together.
        num_arms: Arms besides the full configuration.
        users: Rows of each run's ranks.
    """
    fresh = 3 * len(CONFIRM_SEEDS) + (num_arms + 1) * len(ABLATION_SEEDS)
    search = [_search_trial(n) for n in range(num_trials - fresh)]
    complete = [t for t in search if t.state == "complete"]
    best = sorted(complete, key=lambda t: -t.metrics[OBJECTIVE])[:3]
    confirm, candidates = [], []
    for place, found in enumerate(best):
        runs = [
            _run(found.number, "confirm", seed, 0.05 - 0.01 * place, users, found.config_key)
            for seed in CONFIRM_SEEDS
        ]
        confirm += runs
        keys = tuple(run.key for run in runs)
        candidates.append(Candidate(found.config_key, found.metrics[OBJECTIVE], keys))
    arm_runs, arms = [], []
    for place in range(num_arms + 1):
        name = f"arm_{place}" if place else "full"
        runs = [
            _run(20_000 + place, "ablation", seed, 0.05 - 0.004 * place, users, f"key-{name}")
            for seed in ABLATION_SEEDS
        ]
        arm_runs += runs
        family = "modality_masking" if place % 2 else "components"
        arms.append(
            Arm(name, family, f"Without part {place}" if place else "Everything on",
                {f"setting.{place}": "off"} if place else {}, tuple(r.key for r in runs))
        )  # fmt: skip
    summary = demo_summary(
        sweep_id=f"demo-{num_trials}", requested_trials=len(search),
        candidates=tuple(candidates), arms=tuple(arms), ablation_seeds=ABLATION_SEEDS,
    )  # fmt: skip
    return SweepRecord("parent", summary, (*search, *confirm, *arm_runs))


def _search_trial(number: int) -> TrialRecord:
    state = {3: "failed", 5: "pruned", 8: "infeasible"}.get(number % 11, "complete")
    level = 0.05 * math.sin(number) - 0.02
    made = trial(number, state=state, level=level, config=config_of(number))
    return _with_curves(replace(made, config_key=f"config-{number}", rankings={}))


def _run(
    number: int, role: TrialRole, seed: int, level: float, users: int, key: str
) -> TrialRecord:
    splits = ("valid", "test") if role == "confirm" else ("valid",)
    made = trial(number, role, seed=seed, level=level, config=config_of(number % 97),
                 splits=splits, config_key=key)  # fmt: skip
    ranked = {split: rankings(level, seed * 31 + number, split, users) for split in splits}
    metrics = made.metrics | {
        f"{split}/{name}": float(value)
        for split, found in ranked.items()
        for name, value in found.facts.items()
    }
    return _with_curves(replace(made, rankings=ranked, metrics=metrics))


def _with_curves(made: TrialRecord) -> TrialRecord:
    """The same with the epochs and the per-stage numbers that a real run logs."""
    epochs = {"complete": EPOCHS, "pruned": 6}.get(made.state, 0)
    rng = np.random.default_rng([made.number, made.seed])
    final = made.metrics.get(OBJECTIVE, 0.1)
    history = {
        key: tuple(
            (epoch, final * (1 - math.exp(-0.2 * epoch)) + 0.002 * float(rng.random()))
            for epoch in range(1, epochs + 1)
        )
        for key in CURVES
        if epochs
    }
    last = {key: points[-1][1] for key, points in history.items()}
    stage = {
        f"stage/{record.name}/fact_{place}": float(rng.random())
        for record in made.stages
        for place in range(_STAGE_METRICS)
    }
    return replace(made, history=history, metrics={**made.metrics, **last, **stage})
