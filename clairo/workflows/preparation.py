"""Resolve, fetch, read: what every command that runs a pipeline does first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clairo.core.artifacts import Dataset
from clairo.datasets import AnyDataset
from clairo.datasets.aliases import resolve_category
from clairo.datasets.fetch import fetch_missing
from clairo.evaluation import popularity_top_items, ranking_metrics, rankings_from_lists
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import Split, make_plan
from clairo.pipeline.profiles import Profile
from clairo.pipeline.runner import load_dataset
from clairo.pipeline.sources import hash_sources
from clairo.stages.examples import Questions, TrainingPrefixes
from clairo.store import FilesystemStore
from clairo.workflows.options import SweepOptions

_POPULARITY_TOP_K = 20


@dataclass(frozen=True)
class PreparedData:
    """A data set that is ready for trials.

    Attributes:
        config: What was asked for, resolved.
        dataset: Catalogue, histories, splits.
        sources: Content hashes of the raw files.
        digest: Fingerprint of the dataset entry.
        facts: The data set's facts, with the popularity floor.
        cached: Whether it was in the store already.
    """

    config: AnyDataset
    dataset: Dataset
    sources: Mapping[str, str]
    digest: str
    facts: Mapping[str, Any]
    cached: bool


def prepare_data(
    options: SweepOptions, profile: Profile, root: Path, say: Callable[[str], None]
) -> PreparedData:
    """Resolves a category, fetches what is missing, and reads it through the store.

    Args:
        options: Which data, and whether to fetch.
        profile: Only to complete a pipeline configuration.
        root: The stage store.
        say: Tells the person what is being done.

    Raises:
        ConfigError: The category or release is not known.
        DataError: Files are missing or cannot be read.
    """
    config = resolve_category(options.category, options.release, options.data)
    fetch_missing(config, allow=options.fetch, announce=say)
    sources = hash_sources(config)
    pipeline = complete_config(profile.base, config)
    dataset, record = load_dataset(pipeline, FilesystemStore(root), sources)
    plan = make_plan(pipeline, 0, sources, ("dataset",))
    facts = {
        **dataset.facts,
        "num_training_prefixes": len(TrainingPrefixes.of(dataset)),
        **popularity_floor(dataset),
    }
    digest = plan.step("dataset").fingerprint.digest
    return PreparedData(config, dataset, sources, digest, facts, record.cached)


def complete_config(base: Mapping[str, Any], dataset: AnyDataset) -> PipelineConfig:
    """A profile's settings with a data set."""
    return PipelineConfig.model_validate({**base, "dataset": dataset})


def popularity_floor(dataset: Dataset) -> dict[str, float]:
    """Metrics of recommending everyone the most popular items, for every user of both splits."""
    top = popularity_top_items(dataset.train_counts(), _POPULARITY_TOP_K)
    floor: dict[str, float] = {}
    splits: tuple[Split, ...] = ("valid", "test")
    for split in splits:
        asked = Questions.of(dataset, split, max_history=1)
        lists = top[None, :].repeat(len(asked.users), axis=0)
        rankings = rankings_from_lists(split, asked.users, asked.targets, lists)
        metrics = ranking_metrics(rankings.ranks)
        floor |= {f"popularity_{split}_{name}": value for name, value in metrics.items()}
        floor[f"num_{split}_users"] = len(asked.users)
    return floor
