"""Rankings to numbers: accuracy, exposure, segments, validity, and the popularity floor."""

from clairo.evaluation.config import EvaluationConfig
from clairo.evaluation.ensemble import combine_ensemble
from clairo.evaluation.exposure import exposure_metrics, gini_index
from clairo.evaluation.masking import MaskingConfig, other_items
from clairo.evaluation.metric_names import (
    CUTOFFS,
    MetricName,
    metric_key,
    metric_label,
    metric_name,
)
from clairo.evaluation.popularity import popularity_lists, popularity_top_items
from clairo.evaluation.ranking import (
    compact_lists,
    mrr_per_user,
    ndcg_per_user,
    ranking_metrics,
    rankings_from_lists,
    recall_per_user,
    target_ranks,
)
from clairo.evaluation.segments import (
    SegmentIndex,
    head_items,
    history_segments,
    item_segments,
    segment_metrics,
    tail_items,
)
from clairo.evaluation.validity import check_metrics, invalid_share

__all__ = [
    "CUTOFFS",
    "EvaluationConfig",
    "MaskingConfig",
    "MetricName",
    "SegmentIndex",
    "check_metrics",
    "combine_ensemble",
    "compact_lists",
    "exposure_metrics",
    "gini_index",
    "head_items",
    "history_segments",
    "invalid_share",
    "item_segments",
    "metric_key",
    "metric_label",
    "metric_name",
    "mrr_per_user",
    "ndcg_per_user",
    "other_items",
    "popularity_lists",
    "popularity_top_items",
    "ranking_metrics",
    "rankings_from_lists",
    "recall_per_user",
    "segment_metrics",
    "tail_items",
    "target_ranks",
]
