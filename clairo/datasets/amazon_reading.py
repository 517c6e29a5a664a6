"""From Amazon's files to a data set: interactions, items, pictures, and facts about them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np

from clairo.core.dataset import Dataset, InteractionLog, ItemCatalog, pack_images
from clairo.core.errors import DataError
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.amazon_metadata import Metadata, read_metadata
from clairo.datasets.amazon_reviews import read_reviews
from clairo.datasets.events import Events, count_tied_users
from clairo.datasets.item_images import ItemImages, read_images
from clairo.datasets.item_text import ItemRecord
from clairo.datasets.remote_file import RemoteFile
from clairo.datasets.splits import leave_last_out

_LOGGER = logging.getLogger(__name__)


def read_events(config: AmazonConfig) -> Events:
    """Interactions after the settings for repeats and k-core.

    Raises:
        DataError: The file is damaged, or nothing remains of it.
    """
    path = config.reviews_file.path
    events = Events.of(read_reviews(path, _salvager(config, config.reviews_file)))
    if not len(events):
        raise DataError(f"{path} must hold reviews, it has none; fetch it again.")
    if config.duplicates == "first":
        events = events.without_repeats()
    user_core, item_core = config.cores
    remaining = events.core(user_core, item_core)
    if not len(remaining):
        raise DataError(
            f"The k-core of {config.label} must not be empty, user_core={user_core} and "
            f"item_core={item_core} leave none of {len(events)} interactions; lower them."
        )
    return remaining


def read_item_metadata(config: AmazonConfig, item_ids: tuple[str, ...]) -> Metadata:
    """Records of the items that remain.

    Raises:
        DataError: The file is damaged.
    """
    file = config.metadata_file
    return read_metadata(file.path, config.release, item_ids, _salvager(config, file))


def read_amazon(config: AmazonConfig) -> Dataset:
    """The data set; items in order of first review, users likewise.

    Items without metadata, text or picture stay, and are counted.

    Raises:
        DataError: A file is missing, empty, truncated or of another format.
    """
    events = read_events(config)
    metadata = read_item_metadata(config, events.item_ids)
    pictures = read_images(config.image_dir, events.item_ids)
    records = [metadata.records.get(item, ItemRecord()) for item in events.item_ids]
    image_bytes, image_offsets = pack_images(pictures.images)
    catalog = ItemCatalog(
        item_ids=events.item_ids,
        titles=tuple(record.title for record in records),
        sentences=tuple(record.sentence(config.text_fields) for record in records),
        categories=tuple(record.category for record in records),
        prices=tuple(record.price for record in records),
        image_bytes=image_bytes,
        image_offsets=image_offsets,
    )
    log = events.to_log()
    facts = {
        **_source_facts(config),
        **_log_facts(log, len(catalog)),
        **_item_facts(catalog, metadata, pictures),
    }
    return Dataset(config.label, catalog, log, leave_last_out(log), facts)


def _salvager(config: AmazonConfig, file: RemoteFile) -> Callable[[int], None] | None:
    """What to do with a file that ends early: ``None`` refuses it."""
    if not config.salvage:
        return None

    def note(num_lines: int) -> None:
        _LOGGER.warning("%s ends early; its %d whole lines are used", file.path, num_lines)

    return note


def _source_facts(config: AmazonConfig) -> dict[str, Any]:
    return {
        "source": "amazon",
        "category": config.category,
        "release": config.release,
        "reviews_file": config.reviews_file.path.name,
        "metadata_file": config.metadata_file.path.name,
        "user_core": config.cores[0],
        "item_core": config.cores[1],
        "duplicates": config.duplicates,
        "salvage": config.salvage,
    }


def _log_facts(log: InteractionLog, num_items: int) -> dict[str, Any]:
    lengths = np.diff(log.offsets)
    return {
        "num_users": len(log.user_ids),
        "num_items": num_items,
        "num_interactions": len(log),
        "num_asked_users": int((lengths >= 3).sum()),
        "mean_history": float(lengths.mean()),
        "tied_users": count_tied_users(log),
    }


def _item_facts(catalog: ItemCatalog, metadata: Metadata, pictures: ItemImages) -> dict[str, Any]:
    urls = [
        metadata.records[item].image_url
        for item in catalog.item_ids
        if item in metadata.records and metadata.records[item].image_url
    ]
    return {
        "items_without_metadata": len(catalog) - len(metadata.records),
        "duplicate_metadata": metadata.num_duplicates,
        "items_with_title": sum(bool(title) for title in catalog.titles),
        "text_coverage": float(catalog.has_text.mean()),
        "image_coverage": float(catalog.has_image.mean()),
        "num_images": int(catalog.has_image.sum()),
        "num_images_undecodable": len(pictures.undecodable),
        "items_with_image_url": len(urls),
        "image_url_example": urls[0] if urls else "",
    }
