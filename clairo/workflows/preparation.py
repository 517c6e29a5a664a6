"""Resolve, fetch, read: what every command that runs a pipeline does first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clairo.core.artifacts import Dataset
from clairo.core.errors import DataError
from clairo.datasets import AnyDataset
from clairo.datasets.aliases import resolve_category
from clairo.datasets.fetch import fetch_missing
from clairo.datasets.settings_file import read_settings, with_settings
from clairo.evaluation import popularity_top_items, ranking_metrics, rankings_from_lists
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import Split
from clairo.pipeline.profiles import Profile
from clairo.pipeline.runner import load_dataset
from clairo.pipeline.sources import hash_sources
from clairo.stages.examples import Questions, TrainingPrefixes
from clairo.stages.training import VALIDATION_USERS_SEED
from clairo.store import FilesystemStore
from clairo.workflows.options import SweepOptions

_POPULARITY_TOP_K = 20
_SHORTEST = 4
"""Interactions of the shortest history that can train and be asked about."""


@dataclass(frozen=True)
class PreparedData:
    """A data set that is ready for trials.

    Attributes:
        config: What was asked for, resolved.
        dataset: Catalogue, histories, splits.
        sources: Content hashes of the raw files.
        digest: Of content and settings, equal on every machine.
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
    options: SweepOptions,
    profile: Profile,
    root: Path,
    say: Callable[[str], None],
    config: AnyDataset | None = None,
) -> PreparedData:
    """Resolves a category, fetches what is missing, and reads it through the store.

    Args:
        options: Which data, and whether to fetch.
        profile: Only to complete a pipeline configuration.
        root: The stage store.
        say: Tells the person what is being done.
        config: The data, where it is known better than by its category: another demo world.

    Raises:
        ConfigError: The category or release is not known.
        DataError: Files are missing or cannot be read.
    """
    if config is None:
        config = resolve_data(options)
    fetch_missing(config, allow=options.fetch, announce=say)
    sources = hash_sources(config)
    pipeline = complete_config(profile.base_for(config), config)
    dataset, record = load_dataset(pipeline, FilesystemStore(root), sources)
    facts = {
        **dataset.facts,
        "num_training_prefixes": require_questions(dataset),
        **popularity_floor(dataset, pipeline.evaluation.max_users),
    }
    digest = str(dataset.facts["digest"])
    return PreparedData(config, dataset, sources, digest, facts, record.cached)


def resolve_data(options: SweepOptions) -> AnyDataset:
    """The data set that a command means, with its filters.

    Raises:
        ConfigError: The category, the release or a filter is not known.
    """
    config = resolve_category(options.category, options.release, options.data)
    if options.filters is not None:
        config = with_settings(config, read_settings(options.filters), str(options.filters))
    return with_settings(config, {"salvage": True} if options.salvage else {}, "--salvage")


def data_source(options: SweepOptions, prepared: PreparedData) -> str:
    """Where the raw files lie, for the tracker."""
    return str(options.data.resolve()) if prepared.sources else "generated"


def complete_config(base: Mapping[str, Any], dataset: AnyDataset) -> PipelineConfig:
    """A profile's settings with a data set."""
    return PipelineConfig.model_validate({**base, "dataset": dataset})


def require_questions(dataset: Dataset) -> int:
    """The number of training prefixes, where there is something to learn and to be asked.

    Raises:
        DataError: No user's history is long enough.
    """
    longest = int(np.diff(dataset.log.offsets).max(initial=0))
    asked = (dataset.splits.valid_positions >= 0).any()
    num_prefixes = len(TrainingPrefixes.of(dataset))
    if not asked or not num_prefixes:
        raise DataError(
            f"{dataset.name} needs users with at least {_SHORTEST} interactions (two to learn "
            "from, one to validate, one to test), the longest history of "
            f"{len(dataset.log.user_ids)} users has {longest}; use data with longer histories."
        )
    return num_prefixes


def popularity_floor(dataset: Dataset, max_users: int | None) -> dict[str, float]:
    """Metrics of recommending the most popular items to exactly the users that models are asked.

    Args:
        dataset: The data.
        max_users: Users asked in each split, ``None`` for all; see ``EvaluationConfig``.
    """
    top = popularity_top_items(dataset.train_counts(), _POPULARITY_TOP_K)
    floor: dict[str, float] = {}
    splits: tuple[Split, ...] = ("valid", "test")
    for split in splits:
        asked = Questions.of(
            dataset, split, max_history=1, max_users=max_users, seed=VALIDATION_USERS_SEED
        )
        lists = top[None, :].repeat(len(asked.users), axis=0)
        rankings = rankings_from_lists(split, asked.users, asked.targets, lists)
        metrics = ranking_metrics(rankings.ranks)
        floor |= {f"popularity_{split}_{name}": value for name, value in metrics.items()}
        floor[f"num_{split}_users"] = len(asked.users)
    return floor
