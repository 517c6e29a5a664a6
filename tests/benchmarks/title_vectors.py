"""Title vectors of a real catalogue, for benchmarks of what makes codes of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from clairo.core.artifacts import EmbeddingTable
from clairo.core.stage import Runtime
from clairo.core.threads import usable_cpus
from clairo.embeddings import SentenceTransformerConfig
from clairo.reduction import PcaConfig
from tests.benchmarks.real_items import real_dataset
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
        category: Its alias.
        shared: Folder with ``data/amazon/2014``.
        folder: Where the stages keep their results.
    """
    dataset = real_dataset(category, shared / "data", folder)
    titles = replace(dataset.catalog, sentences=dataset.catalog.titles)
    encoder = SentenceTransformerConfig(model=str(packaged_model()))
    embedded = encoder.encode(titles, 0, Runtime(num_threads=usable_cpus()))
    train_items = dataset.train_counts() > 0
    reduced = PcaConfig().fit(embedded, train_items, 0).transform(embedded)
    return TitleVectors(reduced, train_items)
