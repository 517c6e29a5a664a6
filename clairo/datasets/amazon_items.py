"""Amazon's items: texts joined by id, pictures joined by id, and what is missing counted."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from clairo.core.dataset import ItemCatalog, pack_images
from clairo.datasets.amazon_metadata import DUPLICATE_RULE, Metadata, read_metadata
from clairo.datasets.item_images import ItemImages, read_images
from clairo.datasets.item_text import ItemRecord
from clairo.datasets.raw_blocks import OnTruncated, Truncation
from clairo.datasets.raw_dataset import Catalogue

if TYPE_CHECKING:
    from clairo.datasets.amazon import AmazonConfig

_LOGGER = logging.getLogger(__name__)
_MAX_LISTED: Final = 100


def read_item_metadata(config: AmazonConfig, item_ids: tuple[str, ...] | None) -> Metadata:
    """Records of the given items, or of all; none where the metadata is left out.

    Raises:
        DataError: The file is damaged.
    """
    if config.metadata == "none":
        return Metadata({}, ())
    path = config.metadata_path
    return read_metadata(path, config.release, item_ids, _salvager(config))


def describe_amazon_items(config: AmazonConfig, item_ids: tuple[str, ...]) -> Catalogue:
    """Texts and pictures of items; with ``catalogue: all`` those nobody interacted with, too.

    Items without metadata, text or picture stay, and are counted.

    Raises:
        DataError: A file is damaged.
    """
    everything = config.catalogue == "all" or not config.has_interactions
    metadata = read_item_metadata(config, None if everything else item_ids)
    if everything:
        known = frozenset(item_ids)
        item_ids = (*item_ids, *(item for item in metadata.records if item not in known))
    pictures = read_images(config.image_dir, item_ids)
    records = [metadata.records.get(item, ItemRecord()) for item in item_ids]
    image_bytes, image_offsets = pack_images(pictures.images)
    items = ItemCatalog(
        item_ids=item_ids,
        titles=tuple(record.title for record in records),
        sentences=tuple(record.sentence(config.text_fields) for record in records),
        categories=tuple(record.category for record in records),
        prices=tuple(record.price for record in records),
        image_bytes=image_bytes,
        image_offsets=image_offsets,
    )
    return Catalogue(items, item_facts(items, records, metadata, pictures))


def item_facts(
    items: ItemCatalog, records: list[ItemRecord], metadata: Metadata, pictures: ItemImages
) -> dict[str, Any]:
    """Coverage of texts and pictures, duplicates, and what is missing."""
    urls = [record.image_url for record in records if record.image_url]
    there = metadata.records.keys() & set(items.item_ids)
    return {
        "items_without_metadata": len(items) - len(there),
        "duplicate_metadata": metadata.num_duplicates,
        "duplicate_metadata_rule": DUPLICATE_RULE,
        "duplicate_metadata_items": [
            asdict(duplicate) | {"lines": list(duplicate.lines)}
            for duplicate in metadata.duplicates[:_MAX_LISTED]
        ],
        "items_with_title": sum(bool(title) for title in items.titles),
        "field_coverage": field_coverage(records),
        "text_coverage": _share(items.has_text),
        "image_coverage": _share(items.has_image),
        "num_images": int(items.has_image.sum()),
        "num_images_undecodable": len(pictures.undecodable),
        "items_with_image_url": len(urls),
        "image_url_example": urls[0] if urls else "",
    }


def field_coverage(records: list[ItemRecord]) -> Mapping[str, int]:
    """Items that have each field of the text."""
    names = ("title", "price", "brand", "features", "categories", "description")
    return {name: sum(bool(getattr(record, name)) for record in records) for name in names}


def _share(has: Any) -> float:
    return float(has.mean()) if len(has) else 0.0


def _salvager(config: AmazonConfig) -> OnTruncated | None:
    """What to do with a file that ends early: ``None`` refuses it."""
    if not config.salvage:
        return None
    path = config.metadata_path

    def note(left: Truncation) -> None:
        _LOGGER.warning(
            "%s ends early; its %d whole lines are used, %d bytes of another are lost",
            path, left.num_lines, left.lost_bytes,
        )  # fmt: skip

    return note
