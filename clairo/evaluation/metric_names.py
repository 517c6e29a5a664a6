"""One place that turns a metric and its cutoff into a key and into a label.

MLflow refuses ``@`` in metric names, people expect it: the key is ``ndcg_at_10``, the label
``NDCG@10``.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from clairo.core.errors import ConfigError

CUTOFFS: Final = (5, 10)
"""List lengths at which accuracy is measured."""

_LABELS: Final = {
    "recall": "Recall",
    "ndcg": "NDCG",
    "mrr": "MRR",
    "coverage": "Coverage",
    "gini": "Gini",
    "mean_popularity": "Mean popularity",
    "tail_share": "Tail share",
    "invalid_share": "Invalid share",
}


class MetricName(NamedTuple):
    """How a metric is called.

    Attributes:
        key: For programs, for example ``ndcg_at_10``.
        label: For people, for example ``NDCG@10``.
    """

    key: str
    label: str


def metric_name(metric: str, cutoff: int) -> MetricName:
    """Key and label of a metric at a cutoff.

    Raises:
        ConfigError: The metric is not one of ours.

    Example:
        >>> metric_name("tail_share", 10)
        MetricName(key='tail_share_at_10', label='Tail share@10')
    """
    if metric not in _LABELS:
        raise ConfigError(f"A metric must be one of {sorted(_LABELS)}, got {metric!r}; pick one.")
    return MetricName(f"{metric}_at_{cutoff}", f"{_LABELS[metric]}@{cutoff}")


def metric_key(metric: str, cutoff: int) -> str:
    """Key of a metric at a cutoff.

    Example:
        >>> metric_key("ndcg", 10)
        'ndcg_at_10'
    """
    return metric_name(metric, cutoff).key


def metric_label(key: str) -> str:
    """Label of a key; what stands before the last slash (split, segment) is left out.

    Raises:
        ConfigError: The key is not made of a metric of ours and a cutoff.

    Example:
        >>> metric_label("valid/ndcg_at_10")
        'NDCG@10'
    """
    metric, _, cutoff = key.rsplit("/", 1)[-1].rpartition("_at_")
    if not cutoff.isdigit():
        raise ConfigError(
            f"A metric key must look like ndcg_at_10, got {key!r}; make it with metric_key()."
        )
    return metric_name(metric, int(cutoff)).label
