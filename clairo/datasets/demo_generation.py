"""Puts the demo world together: catalogue, histories, splits, ceilings."""

from __future__ import annotations

from typing import Final

import numpy as np

from clairo.core.dataset import Dataset, InteractionLog, ItemCatalog, pack_images
from clairo.core.seeding import stage_seed
from clairo.datasets.amazon import TextField
from clairo.datasets.demo import DemoConfig
from clairo.datasets.demo_ceiling import ceiling_facts
from clairo.datasets.demo_histories import draw_log
from clairo.datasets.demo_pictures import draw_pictures
from clairo.datasets.demo_texts import write_texts
from clairo.datasets.demo_world import DemoWorld, build_world
from clairo.datasets.item_text import ItemRecord
from clairo.datasets.splits import leave_last_out

_FIELDS: Final[tuple[TextField, ...]] = (
    "title", "price", "brand", "features", "categories", "description",
)  # fmt: skip


def generate_dataset(config: DemoConfig) -> Dataset:
    """The data set of one configuration; the same configuration always gives the same one."""
    world = build_world(config)
    catalog, log = build_catalog(world), draw_log(world)
    dataset = Dataset(config.label, catalog, log, leave_last_out(log), {})
    facts = {
        **_size_facts(catalog, log),
        "text_share": config.text_share,
        "visual_share": config.visual_share,
        "num_themes": config.num_themes,
        "num_looks": config.num_looks,
        **ceiling_facts(world, dataset),
    }
    return Dataset(dataset.name, catalog, log, dataset.splits, facts)


def build_catalog(world: DemoWorld) -> ItemCatalog:
    """Words and pictures of all items, without those that are to be missing."""
    config = world.config
    generator = np.random.default_rng(stage_seed(config.seed, "demo/missing"))
    records = write_texts(world)
    for item in _draw_items(generator, config.num_items, config.missing_texts):
        records[item] = ItemRecord()
    pictures: list[bytes | None] = list(draw_pictures(world))
    for item in _draw_items(generator, config.num_items, config.missing_images):
        pictures[item] = None
    image_bytes, image_offsets = pack_images(pictures)
    return ItemCatalog(
        item_ids=tuple(f"item-{number:04d}" for number in range(config.num_items)),
        titles=tuple(record.title for record in records),
        sentences=tuple(record.sentence(_FIELDS) for record in records),
        categories=tuple(record.category for record in records),
        prices=tuple(record.price for record in records),
        image_bytes=image_bytes,
        image_offsets=image_offsets,
    )


def _draw_items(generator: np.random.Generator, num_items: int, share: float) -> list[int]:
    chosen: list[int] = generator.permutation(num_items)[: round(share * num_items)].tolist()
    return chosen


def _size_facts(catalog: ItemCatalog, log: InteractionLog) -> dict[str, str | int | float]:
    lengths = np.diff(log.offsets)
    return {
        "source": "generated",
        "num_users": len(log.user_ids),
        "num_items": len(catalog),
        "num_interactions": len(log),
        "num_asked_users": len(log.user_ids),
        "mean_history": float(lengths.mean()),
        "longest_history": int(lengths.max()),
        "tied_users": 0,
        "text_coverage": float(catalog.has_text.mean()),
        "image_coverage": float(catalog.has_image.mean()),
        "num_images": int(catalog.has_image.sum()),
    }
