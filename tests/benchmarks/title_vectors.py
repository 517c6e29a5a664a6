"""Title vectors of a real catalogue, for benchmarks of what makes codes of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from clairo.core.artifacts import Dataset, EmbeddingTable
from clairo.core.config import parse_config
from clairo.core.stage import Runtime
from clairo.core.threads import usable_cpus
from clairo.embeddings import SentenceTransformerConfig
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import make_plan
from clairo.pipeline.profiles import get_profile
from clairo.pipeline.runner import StageRunner
from clairo.pipeline.sources import hash_sources
from clairo.reduction import PcaConfig
from clairo.store import FilesystemStore
from tests.embeddings.test_sentence_transformer import packaged_model


@dataclass(frozen=True)
class TitleVectors:
    """What a quantizer is fitted on.

    Attributes:
        table: Vectors of the titles by the packaged MiniLM model, reduced by PCA.
        train_items: Which items occur in training histories.
    """

    table: EmbeddingTable
    train_items: np.ndarray


def read_title_vectors(category: str, shared: Path, folder: Path) -> TitleVectors:
    """Reads one category of 2014 and embeds its titles; a minute for Beauty on two cores.

    Args:
        category: Official name.
        shared: Folder with ``data/amazon/2014``.
        folder: Where the stages keep their results.
    """
    base = get_profile("quick").base
    data = {"kind": "amazon", "release": "2014", "category": category, "data_dir": shared / "data"}
    changes = {"dataset": data, "fusion": {"kind": "text_only"}}
    config = parse_config(PipelineConfig, {**base, **changes}, category)
    plan = make_plan(config, 0, hash_sources(config.dataset), ("dataset",))
    dataset: Dataset = StageRunner(plan, FilesystemStore(folder), Runtime(), 0).get("dataset")
    titles = replace(dataset.catalog, sentences=dataset.catalog.titles)
    encoder = SentenceTransformerConfig(model=str(packaged_model()))
    embedded = encoder.encode(titles, 0, Runtime(num_threads=usable_cpus()))
    train_items = dataset.train_counts() > 0
    reduced = PcaConfig().fit(embedded, train_items, 0).transform(embedded)
    return TitleVectors(reduced, train_items)
