"""Items of raw data: texts and pictures joined by id, and what is missing counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from clairo.core.dataset import ItemCatalog, pack_images
from clairo.datasets.item_images import ItemImages, pictured_items, read_images
from clairo.datasets.item_rows import DUPLICATE_RULE, DescriptionT, Metadata
from clairo.datasets.item_text import join_texts
from clairo.datasets.raw_blocks import Truncation
from clairo.datasets.raw_dataset import Catalogue, RawDatasetConfig

_MAX_LISTED: Final = 100


def with_uninteracted(
    config: RawDatasetConfig, item_ids: tuple[str, ...], known: Mapping[str, object]
) -> tuple[str, ...]:
    """The items, then those of the metadata that nobody interacts with in this data set.

    Where pictures are required, only those with a picture come along.
    """
    interacted = frozenset(item_ids)
    others = [item for item in known if item not in interacted]
    if config.image_required != "no":
        pictured = frozenset(pictured_items(config.image_dir))
        others = [item for item in others if item in pictured]
    return (*item_ids, *others)


def make_catalogue(
    item_ids: tuple[str, ...],
    metadata: Metadata[DescriptionT],
    unknown: DescriptionT,
    text_fields: Sequence[str],
    image_dir: Path,
) -> Catalogue:
    """Texts and pictures of items; those without metadata, text or picture stay and are counted.

    Args:
        item_ids: The items, in order.
        metadata: What is known about them.
        unknown: Stands for an item without metadata.
        text_fields: What goes into an item's sentence, in this order.
        image_dir: Pictures, named after their items.

    Raises:
        DataError: A picture's file cannot be read at all.
    """
    pictures = read_images(image_dir, item_ids)
    records = [metadata.records.get(item, unknown) for item in item_ids]
    image_bytes, image_offsets = pack_images(pictures.images)
    items = ItemCatalog(
        item_ids=item_ids,
        titles=tuple(record.title for record in records),
        sentences=tuple(
            # Of ten million items without metadata none needs texts to be joined.
            "" if record is unknown else join_texts(record.texts, text_fields)
            for record in records
        ),
        categories=tuple(record.category for record in records),
        prices=tuple(record.price for record in records),
        image_bytes=image_bytes,
        image_offsets=image_offsets,
    )
    return Catalogue(items, _facts(items, records, metadata, pictures, unknown))


def _facts(
    items: ItemCatalog,
    records: Sequence[DescriptionT],
    metadata: Metadata[DescriptionT],
    pictures: ItemImages,
    unknown: DescriptionT,
) -> dict[str, Any]:
    """Coverage of texts and pictures, duplicates, and what is missing."""
    urls = [record.image_url for record in records if record.image_url]
    known = [record for record in records if record is not unknown]
    return {
        "items_without_metadata": len(items) - len(known),
        "duplicate_metadata": metadata.num_duplicates,
        "duplicate_metadata_rule": DUPLICATE_RULE,
        "duplicate_metadata_items": [
            asdict(duplicate) | {"lines": list(duplicate.lines)}
            for duplicate in metadata.duplicates[:_MAX_LISTED]
        ],
        "items_with_title": sum(bool(title) for title in items.titles),
        "field_coverage": {
            name: sum(any(record.texts[name]) for record in known) for name in unknown.texts
        },
        "text_coverage": _share(items.has_text),
        "image_coverage": _share(items.has_image),
        "num_images": int(items.has_image.sum()),
        "num_images_undecodable": len(pictures.undecodable),
        "items_with_image_url": len(urls),
        "image_url_example": urls[0] if urls else "",
        **_salvage_facts(metadata.truncation),
    }


def _salvage_facts(left: Truncation | None) -> dict[str, Any]:
    if left is None:
        return {}
    return {"salvaged_metadata_lines": left.num_lines, "lost_metadata_bytes": left.lost_bytes}


def _share(has: Any) -> float:
    return float(has.mean()) if len(has) else 0.0
