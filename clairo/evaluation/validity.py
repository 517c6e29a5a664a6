"""Are the outputs real items, and are the numbers possible at all?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float

from clairo.core.errors import DataError
from clairo.evaluation.metric_names import CUTOFFS, metric_key


def invalid_share(
    valid: Bool[np.ndarray, "rows k"] | Float[np.ndarray, "rows k"],
    cutoffs: Sequence[int] = CUTOFFS,
) -> dict[str, float]:
    """Share of unconstrained outputs that name no item, among the first k of each user.

    Args:
        valid: 1 where an output, best first, names an item, 0 where it does not.
        cutoffs: List lengths.

    Raises:
        DataError: No user was asked, or there are fewer outputs than the largest cutoff.

    Example:
        >>> invalid_share(np.array([[1, 1, 0, 1], [1, 0, 0, 0]]), cutoffs=(1, 4))
        {'invalid_share_at_1': 0.0, 'invalid_share_at_4': 0.5}
    """
    if not len(valid) or valid.shape[1] < max(cutoffs):
        raise DataError(
            f"The invalid share needs {max(cutoffs)} outputs for at least one user, got an array "
            f"of shape {valid.shape}; raise invalid_beams or invalid_users."
        )
    return {
        metric_key("invalid_share", cutoff): float(1.0 - valid[:, :cutoff].mean())
        for cutoff in cutoffs
    }


def check_metrics(metrics: Mapping[str, float], tolerance: float = 1e-9) -> list[str]:
    """Arithmetic that recall, NDCG and MRR of one relevant item always obey.

    A target that enters between rank 6 and 10 adds 1 to the recall, and between ``1/log2(11)``
    and ``1/log2(7)`` to the NDCG, and so on. Rules whose metrics are not given are left out.

    Args:
        metrics: Values by key, for example ``recall_at_5``; other keys are ignored.
        tolerance: Half a unit of the last printed digit for published rows (``5e-5`` for four
            decimals), rounding error for our own.

    Returns:
        One sentence for each violated rule, with its values; empty when all hold.

    Example:
        >>> check_metrics({"recall_at_5": 0.06, "recall_at_10": 0.05})
        ['recall_at_5 <= recall_at_10 is violated: 0.06 > 0.05']
    """
    return [
        sentence
        for sentence in (
            *_outside_unit(metrics, tolerance),
            *_falling_with_cutoff(metrics, tolerance),
            *_gain_outside_bounds(metrics, tolerance),
            *_ratio_outside_bounds(metrics, tolerance),
        )
        if sentence
    ]


def _outside_unit(metrics: Mapping[str, float], tolerance: float) -> list[str]:
    keys = [metric_key(name, k) for k in CUTOFFS for name in ("recall", "ndcg", "mrr")]
    return [
        f"{key} must lie in [0, 1], got {metrics[key]:g}"
        for key in keys
        if key in metrics and not -tolerance <= metrics[key] <= 1 + tolerance
    ]


def _falling_with_cutoff(metrics: Mapping[str, float], tolerance: float) -> list[str]:
    sentences = []
    for name in ("recall", "ndcg", "mrr"):
        short, long = metric_key(name, 5), metric_key(name, 10)
        # Both values are rounded, so each may be off by the tolerance.
        if {short, long} <= metrics.keys() and metrics[short] > metrics[long] + 2 * tolerance:
            sentences.append(
                f"{short} <= {long} is violated: {metrics[short]:g} > {metrics[long]:g}"
            )
    return sentences


def _gain_outside_bounds(metrics: Mapping[str, float], tolerance: float) -> list[str]:
    """What ranks 6 to 10 add, per target that they add to the recall."""
    bounds = {"ndcg": (1 / np.log2(11), 1 / np.log2(7)), "mrr": (1 / 10, 1 / 6)}
    sentences = []
    for name, (low, high) in bounds.items():
        keys = [metric_key(m, k) for m in ("recall", name) for k in CUTOFFS]
        if not set(keys) <= metrics.keys():
            continue
        recall_5, recall_10, value_5, value_10 = (metrics[key] for key in keys)
        hits, gain = recall_10 - recall_5, value_10 - value_5
        slack = 2 * tolerance * (1 + high)
        if not low * hits - slack <= gain <= high * hits + slack:
            sentences.append(
                f"{keys[3]} - {keys[2]} must lie in [{low:.4f}, {high:.4f}] x ({keys[1]} - "
                f"{keys[0]}) = [{low * hits:.6g}, {high * hits:.6g}], got {gain:.6g}"
            )
    return sentences


def _ratio_outside_bounds(metrics: Mapping[str, float], tolerance: float) -> list[str]:
    """Gain per retrieved target lies between that of the last rank and 1."""
    sentences = []
    for cutoff in CUTOFFS:
        for name, low in (("ndcg", 1 / np.log2(cutoff + 1)), ("mrr", 1 / cutoff)):
            value_key, recall_key = metric_key(name, cutoff), metric_key("recall", cutoff)
            if not {value_key, recall_key} <= metrics.keys():
                continue
            value, recall = metrics[value_key], metrics[recall_key]
            if not low * recall - 2 * tolerance <= value <= recall + 2 * tolerance:
                sentences.append(
                    f"{value_key} / {recall_key} must lie in [{low:.4f}, 1], got "
                    f"{value:g} / {recall:g}"
                )
    return sentences
