"""From the files of the LC-Rec family to a data set that brings its codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from clairo.core.dataset import Dataset, InteractionLog, ItemCatalog, pack_images
from clairo.core.errors import DataError
from clairo.core.given_codes import GivenCodes
from clairo.datasets.amazon import TextField
from clairo.datasets.item_text import ItemRecord, one_text, texts_of
from clairo.datasets.lcrec import LcrecConfig
from clairo.datasets.lcrec_files import (
    codes_of_items,
    column_sizes,
    item_index,
    read_code_rows,
    read_object,
    read_original_ids,
)
from clairo.datasets.splits import leave_last_out

_FIELDS: Final[tuple[TextField, ...]] = ("title", "brand", "categories", "description")


def read_lcrec(config: LcrecConfig) -> Dataset:
    """The data set; items by their index, users in the order of the file.

    Timestamps are positions in the history, because the files hold no times.

    Raises:
        DataError: A file is missing, of another format, or does not fit the others.
        ConfigError: The modality of an index file is not known.
    """
    items, codes, index_facts = _read_codes(config)
    log = _read_log(config, {item: place for place, item in enumerate(items.numbers)})
    records = _read_records(config, items)
    catalog = _catalog(items, records)
    facts = {
        "source": "lcrec",
        "category": config.name,
        "release": "",
        "index_files": index_facts,
        **_log_facts(log, len(catalog)),
        **_item_facts(catalog, records),
    }
    return Dataset(config.label, catalog, log, leave_last_out(log), facts, codes)


@dataclass(frozen=True)
class _Items:
    """Items by their index, ascending, and their ids for people."""

    numbers: list[int]
    item_ids: tuple[str, ...]


def _read_codes(
    config: LcrecConfig,
) -> tuple[_Items, tuple[GivenCodes, ...], list[dict[str, Any]]]:
    indexes = config.index_files()
    tables = [read_code_rows(config.index_path(index), index) for index in indexes]
    path = config.path("item2id")
    originals = read_original_ids(path) if path.is_file() else {}
    numbers = sorted(originals or tables[0])
    codes, facts = [], []
    for index, table in zip(indexes, tables, strict=True):
        rows = codes_of_items(config.index_path(index), table, numbers)
        sizes = column_sizes(rows)
        codes.append(GivenCodes(index.modality, rows, sizes))
        facts.append(
            {
                "file": config.index_path(index).name,
                "modality": index.modality,
                "case": index.letters,
                "column_sizes": list(sizes),
            }
        )
    item_ids = tuple(originals.get(number, str(number)) for number in numbers)
    return _Items(numbers, item_ids), tuple(codes), facts


def _read_log(config: LcrecConfig, place_of: Mapping[int, int]) -> InteractionLog:
    path, ids_path = config.path("inter.json"), config.path("user2id")
    originals = read_original_ids(ids_path) if ids_path.is_file() else None
    user_ids, histories = [], []
    for user, listed in read_object(path).items():
        if not isinstance(listed, list) or not listed:
            raise DataError(
                f"{path} user {user!r:.40}: must have a list of items, got {listed!r:.40}; give "
                "the user a history or take the user out."
            )
        history = [item_index(path, item, f"an item of user {user!r:.40}") for item in listed]
        strange = next((item for item in history if item not in place_of), None)
        if strange is not None:
            raise DataError(
                f"{path} user {user!r:.40}: every item must have codes, item {strange} is not one "
                f"of the {len(place_of)} items of the index files; add its codes or take it out."
            )
        histories.append([place_of[item] for item in history])
        user_ids.append(user if originals is None else _original(config, originals, user))
    lengths = [len(history) for history in histories]
    return InteractionLog(
        user_ids=tuple(user_ids),
        items=np.concatenate(histories).astype(np.int32),
        timestamps=np.concatenate([np.arange(n) for n in lengths]).astype(np.int64),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
    )


def _original(config: LcrecConfig, originals: Mapping[int, str], user: str) -> str:
    number = item_index(config.path("inter.json"), user, "a user")
    if number not in originals:
        raise DataError(
            f"{config.path('user2id')}: every user must have an original id, user {number} has "
            "none; add the line or remove the file."
        )
    return originals[number]


def _read_records(config: LcrecConfig, items: _Items) -> dict[int, ItemRecord]:
    """What is known of items in words, by index; nothing where there is no such file."""
    path = config.path("item.json")
    if not path.is_file():
        return {}
    known, found = set(items.numbers), {}
    for key, row in read_object(path).items():
        item = item_index(path, key, "an item")
        if item not in known or not isinstance(row, dict):
            raise DataError(
                f"{path} item {key}: must be one of the {len(known)} items with codes and have an "
                f"object of texts, got {row!r:.40}; correct the item or take it out."
            )
        found[item] = _record(row)
    return found


def _record(row: Mapping[str, Any]) -> ItemRecord:
    categories = tuple(
        part.strip()
        for text in texts_of(row.get("categories"))
        for part in text.split(",")
        if part.strip()
    )
    return ItemRecord(
        title=one_text(row.get("title")),
        brand=one_text(row.get("brand")),
        categories=tuple(dict.fromkeys(categories)),
        category=categories[-1] if categories else "",
        description=one_text(row.get("description")),
    )


def _catalog(items: _Items, records: Mapping[int, ItemRecord]) -> ItemCatalog:
    rows = [records.get(number, ItemRecord()) for number in items.numbers]
    image_bytes, image_offsets = pack_images([None] * len(rows))
    return ItemCatalog(
        item_ids=items.item_ids,
        titles=tuple(row.title for row in rows),
        sentences=tuple(row.sentence(_FIELDS) for row in rows),
        categories=tuple(row.category for row in rows),
        prices=("",) * len(rows),
        image_bytes=image_bytes,
        image_offsets=image_offsets,
    )


def _log_facts(log: InteractionLog, num_items: int) -> dict[str, Any]:
    lengths = np.diff(log.offsets)
    raw = {"interactions": len(log), "users": len(log.user_ids), "items": num_items}
    return {
        "num_users": len(log.user_ids),
        "num_items": num_items,
        "num_interactions": len(log),
        "num_asked_users": int((lengths >= 3).sum()),
        "mean_history": float(lengths.mean()),
        "time_unit": "position",
        "tied_users": 0,
        "tied_valid_targets": 0,
        "tied_test_targets": 0,
        "split": "leave_last_out",
        "funnel": [{"step": "as published", **raw}],
    }


def _item_facts(catalog: ItemCatalog, records: Mapping[int, ItemRecord]) -> dict[str, Any]:
    return {
        "items_without_metadata": len(catalog) - len(records),
        "duplicate_metadata": 0,
        "items_with_title": sum(bool(title) for title in catalog.titles),
        "text_coverage": float(catalog.has_text.mean()),
        "image_coverage": 0.0,
        "num_images": 0,
        "num_images_undecodable": 0,
        "items_with_image_url": 0,
        "image_url_example": "",
        "field_coverage": {
            name: sum(bool(getattr(record, name)) for record in records.values())
            for name in _FIELDS
        },
    }
