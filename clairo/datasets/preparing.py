"""From raw interactions and items to a data set: filters, splits, checks, facts, digest."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from clairo.core.dataset import Dataset, InteractionLog, Splits
from clairo.core.errors import DataError
from clairo.core.interaction_table import InteractionTable
from clairo.core.ragged import cut
from clairo.datasets.engine import open_engine
from clairo.datasets.filtering import Filters, NumberedInteractions, filter_interactions
from clairo.datasets.item_images import pictured_items
from clairo.datasets.leaks import check_splits
from clairo.datasets.raw_dataset import RawDatasetConfig
from clairo.datasets.splits import (
    GlobalTime,
    global_time,
    leave_last_out,
    moments_of,
    official,
)
from clairo.datasets.ties import count_tied_users, shuffle_ties, tied_targets


def prepare_dataset(config: RawDatasetConfig, table: InteractionTable, num_threads: int) -> Dataset:
    """The data set of a configuration; users and items in order of first interaction.

    Items without metadata, text or picture stay, and are counted.

    Raises:
        DataError: Nothing remains, a file is damaged, or the split does not fit the data.
    """
    found = number_interactions(config, table, num_threads)
    catalogue = config.describe_items(found.item_ids)
    log = InteractionLog(found.user_ids, found.items, found.timestamps, found.offsets)
    if config.tie_seed is not None:
        sources = found.sources if config.has_official_splits else None
        order = shuffle_ties(log, config.tie_seed, sources)
        log = InteractionLog(log.user_ids, log.items[order], log.timestamps, log.offsets)
    unit = _time_unit(config, found, table)
    splits, moments = _split(config, log, found, unit)
    checked = check_splits(log, splits, moments)
    if config.max_history is not None:
        log, splits = cut_training(log, splits, config.max_history)
    facts = {
        **config.source_facts(),
        "chosen_settings": config.chosen(),
        **_filter_facts(config, table, found),
        **_log_facts(log, splits, len(catalogue.items)),
        "time_unit": unit,
        "split": "official" if config.has_official_splits else config.split.kind,
        "leak_checks": checked,
        **({"valid_from": moments[0], "test_from": moments[1]} if moments else {}),
        **catalogue.facts,
    }
    dataset = Dataset(config.label, catalogue.items, log, splits, facts)
    return dataset.with_digests(config.identity())


def prepare_items(config: RawDatasetConfig) -> Dataset:
    """A catalogue nobody has interacted with, for looking at what a category holds.

    Raises:
        DataError: A file is damaged.
    """
    catalogue = config.describe_items(())
    nothing = np.zeros(0, np.int32)
    log = InteractionLog((), nothing, np.zeros(0, np.int64), np.zeros(1, np.int64))
    splits = Splits(nothing, nothing, nothing)
    facts = {
        **config.source_facts(),
        "chosen_settings": config.chosen(),
        **_log_facts(log, splits, len(catalogue.items)),
        **catalogue.facts,
    }
    dataset = Dataset(config.label, catalogue.items, log, splits, facts)
    return dataset.with_digests(config.identity())


def number_interactions(
    config: RawDatasetConfig, table: InteractionTable, num_threads: int = 1
) -> NumberedInteractions:
    """The interactions that pass the filters of a configuration.

    Raises:
        DataError: Nothing remains, or pictures are required and there are none.
    """
    with open_engine(config.memory_mb, num_threads) as engine:
        return filter_interactions(
            table, _filters(config), engine, keep_sources=config.has_official_splits
        )


def cut_training(
    log: InteractionLog, splits: Splits, max_history: int
) -> tuple[InteractionLog, Splits]:
    """Keeps the last training interactions of each user, and everything after them.

    Example:
        >>> log = InteractionLog(
        ...     ("ann",), np.array([5, 6, 7, 8, 9], np.int32), np.arange(5), np.array([0, 5])
        ... )
        >>> log, splits = cut_training(log, leave_last_out(log), max_history=1)
        >>> log.items.tolist(), splits.train_lengths.tolist(), splits.test_positions.tolist()
        ([7, 8, 9], [1], [2])
    """
    dropped = np.maximum(splits.train_lengths - max_history, 0)
    starts, stops = log.offsets[:-1] + dropped, log.offsets[1:]
    items, timestamps = cut(log.items, starts, stops), cut(log.timestamps, starts, stops)

    def moved(positions: np.ndarray) -> np.ndarray:
        return np.where(positions >= 0, positions - dropped, -1).astype(np.int32)

    return (
        InteractionLog(log.user_ids, items.values, timestamps.values, items.offsets),
        Splits(
            (splits.train_lengths - dropped).astype(np.int32),
            moved(splits.valid_positions),
            moved(splits.test_positions),
        ),
    )


def _filters(config: RawDatasetConfig) -> Filters:
    pictured = None
    if config.image_required != "no":
        pictured = pictured_items(config.image_dir)
        if not pictured:
            raise DataError(
                f"image_required needs pictures, {config.image_dir} holds none that decodes; "
                "fetch them, or leave image_required out."
            )
    user_core, item_core = config.cores
    return Filters(
        min_rating=config.min_rating,
        duplicates="all" if config.keeps_repeats else "first",
        user_core=user_core,
        item_core=item_core,
        pictured=pictured,
        pictured_when="before_core" if config.image_required == "before_core" else "after_core",
        sample_users=config.sample_users,
        sample_seed=config.sample_seed,
    )


def _time_unit(
    config: RawDatasetConfig, found: NumberedInteractions, table: InteractionTable
) -> str:
    judged = "positions" if found.only_positions else "times"
    chosen = judged if config.timestamps == "auto" else config.timestamps
    return "position" if chosen == "positions" else str(table.facts["time_unit"])


def _split(
    config: RawDatasetConfig, log: InteractionLog, found: NumberedInteractions, unit: str
) -> tuple[Splits, tuple[int, int] | None]:
    if config.has_official_splits:
        if isinstance(config.split, GlobalTime):
            raise DataError(
                f"Files of official splits bring their own split, got {config.split.kind}; read "
                "the ratings or all reviews for another one."
            )
        return official(log, found.sources), None
    if not isinstance(config.split, GlobalTime):
        return leave_last_out(log), None
    if unit == "position":
        raise DataError(
            f"A split by time needs times, the timestamps of {config.label} are only positions "
            "in the history; use leave_last_out, or data with real timestamps (where these are "
            "such all the same, say so by timestamps: times)."
        )
    moments = moments_of(config.split, log.timestamps)
    return global_time(log, *moments), moments


def _filter_facts(
    config: RawDatasetConfig, table: InteractionTable, found: NumberedInteractions
) -> dict[str, Any]:
    salvaged = {k: table.facts[k] for k in ("salvaged_lines", "lost_bytes") if k in table.facts}
    return {
        "user_core": config.cores[0],
        "item_core": config.cores[1],
        "duplicates": "all" if config.keeps_repeats else "first",
        "min_rating": config.min_rating,
        "image_required": config.image_required,
        "sample_users": config.sample_users,
        "max_history": config.max_history,
        "salvage": config.salvage,
        **salvaged,
        "funnel": [asdict(step) for step in found.funnel],
    }


def _log_facts(log: InteractionLog, splits: Splits, num_items: int) -> dict[str, Any]:
    return {
        "num_users": len(log.user_ids),
        "num_items": num_items,
        "num_interactions": len(log),
        "num_asked_users": int((splits.test_positions >= 0).sum()),
        "mean_history": len(log) / max(1, len(log.user_ids)),
        "latest_timestamp": int(log.timestamps.max(initial=0)),
        "tied_users": count_tied_users(log),
        "tied_valid_targets": tied_targets(log, splits.valid_positions),
        "tied_test_targets": tied_targets(log, splits.test_positions),
    }
