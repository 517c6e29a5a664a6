"""Catalogues of real data sets, read as the pipeline reads them."""

from __future__ import annotations

from pathlib import Path

from clairo.core.artifacts import Dataset
from clairo.datasets.aliases import resolve_category
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.runner import load_dataset
from clairo.pipeline.sources import hash_sources
from clairo.store import FilesystemStore
from tests.pipeline.small import SETTINGS


def real_dataset(category: str, data: Path, store: Path) -> Dataset:
    """A data set by its alias, through a store of its own."""
    dataset = resolve_category(category, None, data)
    config = PipelineConfig.model_validate({**SETTINGS, "dataset": dataset})
    return load_dataset(config, FilesystemStore(store), hash_sources(dataset))[0]
