"""A whole pipeline that runs in about a second, on a world of 60 items."""

from __future__ import annotations

from typing import Any

from clairo.pipeline.config import PipelineConfig
from clairo.sweep.search_space import merge_settings
from tests.worlds import small_demo

SETTINGS: dict[str, Any] = {
    "text": {"kind": "lsa", "dims": 16},
    "image": {"kind": "color_hog"},
    "reduction": {"kind": "pca", "variance": 0.9},
    "fusion": {"kind": "none"},
    "quantization": {"kind": "rq_kmeans", "num_codebooks": 1, "codebook_size": 8},
    "merging": {"kind": "feature_set_bpe", "num_merges": 5},
    "model": {
        "kind": "t5",
        "num_layers": 1,
        "num_decoder_layers": 1,
        "d_model": 16,
        "d_ff": 16,
        "num_heads": 2,
        "d_kv": 8,
        "epochs": 4,
        "batch_size": 64,
        "learning_rate": 0.01,
        "precision": "float32",
        "max_history": 5,
        "validate_every": 2,
        "max_examples": 200,
        "valid_users": 40,
    },
    "evaluation": {"num_beams": 10, "top_k": 10, "max_users": 40, "invalid_users": 10},
}


def small_config(**changes: Any) -> PipelineConfig:
    """The pipeline with some settings changed, nested as in the configuration."""
    settings = merge_settings({**SETTINGS, "dataset": small_demo()}, changes)
    return PipelineConfig.model_validate(settings)
