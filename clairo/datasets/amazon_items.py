"""Amazon's items: the texts of the release's own files, pictures beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clairo.datasets.amazon_metadata import read_metadata, read_picture_rows
from clairo.datasets.item_catalogue import make_catalogue, with_uninteracted
from clairo.datasets.item_rows import Metadata
from clairo.datasets.item_text import ItemRecord
from clairo.datasets.raw_blocks import Truncation
from clairo.datasets.raw_dataset import Catalogue
from clairo.datasets.raw_lines import salvager

if TYPE_CHECKING:
    from clairo.datasets.amazon import AmazonConfig


def read_item_metadata(
    config: AmazonConfig, item_ids: tuple[str, ...] | None
) -> Metadata[ItemRecord]:
    """Records of the given items, or of all; none where the metadata is left out.

    Raises:
        DataError: The file is damaged.
    """
    if config.metadata == "none":
        return Metadata({}, ())
    path, lost = config.metadata_path, list[Truncation]()
    on_truncated = salvager(path, lost) if config.salvage else None
    metadata = read_metadata(path, config.release, item_ids, on_truncated)
    return replace(metadata, truncation=lost[0] if lost else None)


def read_picture_urls(
    config: AmazonConfig, item_ids: tuple[str, ...] | None
) -> dict[str, tuple[str, ...]]:
    """Addresses of the pictures of the given items, or of all, in the order of asking.

    Items of which the metadata says nothing have no entry.

    Raises:
        DataError: The file is damaged.
    """
    if config.metadata == "none":
        return {}
    path, lost = config.metadata_path, list[Truncation]()
    on_truncated = salvager(path, lost) if config.salvage else None
    rows = read_picture_rows(path, config.release, item_ids, on_truncated).records
    return {item: row.urls for item, row in rows.items()}


def describe_amazon_items(config: AmazonConfig, item_ids: tuple[str, ...]) -> Catalogue:
    """Texts and pictures of items; with ``catalogue: all`` those nobody interacted with, too.

    Items without metadata, text or picture stay, and are counted.

    Raises:
        DataError: A file is damaged.
    """
    everything = config.catalogue == "all" or not config.has_interactions
    metadata = read_item_metadata(config, None if everything else item_ids)
    if everything:
        item_ids = with_uninteracted(config, item_ids, metadata.records)
    return make_catalogue(item_ids, metadata, ItemRecord(), config.text_fields, config.image_dir)
