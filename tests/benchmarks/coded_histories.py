"""Real corpora for the benchmarks: histories of Amazon 2014 with codes of their titles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from clairo.core.artifacts import CodeTable, Dataset
from clairo.core.config import parse_config
from clairo.core.ragged import Ragged
from clairo.core.stage import Runtime
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import make_plan
from clairo.pipeline.profiles import get_profile
from clairo.pipeline.runner import StageRunner
from clairo.pipeline.sources import hash_sources
from clairo.store import FilesystemStore


@dataclass(frozen=True)
class CodedHistories:
    """What a vocabulary is built from.

    Attributes:
        codes: ActionPiece's five columns: OPQ 4 x 256 of LSA vectors of the titles, and a hash
            that makes them unique.
        training: Training parts of all histories, uncut.
    """

    codes: np.ndarray
    training: Ragged

    def num_merges(self, vocab_size: int) -> int:
        """Merges that fill a vocabulary, padding and initial tokens counted."""
        initial = sum(len(np.unique(column)) for column in self.codes.T)
        return vocab_size - 1 - initial

    def prefixes(self, longest: int = 20) -> Ragged:
        """Every training prefix, cut to its last items."""
        return Ragged.from_sequences(
            [
                items[max(0, stop - longest) : stop]
                for items in self.training
                for stop in range(1, len(items))
            ]
        )


def read_coded(category: str, shared: Path, folder: Path) -> CodedHistories:
    """Reads one category of 2014 and codes it, with the stages of the pipeline.

    Args:
        category: Official name.
        shared: Folder with ``data/amazon/2014``.
        folder: Where the stages keep their results.
    """
    base = get_profile("quick").base
    data = {"kind": "amazon", "release": "2014", "category": category, "data_dir": shared / "data"}
    codes = {"kind": "opq", "num_codebooks": 4, "codebook_size": 256, "num_hash_buckets": None}
    changes = {"dataset": data, "fusion": {"kind": "text_only"}, "quantization": codes}
    config = parse_config(PipelineConfig, {**base, **changes}, category)
    plan = make_plan(config, 0, hash_sources(config.dataset), ("quantization",))
    runner = StageRunner(plan, FilesystemStore(folder), Runtime(), 0)
    table: CodeTable = runner.get("quantization")
    dataset: Dataset = runner.get("dataset")
    return CodedHistories(table.codes, dataset.train_sequences())
