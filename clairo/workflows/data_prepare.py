"""``clairo data prepare``: raw files, filters and a split into the stage store."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from clairo.core.dataset import Dataset
from clairo.datasets import AnyDataset
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.fetch import fetch_missing
from clairo.datasets.places import readable
from clairo.datasets.settings_file import with_settings
from clairo.pipeline.profiles import get_profile
from clairo.pipeline.runner import load_dataset
from clairo.pipeline.sources import hash_sources
from clairo.store import FilesystemStore
from clairo.tracking.records import StageRecord
from clairo.workflows.data import dataset_card
from clairo.workflows.locations import store_root
from clairo.workflows.options import SweepOptions, prepare_out
from clairo.workflows.preparation import complete_config, resolve_data


def prepare(
    options: SweepOptions,
    *,
    no_metadata: bool = False,
    memory_mb: int | None = None,
    say: Callable[[str], None] = typer.echo,
) -> Dataset:
    """Reads, filters and splits a data set into the store; prints card, digest and time.

    Args:
        options: Which data, which filters, where the store is.
        no_metadata: Do without the metadata of an Amazon category.
        memory_mb: Megabytes that preparing may use.
        say: Told each line.

    Raises:
        ConfigError: The data or a setting is not known.
        DataError: Files are missing or cannot be read.
    """
    started = time.perf_counter()
    config = request(options, no_metadata=no_metadata, memory_mb=memory_mb)
    fetch_missing(config, allow=options.fetch, announce=say)
    say(f"{config.label}: reading, filtering, splitting")
    dataset, record = prepare_into_store(config, options.out)
    for line in dataset_card(dataset).lines():
        say(line)
    how = "Found" if record.cached else "Prepared"
    entry = store_root(prepare_out(options.out)) / record.entry
    say(f"{how} in {time.perf_counter() - started:.1f} s: {entry}")
    return dataset


def request(
    options: SweepOptions, *, no_metadata: bool = False, memory_mb: int | None = None
) -> AnyDataset:
    """The data set that a command means.

    Raises:
        ConfigError: The data or a setting is not known, or the data has no such setting.
    """
    values: dict[str, Any] = {"metadata": "none"} if no_metadata else {}
    values |= {} if memory_mb is None else {"memory_mb": memory_mb}
    return with_settings(resolve_data(options), values, "--no-metadata, --memory")


def prepare_into_store(config: AnyDataset, out: Path) -> tuple[Dataset, StageRecord]:
    """The data set from the store of an output folder, made where it is not there.

    Raises:
        ConfigError: The folder cannot be written to.
        DataError: A file is missing or cannot be read.
    """
    # The other stages of the configuration play no part: only the first ones run.
    pipeline = complete_config(get_profile("quick").base_for(config), config)
    store = FilesystemStore(store_root(prepare_out(out)))
    return load_dataset(pipeline, store, hash_sources(config))


def metadata_alone(config: AnyDataset) -> AnyDataset | None:
    """A category of which only the metadata is there, as a catalogue without interactions.

    ``None`` where that is not so.

    Raises:
        ConfigError: The configuration filters or splits interactions.
        DataError: The folder may not be read.
    """
    if not isinstance(config, AmazonConfig) or config.metadata == "none":
        return None
    with readable(config.folder):
        reviews_there = any(file.path.is_file() for file in config.reviews_files)
        if reviews_there or not config.metadata_path.is_file():
            return None
    return with_settings(config, {"reviews": "none"}, "metadata alone")
