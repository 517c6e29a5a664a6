"""What a recommender shows over all users: does it repeat bestsellers, or use the catalogue?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from clairo.core.errors import DataError
from clairo.evaluation.metric_names import metric_key
from clairo.evaluation.segments import tail_items


def exposure_metrics(
    top_items: Int[np.ndarray, "rows width"],
    train_counts: Int[np.ndarray, " items"],
    k: int = 10,
) -> dict[str, float]:
    """Coverage, concentration and popularity of what the first k places show.

    ``coverage`` is the share of the catalogue that at least one user is shown, ``gini`` the
    Gini index of how often each catalogue item is shown (0: all equally, towards 1: one item
    only), ``mean_popularity`` the mean training count of a shown item, ``tail_share`` the share
    of shown items that belong to the tail.

    Args:
        top_items: Recommended item indices, best first; -1 where there is none.
        train_counts: Occurrences of every catalogue item in the training parts.
        k: Places that count.

    Raises:
        DataError: The lists are shorter than k, or show nothing.

    Example:
        >>> shown = exposure_metrics(np.array([[0, 1], [0, 2]]), np.array([9, 6, 3, 0]), k=2)
        >>> shown["coverage_at_2"], shown["gini_at_2"]
        (0.75, 0.375)
        >>> shown["mean_popularity_at_2"], shown["tail_share_at_2"]
        (6.75, 0.25)
    """
    if top_items.shape[1] < k:
        raise DataError(
            f"Exposure at {k} needs lists of {k} items, got {top_items.shape[1]}; raise top_k."
        )
    places = top_items[:, :k]
    shown = places[places >= 0]
    if not len(shown):
        raise DataError("Exposure needs at least one recommended item, got none; check the model.")
    exposures = np.bincount(shown, minlength=len(train_counts))
    return {
        metric_key("coverage", k): float((exposures > 0).mean()),
        metric_key("gini", k): gini_index(exposures),
        metric_key("mean_popularity", k): float(train_counts[shown].mean()),
        metric_key("tail_share", k): float(tail_items(train_counts)[shown].mean()),
    }


def gini_index(amounts: Int[np.ndarray, " n"] | Float[np.ndarray, " n"]) -> float:
    """Gini index ``sum_i (2i - n - 1) x_i / (n sum_i x_i)`` over ascending ``x``.

    Raises:
        DataError: Nothing is distributed, so that no share exists.

    Example:
        >>> gini_index(np.array([1, 1, 1, 1]))
        0.0
        >>> gini_index(np.array([0, 0, 0, 8]))
        0.75
    """
    total = float(amounts.sum())
    if total <= 0:
        raise DataError(f"A Gini index needs a positive total, got {total}; there is no share.")
    size = len(amounts)
    weights = 2.0 * np.arange(1, size + 1) - size - 1.0
    return float(weights @ np.sort(amounts)) / (size * total)
