"""Importance of settings by fANOVA, with how far it moves when trials are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

NUM_RESAMPLES = 10
MAX_TRIALS = 500
"""Larger sweeps are subsampled: fANOVA's cost grows with trials times leaves."""


@dataclass(frozen=True)
class Importance:
    """Shares by setting, in the given order.

    Attributes:
        shares: Share of the explained variation, summing to 1.
        lows: Smallest share over resamples.
        highs: Largest share over resamples.
    """

    shares: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]


def compute_importance(
    settings: Sequence[Sequence[Any]], values: Float[np.ndarray, " trials"]
) -> Importance:
    """Importance by fANOVA over trials given as rows of settings.

    A setting that does not exist in some trials (a conditional child) counts as one more value,
    so that no trial has to be dropped. The range comes from ten random samples of four fifths of
    the trials, fixed by their own generator.

    References:
        Hutter, Hoos, Leyton-Brown 2014, An efficient approach for assessing hyperparameter
        importance (as implemented by Optuna).
    """
    rng = np.random.default_rng(0)
    count = min(len(settings), MAX_TRIALS)
    rows = np.sort(rng.choice(len(settings), count, replace=False)).tolist()
    coded, chosen = _encode([settings[row] for row in rows]), values[rows]
    shares = _fanova(coded, chosen, num_trees=64)
    draws = []
    for _ in range(NUM_RESAMPLES):
        part = np.sort(rng.choice(len(rows), max(3, int(0.8 * len(rows))), replace=False))
        draws.append(_fanova([coded[i] for i in part], chosen[part], num_trees=16))
    # The full sample is one more draw, so the dot always lies on its line.
    spread = np.array([shares, *draws])
    lows, highs = spread.min(axis=0), spread.max(axis=0)
    return Importance(tuple(shares), tuple(lows.tolist()), tuple(highs.tolist()))


def _encode(settings: Sequence[Sequence[Any]]) -> list[dict[str, float | str]]:
    """Settings as Optuna parameters: numbers where all are numbers, else words."""
    columns = list(zip(*settings, strict=True))
    numeric = [
        all(isinstance(v, int | float) and not isinstance(v, bool) for v in c) for c in columns
    ]
    return [
        {f"{i:03d}": float(v) if numeric[i] else repr(v) for i, v in enumerate(row)}
        for row in settings
    ]


def _fanova(
    coded: Sequence[dict[str, float | str]], values: Float[np.ndarray, " trials"], num_trees: int
) -> list[float]:
    import optuna
    from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

    names = sorted(coded[0])
    distributions: dict[str, BaseDistribution] = {}
    for name in names:
        seen = sorted({row[name] for row in coded})
        if isinstance(seen[0], float):
            distributions[name] = FloatDistribution(float(seen[0]), float(seen[-1]))
        else:
            distributions[name] = CategoricalDistribution([str(value) for value in seen])
    varied = [name for name in names if not distributions[name].single()]
    if not varied or np.ptp(values) == 0:
        return [1.0 / len(names)] * len(names)
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(direction="maximize")
        study.add_trials(
            [
                optuna.trial.create_trial(
                    params={name: row[name] for name in varied},
                    distributions={name: distributions[name] for name in varied},
                    value=float(value),
                )
                for row, value in zip(coded, values, strict=True)
            ]
        )
        evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=num_trees, seed=0)
        found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    finally:
        optuna.logging.set_verbosity(verbosity)
    return [float(found.get(name, 0.0)) for name in names]
