"""Training curves of stages before the model, as numbers by step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from clairo.quantization.fact_names import CURVE

_MAX_STEPS = 200
"""Epochs that are logged of one curve, evenly spread with the last one: a tracker is asked once a
step. The facts hold them all."""


def curve_steps(stage: str, facts: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, float]]]:
    """Every logged epoch of every curve among the facts of a stage, with names for the tracker.

    Args:
        stage: Its name.
        facts: Facts called ``curve`` or ``<modality>/curve`` hold one ``{name: number}`` an epoch.

    Returns:
        (epoch from 1, numbers by name) pairs; numbers that are not finite are left out.

    Example:
        >>> list(curve_steps("fusion", {"fused/curve": [{"loss": 2.0}], "fused/dims": 8}))
        [(1, {'fusion/fused/curve/loss': 2.0})]
    """
    for name, epochs in facts.items():
        if name.rsplit("/", maxsplit=1)[-1] != CURVE:
            continue
        for epoch in _spread(len(epochs)):
            named = {f"{stage}/{name}/{key}": value for key, value in epochs[epoch - 1].items()}
            yield epoch, {key: float(v) for key, v in named.items() if math.isfinite(v)}


def _spread(length: int) -> list[int]:
    """Epochs from 1 to the last, at most 200 of them."""
    kept = min(length, _MAX_STEPS)
    return [round(length * place / kept) for place in range(1, kept + 1)]
