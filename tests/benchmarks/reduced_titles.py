"""Real vectors for the benchmarks: titles of 2014 Beauty, encoded and reduced by the stages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clairo.core.artifacts import Dataset, Modalities
from clairo.core.config import parse_config
from clairo.core.stage import Runtime
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import make_plan
from clairo.pipeline.profiles import get_profile
from clairo.pipeline.runner import StageRunner
from clairo.pipeline.sources import hash_sources
from clairo.store import FilesystemStore
from tests.embeddings.test_sentence_transformer import packaged_model

LSA = {"kind": "lsa", "dims": 768}


@dataclass(frozen=True)
class ReducedTitles:
    """Vectors of 95 % of the variance.

    Attributes:
        vectors: One table, of the text.
        train_items: Which items occur in training histories.
        full_dims: Width before the reduction.
    """

    vectors: Modalities
    train_items: np.ndarray
    full_dims: int


def minilm() -> dict[str, Any]:
    """The sentence encoder that is packaged for tests: 384 dims."""
    return {"kind": "sentence_transformer", "model": str(packaged_model())}


def read_titles(text: dict[str, Any], shared: Path, folder: Path) -> ReducedTitles:
    """Encodes all titles and keeps 95 % of the variance.

    Args:
        text: Settings of the encoder.
        shared: Folder with ``data/amazon/2014``.
        folder: Where the stages keep their results.
    """
    data = {"kind": "amazon", "release": "2014", "category": "Beauty", "data_dir": shared / "data"}
    changes = {
        "dataset": data,
        "text": text,
        "reduction": {"kind": "pca", "variance": 0.95},
        "fusion": {"kind": "text_only"},
        "quantization": {"kind": "rq_kmeans"},
    }
    config = parse_config(PipelineConfig, {**get_profile("quick").base, **changes}, "Beauty")
    plan = make_plan(config, 0, hash_sources(config.dataset), ("fusion",))
    runner = StageRunner(plan, FilesystemStore(folder), Runtime(num_threads=2), 0)
    vectors: Modalities = runner.get("fusion")
    dataset: Dataset = runner.get("dataset")
    encoded: Modalities = runner.get("text_embedding")
    return ReducedTitles(vectors, dataset.train_counts() > 0, encoded.tables[0].dims)
